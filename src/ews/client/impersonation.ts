import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { answerAtOnce } from '../../core/host-calls.ts';
import { escapeText } from '../xml/write.ts';

/** Says as whom a request for a mailbox is made; undefined: as the login itself. */
export type Impersonate = (mailbox: { readonly address: string }) => string | undefined;

/** How a request says that it acts for somebody. */
export interface Acting {
  /** For soap:Header. */
  readonly xml: string;
  readonly headers: Readonly<Record<string, string>>;
}

const asItself: Acting = { xml: '', headers: {} };

/** Asks the host. Throws `OPTION_INVALID` when it throws or gives no address. */
export function actingFor(impersonate: Impersonate | undefined, mailbox: string): Acting {
  if (impersonate === undefined) return asItself;
  const address = ask(impersonate, mailbox);
  if (address === undefined) return asItself;
  if (typeof address !== 'string' || !/^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u.test(address)) {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: impersonate gave something that is not an SMTP address.');
  }
  const sid = `<t:ConnectingSID><t:SmtpAddress>${escapeText(address)}</t:SmtpAddress></t:ConnectingSID>`;
  return {
    xml: `<t:ExchangeImpersonation>${sid}</t:ExchangeImpersonation>`,
    // Leads the request to the server that has the mailbox; Exchange Online answers 500 or 503 at times without it.
    headers: isAscii(address) ? { 'x-anchormailbox': address } : {},
  };
}

function ask(impersonate: Impersonate, mailbox: string): unknown {
  try {
    return answerAtOnce(impersonate({ address: mailbox }));
  } catch (cause) {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: impersonate threw.', { cause });
  }
}

/** Headers carry nothing else; the header is a hint, so that it may stay away. */
function isAscii(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
