import type { NewSpoolEntry, Reason, Settlement, SpoolEntry } from '../../../spool/contract.ts';
import { equal, isTrue, present } from '../assert.ts';
import type { Scene, Test } from '../scene.ts';

/** Each run has different values, the same in every execution. */
const runs = 12;
const entriesARun = 6;

/** Values of any kind that a host in plain JavaScript may pass, up to the limits of Date, numbers and texts. */
const numbers = [
  0,
  1,
  0.5,
  -1,
  12_345.678,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  8.64e15,
  8.64e15 - Date.UTC(2026, 0),
  2 ** 53,
  1e300,
  undefined,
  null,
  '5',
];
const texts = [
  '',
  ' ',
  'plain',
  '\u0000',
  '\ud800',
  '\u{1F600}\u05E9\u2028',
  '"}\n{',
  'x'.repeat(20_000),
  undefined,
  null,
  7,
  {},
  [],
];
const codes = ['EWS_ERROR', 'X', 'lower-case', '', 'A'.repeat(100), undefined, null, 7];

/** A storage can read back all that it accepts; it refuses whatever it can't keep, and then keeps none of it. */
export function valueTests(test: Test): void {
  for (let run = 1; run <= runs; run++) {
    test(`every accepted value can be read back after a restart (${run} of ${runs})`, async (scene) => {
      const random = new Values(run);
      const kept = await appendRandom(scene, random);
      const claimed = await scene.claim({
        ignorePickup: true,
        freeze: (_members, previous) => random.frozen(scene, previous?.messageClass),
      });
      for (const { token } of claimed) await scene.settle(random.settlement(token));
      await scene.storage.expire({ owner: 'this run', closedLanes: [], reason: random.reason() });
      const before = await shown(scene, kept);
      await scene.reopen();
      await scene.reopen();
      equal(await shown(scene, kept), before, 'what is shown after a restart');
    });
  }

  test('an entry that never expires is accepted, delivered and kept like any other', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: 8.64e15, message: { ...scene.entry('m').message, sentAt: 8.64e15 } }));
    await scene.reopen();
    const note = await scene.claimOne();
    equal(note.entries[0]?.message?.sentAt, 8.64e15, 'when it was sent');
    isTrue((note.entries[0]?.expiresAt ?? 0) <= 8.64e15, 'it expires within what a Date can be');
    await scene.settle({ token: note.token, to: 'delivered' });
    await scene.reopen();
    await scene.expectState('m', 'delivered');
  });
}

async function appendRandom(scene: Scene, random: Values): Promise<readonly string[]> {
  const kept: string[] = [];
  for (let number = 0; number < entriesARun; number++) {
    const entry = random.entry(scene, `e${number}`);
    const [result] = await scene.storage.append([entry]);
    if (result?.status === 'appended') kept.push(entry.id);
    else equal([result?.status, await scene.storage.get(entry.id)], ['failed', undefined], 'what was not accepted');
  }
  return kept;
}

async function shown(scene: Scene, ids: readonly string[]): Promise<readonly SpoolEntry[]> {
  const entries: SpoolEntry[] = [];
  for (const id of ids) {
    const entry = present(await scene.storage.get(id), `entry ${id}, which was accepted`);
    const ended = entry.state === 'delivered' || entry.state === 'cancelled';
    isTrue(ended || entry.message !== undefined, `the message of ${id}, which was accepted, can be read`);
    entries.push(entry);
  }
  return entries;
}

/** Makes values, mostly sane ones (mulberry32). */
class Values {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  entry(scene: Scene, id: string): NewSpoolEntry {
    const sane = scene.entry(id, { conversationId: `c ${id}` });
    const { message } = sane;
    const made = {
      ...sane,
      messageId: this.#or(texts, sane.messageId),
      contentHash: this.#or(texts, sane.contentHash),
      recipientsKey: this.#or(texts, sane.recipientsKey),
      messageClass: this.#or(texts, sane.messageClass),
      weight: this.#or(numbers, sane.weight),
      pickupIn: this.#or(numbers, sane.pickupIn, 3),
      expiresIn: this.#or(numbers, sane.expiresIn, 3),
      message: {
        ...message,
        to: [{ address: 'bob@contoso.test', name: this.#or(texts, 'Bob') }],
        text: this.#or(texts, message.text, 2),
        html: this.#or(texts, undefined),
        sentAt: this.#or(numbers, message.sentAt),
        traceparent: this.#or(texts, undefined),
      },
    };
    return made as NewSpoolEntry;
  }

  frozen(scene: Scene, previous: string | undefined) {
    const place = {
      endpoint: this.#or(texts, scene.place.endpoint, 2),
      mailbox: this.#or(texts, scene.place.mailbox, 2),
      folder: this.#or(texts, scene.place.folder, 2),
    };
    return {
      messageClass: this.#or(texts, previous ?? 'IPM.Note', 2),
      subject: this.#or(texts, 'subject', 2),
      wording: this.#or(numbers, 1, 2),
      place: this.#pick(8) === 0 ? undefined : place,
    } as never;
  }

  reason(): Reason {
    if (this.#pick(10) === 0) return undefined as never;
    return {
      code: this.#or(codes, 'EWS_ERROR', 2),
      text: this.#or(texts, 'The server said no.', 2),
      serverCode: this.#or(texts, 'ErrorInternalServerError', 2),
    } as Reason;
  }

  settlement(token: string): Settlement {
    const after = this.#or(numbers, 0, 2);
    const reason = this.reason();
    const all = [
      { to: 'delivered', messageClass: this.#or(texts, 'IPM.Note', 2) },
      { to: 'deferred', after, failure: true, reason },
      { to: 'unconfirmed', after, absent: false, counted: this.#or(numbers, 0, 2), reason },
      { to: 'dead', sent: 'unknown', reason },
      { to: 'split', reason },
      { to: 'unclaim', after },
    ];
    return { token, ...all[this.#pick(all.length)] } as Settlement;
  }

  /** Mostly the sane value. */
  #or(odd: readonly unknown[], sane: unknown, often = 8): unknown {
    return this.#pick(often) === 0 ? odd[this.#pick(odd.length)] : sane;
  }

  #pick(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
}
