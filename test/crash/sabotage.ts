/** Deliberately broken builds: the judge must detect each fault. */
import type { AppendResult, NewSpoolEntry, SpoolStorage } from '../../src/spool/contract.ts';
import type { Transport } from '../../src/transport/contract.ts';

export type Sabotage = 'forgets' | 'sends-again' | 'leaves-drafts' | 'mixes-up';

/** Every twentieth message is reported as kept, but is not. */
export function forgetful(spool: SpoolStorage): SpoolStorage {
  const append = spool.append.bind(spool);
  spool.append = async (entries) => {
    const [first] = entries;
    return first !== undefined && Number(/\d+/.exec(first.messageId)?.[0]) % 20 === 7 ? [keptNothing(first)] : append(entries);
  };
  return spool;
}

function keptNothing({ pickupIn, expiresIn, message, ...rest }: NewSpoolEntry): AppendResult {
  const now = Date.now();
  const times = { acceptedAt: now, pickupAt: now + pickupIn, expiresAt: now + expiresIn };
  const status = { state: 'spooled', attempt: 0, unknownAttempts: [], cancelRequested: false } as const;
  return { messageId: rest.messageId, status: 'appended', entries: [{ ...rest, ...times, ...status, to: message.to }] };
}

/** Probes return absent for anything that may have been sent. */
export function forgetsToLook(transport: Transport): Transport {
  transport.probe = async (notes) => notes.map(() => ({ status: 'absent' }));
  return transport;
}

const deleted =
  '<m:DeleteItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:DeleteItemResponseMessage>';

/** Drafts are reported as deleted, but remain. */
export async function deletesNothing(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const body = typeof init?.body === 'string' ? init.body : '';
  if (!body.includes('DeleteItem ')) return fetch(input, init);
  const answers = deleted.repeat(body.split('ItemId ').length - 1);
  const types = 'http://schemas.microsoft.com/exchange/services/2006';
  const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="${types}/messages" xmlns:t="${types}/types"><s:Body><m:DeleteItemResponse><m:ResponseMessages>${answers}</m:ResponseMessages></m:DeleteItemResponse></s:Body></s:Envelope>`;
  return new Response(envelope, { headers: { 'content-type': 'text/xml; charset=utf-8' } });
}
