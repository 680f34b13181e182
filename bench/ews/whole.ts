import { systemClock } from '../../src/core/clock.ts';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import type { NewSpoolEntry } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import type { Note } from '../../src/transport/contract.ts';
import { type Contender, mailbox, password } from './contender.ts';

/** Four requests of each at a time, the default: sixteen in all. */
const lanes = 4;

/**
 * A sender over a MemorySpool: the notes are claimed, built, delivered and settled, and `message:delivered` tells of each. That they were spooled before is no part
 * of a turn.
 */
export class WholeSender implements Contender {
  readonly name = 'OfflineImSender over a MemorySpool';
  readonly #spool = new MemorySpool();
  readonly #sender: OfflineImSender;
  #left = 0;
  #done = (): void => undefined;

  constructor(url: string) {
    this.#sender = new OfflineImSender({
      identity: { sip: `sip:${mailbox}`, displayName: 'Alice Example' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool: this.#spool,
      transport: new EwsTransport({ url, credentials: basicAuth({ username: mailbox, password }) }),
      pickupDelay: 0,
    });
    this.#sender.on('message:delivered', () => {
      this.#left -= 1;
      if (this.#left === 0) this.#done();
    });
  }

  async prepare(notes: readonly Note[]): Promise<void> {
    await this.#spool.open({ clock: systemClock, tombstones: 86_400_000 });
    // A sender that runs from the turn before would deliver what is appended before the turn begins.
    await this.#sender.pause();
    for (let from = 0; from < notes.length; from += 1_000) {
      await this.#spool.append(notes.slice(from, from + 1_000).map((note, index) => entryOf(note, (from + index) % lanes)));
    }
  }

  async send(notes: readonly Note[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#left = notes.length;
    this.#done = resolve;
    await this.#sender.start();
    await this.#sender.resume();
    await promise;
  }
}

let spooled = 0;

/** The same note, as a message that waits. */
function entryOf({ to, audience, messageClass, body }: Note, lane: number): NewSpoolEntry {
  spooled += 1;
  const address = lane === 0 ? mailbox : `${lane}.${mailbox}`;
  return {
    id: `0197a5c0-0000-7000-8000-${String(spooled).padStart(12, '0')}`,
    messageId: `0197a5c0-0001-7000-8000-${String(spooled).padStart(12, '0')}`,
    contentHash: 'c2hhLTI1NiBvZiB3aGF0IHRoZSBjYWxsZXIgZ2F2ZQ',
    lane: address,
    conversationId: `conversation ${spooled}`,
    audience,
    recipientsKey: to.map((one) => one.address).join(' '),
    messageClass,
    weight: 400,
    pickupIn: 0,
    expiresIn: 432_000_000,
    message: {
      from: { sip: `sip:${address}`, mailbox: { address, name: 'Alice Example' } },
      to,
      text: body.content,
      sentAt: Date.UTC(2016, 5, 14, 11),
    },
  };
}
