import { quoted } from '../core/errors/quote.ts';
import { asError, property } from '../core/errors/thrown.ts';
import { UsageError } from './exit-codes.ts';

/** What the system refused when a command was to listen, in words. */
export function listenError(thrown: unknown, host: string, port: number): Error {
  const code = property(thrown, 'code');
  if (code === 'EADDRINUSE')
    return new Error(`Port ${port} of ${host} is in use by another program. To do: name another with --port.`);
  if (code === 'EACCES') return new UsageError(`Port ${port} is not yours to listen on. Name another with --port, from 1024 on.`);
  if (property(thrown, 'syscall') === 'getaddrinfo' || code === 'EADDRNOTAVAIL')
    return new UsageError(`--host is ${quoted(host)} (${String(code)}); expected an address or a name of this machine.`);
  return asError(thrown);
}
