import { isError, property } from '../../core/errors/thrown.ts';
import type { DeliverOptions, DeliveryOutcome, Note, Place, ProbeResult } from '../../transport/contract.ts';
import { equal, isTrue, present } from '../spool-conformance/assert.ts';
import type { CreateTransportHarness, TransportHarness, TransportHarnessOptions, TransportTrouble } from './harness.ts';
import { whatIsRevealed } from './revealed.ts';

/** Setup of a test, and what it needs. */
interface TestOptions extends TransportHarnessOptions {
  /** Troubles that it arranges: it is skipped if one of them is skipped. */
  readonly needs?: readonly TransportTrouble['kind'][];
}

/** Registers one test; `body` gets a scene of its own. */
export type Test = (name: string, body: (scene: Scene) => Promise<void>, options?: TestOptions) => void;

/** Part of every text, so that an error that quotes one is detected. */
const secretText = 'strictly between us';

/** A transport with its server, and short methods for what the tests do with them. */
export class Scene {
  readonly harness: TransportHarness;
  #made = 0;

  private constructor(harness: TransportHarness) {
    this.harness = harness;
  }

  static async over(create: CreateTransportHarness, options: TransportHarnessOptions): Promise<Scene> {
    return new Scene(await create(options));
  }

  /** A new note from `from` to `to`. */
  note(parts: Partial<Note> = {}): Note {
    const { transport, from, to, messageClass } = this.harness;
    const n = ++this.#made;
    return {
      id: `note-${n}`,
      attempt: 1,
      tag: `note-${n}/1`,
      unknownAttempts: [],
      place: transport.placeOf(from),
      from,
      to: [to],
      audience: 'same-organization',
      messageClass,
      subject: `subject ${n}`,
      body: { type: 'text', content: `${secretText} ${n}` },
      sentAt: new Date(Date.UTC(2016, 5, 14, 11)),
      conversationId: 'c',
      entryIds: [`entry-${n}`],
      ...parts,
    };
  }

  notes(count: number): Note[] {
    return Array.from({ length: count }, () => this.note());
  }

  arrange(trouble: TransportTrouble): Promise<void> | void {
    return this.harness.exchange.arrange(trouble);
  }

  /** Delivers, and checks what holds for every delivery: one outcome a note, and none that says more than is true. */
  async deliver(notes: readonly Note[], options: Partial<DeliverOptions> = {}): Promise<readonly DeliveryOutcome[]> {
    const signal = options.signal ?? new AbortController().signal;
    const outcomes = await this.harness.transport.deliver(notes, { signal, mayWrite: options.mayWrite ?? (() => true) });
    equal(outcomes.length, notes.length, 'number of outcomes');
    const arrived = this.#arrivals();
    for (const [at, outcome] of outcomes.entries()) {
      const note = present(notes[at], 'the note');
      const times = arrived.filter((subject) => subject === note.subject).length;
      isTrue(times <= note.to.length, `${note.subject} must not arrive more than once at anybody`);
      if (outcome.status === 'delivered')
        equal(times, note.to.length, `arrivals of ${note.subject}, which is said to be delivered`);
      if (isUnsent(outcome)) equal(times, 0, `arrivals of ${note.subject}, which is said to be ${outcome.status}`);
      if (outcome.status !== 'delivered') this.expectDiscreet(outcome.error);
    }
    return outcomes;
  }

  /** One note, one outcome. */
  async deliverOne(note: Note, options: Partial<DeliverOptions> = {}): Promise<DeliveryOutcome> {
    return present((await this.deliver([note], options))[0], 'the outcome');
  }

  /** Looks for the one attempt of each note, as after an unknown outcome. */
  probe(notes: readonly Note[], signal?: AbortSignal): Promise<readonly ProbeResult[]> {
    return this.probeFor(
      notes.map((note) => [note]),
      signal,
    );
  }

  /** One question a group: were these attempts, which follow each other, sent? */
  async probeFor(groups: readonly (readonly Note[])[], signal?: AbortSignal): Promise<readonly ProbeResult[]> {
    const before = this.#arrivals().length;
    const asked = groups.map((attempts) => {
      const last = present(attempts.at(-1), 'an attempt');
      return { ...last, unknownAttempts: attempts.map(({ tag, place }): { tag: string; place: Place } => ({ tag, place })) };
    });
    const results = await this.harness.transport.probe(asked, { signal: signal ?? new AbortController().signal });
    equal(results.length, groups.length, 'number of results of a probe');
    equal(this.#arrivals().length, before, 'arrivals after a probe, which sends nothing');
    for (const result of results) if (result.status === 'unknown') this.expectDiscreet(result.error);
    return results;
  }

  /** The texts that arrived at `to`, oldest first. */
  texts(): string[] {
    return this.harness.exchange.arrived(this.harness.to.address).map(({ body }) => body.content);
  }

  /** An error of a transport is an error, has a code, and shows neither text nor secret, however deep one digs. */
  expectDiscreet(error: unknown): void {
    isTrue(isError(error) && typeof property(error, 'code') === 'string', 'errors are Errors with a code');
    for (const secret of [secretText, ...this.harness.secrets]) {
      const where = whatIsRevealed(error, secret);
      isTrue(where === undefined, `an error shows message text or a secret in ${where}`);
    }
  }

  /** The subjects of all that arrived; each note has its own. */
  #arrivals(): string[] {
    const { exchange, to, alsoTo } = this.harness;
    return [to, alsoTo].flatMap(({ address }) => exchange.arrived(address).map(({ subject }) => subject));
  }
}

export function statuses(results: readonly { readonly status: string }[]): string[] {
  return results.map(({ status }) => status);
}

function isUnsent(outcome: DeliveryOutcome): boolean {
  return (
    outcome.status === 'deferred' || outcome.status === 'rejected' || (outcome.status === 'blocked' && outcome.sent === 'no')
  );
}
