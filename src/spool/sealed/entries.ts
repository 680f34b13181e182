import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Mailbox, UnknownAttempt } from '../../transport/contract.ts';
import type { NewSpoolEntry, Reason, SpoolEntry, SpooledMessage } from '../contract.ts';
import { storableReason } from '../state/records.ts';
import type { BlindIndex } from './blind-index.ts';
import { isPendingPlace, openPlace } from './frozen.ts';
import { type Binding, broken, isSealed, type Sealer } from './seal.ts';

/** The sealed parts of an entry that its tombstone keeps. */
interface Head extends Pick<NewSpoolEntry, 'messageId' | 'contentHash' | 'lane' | 'conversationId' | 'recipientsKey'> {
  /** The planned class. Only the spool knows under which class Exchange accepted the note. */
  readonly messageClass: string;
  readonly to: readonly Mailbox[];
}

type Body = Omit<SpooledMessage, 'to'>;

/** No mail can go to this domain (RFC 2606), and it says what it is. */
const domain = 'sealed.invalid';

/** Seals entries for the spool below, and opens what comes back from it. */
export class Entries {
  readonly #sealer: Sealer;
  readonly #blindIndex: BlindIndex;

  constructor(sealer: Sealer, blindIndex: BlindIndex) {
    this.#sealer = sealer;
    this.#blindIndex = blindIndex;
  }

  async seal(entry: NewSpoolEntry): Promise<NewSpoolEntry> {
    const { messageId, contentHash, lane, conversationId, recipientsKey, messageClass } = entry;
    const { to, ...body } = entry.message;
    const head: Head = { messageId, contentHash, lane, conversationId, recipientsKey, messageClass, to };
    const [message, content, mailbox, conversation, recipients, sender] = await Promise.all([
      this.#blindIndex.of('message', messageId),
      this.#blindIndex.of('content', contentHash),
      this.#blindIndex.of('lane', lane),
      this.#blindIndex.of('conversation', conversationId),
      this.#blindIndex.of('recipients', recipientsKey),
      this.#blindIndex.ofSender(body.from.sip),
    ]);
    const routed = {
      ...entry,
      messageId: message,
      contentHash: content,
      lane: mailbox,
      conversationId: conversation,
      recipientsKey: recipients,
    };
    const [sealedHead, text] = await Promise.all([
      this.#sealer.seal(head, bindingOf('head', routed)),
      this.#sealer.seal(body satisfies Body, bindingOf('body', routed)),
    ]);
    return {
      ...routed,
      message: {
        // A spool of files names a folder by it.
        from: { sip: `sip:${sender}@${domain}`, mailbox: { address: `${sender}@${domain}` } },
        to: [{ address: `recipients@${domain}`, name: sealedHead }],
        text,
        sentAt: 0,
      },
    };
  }

  /** @throws {OfflineImError} `SPOOL_KEY_MISSING`, `SPOOL_SEAL_BROKEN`, `SPOOL_VERSION` */
  async open(entry: SpoolEntry): Promise<SpoolEntry> {
    const { messageClass: _planned, ...head } = await this.#head(entry);
    const [body, unknownAttempts, reason] = await Promise.all([
      entry.message && this.#sealer.open<Body>(entry.message.text, bindingOf('body', entry)),
      this.attempts(entry.unknownAttempts, [entry.id]),
      entry.reason && this.openReason(entry.reason),
    ]);
    const { message: _message, reason: _reason, ...shown } = entry;
    return {
      ...shown,
      ...head,
      unknownAttempts,
      ...(body === undefined ? {} : { message: { ...body, to: head.to } }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  /** Opens an entry; one that can't be opened is shown without its sealed parts, with the error as its reason. */
  async show(
    entry: SpoolEntry,
    known: { readonly messageId?: string; readonly to?: readonly Mailbox[] } = {},
  ): Promise<SpoolEntry> {
    try {
      return await this.open(entry);
    } catch (error) {
      if (!isLocked(error)) throw error;
      const { message: _message, ...shown } = entry;
      const { messageId = entry.messageId, to = [] } = known;
      return { ...shown, messageId, to, unknownAttempts: [], reason: { code: error.code, text: error.message } };
    }
  }

  /** The host's id of the message, where it can be opened. */
  async messageIdOf(entry: SpoolEntry): Promise<string | undefined> {
    try {
      return (await this.#head(entry)).messageId;
    } catch (error) {
      if (isLocked(error)) return undefined;
      throw error;
    }
  }

  /** Opens the places of attempts, without those of claims that were never handed out. */
  async attempts(sealed: readonly UnknownAttempt[], entryIds: readonly string[]): Promise<readonly UnknownAttempt[]> {
    const real = sealed.filter(({ place }) => !isPendingPlace(place));
    return Promise.all(
      real.map(async ({ tag, place, ...rest }) => {
        const opened = await openPlace(this.#sealer, place);
        if (opened.tag !== tag) throw broken('The place of an attempt belongs to another attempt.', { field: 'place' });
        if (!opened.entries.some((id) => entryIds.includes(id))) {
          throw broken('An attempt of an entry is that of another entry.', { field: 'place' });
        }
        return { ...rest, tag, place: opened.place };
      }),
    );
  }

  async sealReason(given: Reason): Promise<Reason> {
    const reason = storableReason(given);
    return { ...reason, text: await this.#sealer.seal(reason.text, bindingOfReason(reason)) };
  }

  /** Opens the text of a reason; never throws because of a key, since the code says what happened. Reasons of the spool below itself are not sealed. */
  async openReason(reason: Reason): Promise<Reason> {
    if (!isSealed(reason.text)) return reason;
    try {
      return { ...reason, text: await this.#sealer.open<string>(reason.text, bindingOfReason(reason)) };
    } catch (error) {
      if (!isLocked(error)) throw error;
      return { ...reason, text: `The text of this reason cannot be opened (${error.code}).` };
    }
  }

  async #head(entry: SpoolEntry): Promise<Head> {
    const head = await this.#sealer.open<Head>(entry.to[0]?.name ?? '', bindingOf('head', entry));
    if (entry.state !== 'delivered' && head.messageClass !== entry.messageClass) {
      throw broken('The message class of an entry was altered.', { field: 'head' });
    }
    // Under another routing key no lane, conversation or message id would be recognised any more.
    if ((await this.#blindIndex.of('lane', head.lane)) !== entry.lane) {
      throw new OfflineImError('SPOOL_KEY_MISSING', 'The routingKey is not the one that an entry was accepted under.', {
        details: { keyId: 'routingKey' },
      });
    }
    return head;
  }
}

/** Whether an entry is shown as it lies in a sealed spool, which was opened without any keys. */
export function isShut({ to }: Pick<SpoolEntry, 'to'>): boolean {
  return to[0]?.address.endsWith(`@${domain}`) === true;
}

/** Errors that another set of keys, or a later version of the library, may mend. */
const mendable: ReadonlySet<string> = new Set(['SPOOL_KEY_MISSING', 'SPOOL_SEAL_BROKEN', 'SPOOL_VERSION']);

export function isLocked(error: unknown): error is OfflineImError {
  return error instanceof OfflineImError && mendable.has(error.code);
}

/** Binds a sealed value to all parts of an entry that never change: it cannot be exchanged with that of another entry. */
function bindingOf(field: Binding['field'], entry: Omit<NewSpoolEntry, 'message' | 'pickupIn' | 'expiresIn'>): Binding {
  const { id, messageId, contentHash, lane, conversationId, audience, recipientsKey } = entry;
  return { field, to: [id, messageId, contentHash, lane, conversationId, audience, recipientsKey] };
}

/** Binds a reason to its codes only: one reason goes to all entries of a note, or of many. */
function bindingOfReason({ code, serverCode }: Reason): Binding {
  return { field: 'reason', to: serverCode === undefined ? [code] : [code, serverCode] };
}
