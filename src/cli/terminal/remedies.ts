import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { asError, property } from '../../core/errors/thrown.ts';
import { UsageError } from '../exit-codes.ts';

/** Advice for a shell, for errors whose sentence addresses a program. */
const remedies: Readonly<Partial<Record<string, string>>> = {
  SPOOL_NOT_MIGRATED: 'if the schema is correct, run offline-im migrate with the same --spool and --schema',
  SPOOL_KEY_MISSING: 'name them as keys and routingKey in offline-im.config.json',
  SPOOL_RESTORED:
    'offline-im list --code SPOOL_RESTORED, offline-im cancel what was sent, then offline-im release --code SPOOL_RESTORED',
};

/** The sentence of an error or a warning, with advice for a shell. */
export function atShell(error: Error): string {
  const remedy = error instanceof OfflineImError ? remedies[error.code] : undefined;
  return remedy === undefined ? error.message : `${error.message} To do: ${remedy}`;
}

/** The system's error when a command tries to listen, in words. */
export function listenError(thrown: unknown, host: string, port: number): Error {
  const code = property(thrown, 'code');
  if (code === 'EADDRINUSE')
    return new Error(`Port ${port} of ${host} is in use by another program. To do: choose another one with --port.`);
  if (code === 'EACCES')
    return new UsageError(`Port ${port} needs privileges that this process does not have. Choose one from 1024 up with --port.`);
  if (property(thrown, 'syscall') === 'getaddrinfo' || code === 'EADDRNOTAVAIL')
    return new UsageError(`--host is ${quoted(host)} (${String(code)}); expected an address or a name of this machine.`);
  return asError(thrown);
}
