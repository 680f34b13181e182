import { type Clock, sleep } from '../../../src/core/clock.ts';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { OfflineImSenderOptions } from '../../../src/sender/options.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import type {
  DeliverOptions,
  DeliveryOutcome,
  Mailbox,
  Note,
  Place,
  ProbeResult,
  Transport,
} from '../../../src/transport/contract.ts';
import { MemoryDisk } from '../disk.ts';
import type { Caller, LeftDraft, OnWrite, Server } from '../server.ts';
import type { Watched } from '../table-watcher.ts';
import { World } from '../world.ts';
import { type DeliverAnswer, goodAnswer, goodProbe, type ProbeAnswer } from './answers.ts';

/** What happened to one request that reached the server. */
export interface Item {
  readonly note: Note;
  readonly answer: DeliverAnswer;
  readonly processedAt: number;
  readonly copyAt: number;
  draft: 'none' | 'there' | 'removed';
}

/** A new promise each time: a shared one would retain everything that ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined);

/** An Exchange that knows the truth about every request, and follows its script; without a script, all goes well. */
export class Exchange implements Server {
  readonly items: Item[] = [];
  readonly answers: DeliverAnswer[] = [];
  readonly probeAnswers: ProbeAnswer[] = [];
  readonly violations: string[] = [];
  /** How often each tag was reported absent. */
  readonly absences = new Map<string, number>();
  onWrite: OnWrite = () => undefined;
  readonly #clock: Clock;
  /** Another endpoint after every change of the configuration. */
  #site = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The transport to this Exchange for one process. */
  transportFor(caller: Caller): Transport {
    return {
      name: 'simulated',
      deliver: (notes, options) => this.#deliver(caller, notes, options),
      probe: (notes, { signal }) => this.#probe(caller, notes, signal),
      placeOf: (from) => this.#placeOf(from),
      canProbe: ({ endpoint, mailbox }) => endpoint === this.#placeOf({ address: mailbox }).endpoint,
    };
  }

  timesSent({ id }: Watched): number {
    return this.#sent().filter(({ note }) => note.entryIds.includes(id)).length;
  }

  isTagUsed(tag: string): boolean {
    return this.items.some((item) => item.note.tag === tag && item.answer.fate !== 'nothing');
  }

  inOrder(): readonly string[] {
    return this.#sent().flatMap(({ note }) => note.entryIds);
  }

  draftsLeft(): readonly LeftDraft[] {
    return this.items.filter(({ draft }) => draft === 'there').map(({ note }) => note);
  }

  inspect(): void {}

  mayHaveKeptOnly(): boolean {
    return false;
  }

  calm(): void {
    this.answers.length = 0;
    this.probeAnswers.length = 0;
  }

  move(): void {
    this.#site += 1;
  }

  /** What has really been sent, in order. */
  #sent(): Item[] {
    const now = this.#clock.monotonic();
    return this.items
      .filter(({ answer, processedAt }) => answer.fate === 'sent' && processedAt <= now)
      .sort((a, b) => a.processedAt - b.processedAt);
  }

  /** What reached the server, for the reader of a failing run. */
  history(): string[] {
    return this.items.map(({ note: { tag, entryIds }, answer: { told, fate }, processedAt, draft }) => {
      return `${processedAt} ms ${tag} with ${entryIds.join(', ')}: ${fate}, told ${told}, draft ${draft}`;
    });
  }

  #placeOf({ address }: Mailbox): Place {
    // Two mailboxes share an endpoint; a third has its own.
    const host = address.startsWith('erin') ? 'other' : 'exchange';
    return { endpoint: `https://${host}-${this.#site}.test`, mailbox: address, folder: 'history' };
  }

  async #deliver(caller: Caller, notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]> {
    if (!caller.isAlive()) return never();
    const answers = notes.map(() => this.answers.shift() ?? goodAnswer);
    if (answers.some(({ told }) => told === 'not-attempted')) throw new OfflineImError('NOT_ATTEMPTED', 'Nothing was tried.');
    const outcomes: DeliveryOutcome[] = [];
    for (const [index, note] of notes.entries()) {
      const answer = answers[index] ?? goodAnswer;
      if (!options.mayWrite()) {
        outcomes.push(notWritten);
        continue;
      }
      if (caller.isStopping()) this.violations.push(`${note.tag} is written after stop()`);
      this.#write(note, answer);
      await this.#wait(Math.max(answer.takes, answer.told === 'delivered' ? answer.processedAfter : 0), options.signal);
      if (!caller.isAlive()) return never();
      outcomes.push(outcomeOf(note, answer));
    }
    if (answers.some(({ told }) => told === 'throws')) throw new Error('The connection broke.');
    const missing = answers.findIndex(({ told }) => told === 'missing');
    return missing < 0 ? outcomes : outcomes.slice(0, missing);
  }

  #write(note: Note, answer: DeliverAnswer): void {
    this.onWrite(
      note,
      this.items.map((item) => item.note),
    );
    const processedAt = this.#clock.monotonic() + (answer.fate === 'nothing' ? 0 : answer.processedAfter);
    const draft = answer.fate === 'draft' ? 'there' : 'none';
    this.items.push({ note, answer, processedAt, copyAt: processedAt + answer.copyAfter, draft });
  }

  async #probe(caller: Caller, notes: readonly Note[], signal: AbortSignal): Promise<readonly ProbeResult[]> {
    if (!caller.isAlive()) return never();
    const answers = notes.map(() => this.probeAnswers.shift() ?? goodProbe);
    // The server searches at once; its response may be in transit for long.
    const results = notes.map((note, index) => this.#look(note, answers[index] ?? goodProbe));
    await this.#wait(Math.max(...answers.map(({ takes }) => takes)), signal);
    if (!caller.isAlive()) return never();
    if (answers.some(({ told }) => told === 'throws')) throw new Error('The connection broke.');
    const missing = answers.findIndex(({ told }) => told === 'missing');
    const told = missing < 0 ? results : results.slice(0, missing);
    for (const [index, { status }] of told.entries()) if (status === 'absent') this.#countAbsence(notes[index]);
    return told;
  }

  #countAbsence(note: Note | undefined): void {
    for (const { tag } of note?.unknownAttempts ?? []) this.absences.set(tag, (this.absences.get(tag) ?? 0) + 1);
  }

  #look(note: Note, answer: ProbeAnswer): ProbeResult {
    if (note.unknownAttempts.length === 0) this.violations.push(`note ${note.id} is looked for without an unknown attempt`);
    if (answer.told === 'unknown') return { status: 'unknown', error: new OfflineImError('REQUEST_TIMEOUT', 'No answer.') };
    const now = this.#clock.monotonic();
    let draft: ProbeResult | undefined;
    let pending = false;
    let found = false;
    for (const { tag, place } of note.unknownAttempts) {
      if (place.endpoint !== this.#placeOf({ address: place.mailbox }).endpoint)
        this.violations.push(`${tag} is looked for where nobody is`);
      // A refusal without effect consumed no attempt: its tag may have come again, from elsewhere.
      const item = this.items.find((one) => one.note.tag === tag && one.answer.fate !== 'nothing');
      if (item === undefined || item.processedAt > now) continue;
      if (JSON.stringify(item.note.place) !== JSON.stringify(place))
        this.violations.push(`${tag} is looked for in another place`);
      if (item.answer.fate === 'sent' && item.copyAt <= now) found = true;
      if (item.answer.fate === 'sent' && item.copyAt > now) pending ||= answer.outbox;
      if (item.draft === 'there') {
        if (item.answer.removable) item.draft = 'removed';
        draft = { status: 'draft', removed: item.answer.removable };
      }
    }
    if (found) return { status: 'found' };
    if (pending) return { status: 'pending' };
    return draft ?? { status: 'absent' };
  }

  /** Infinity: forever, whatever the signal says. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (ms === Number.POSITIVE_INFINITY) return never();
    if (ms > 0 && !(await sleep(this.#clock, ms, signal))) throw new OfflineImError('REQUEST_ABORTED', 'Aborted.');
  }
}

const notWritten: DeliveryOutcome = {
  status: 'deferred',
  scope: 'note',
  retryAfter: 0,
  error: new OfflineImError('NOT_ATTEMPTED', 'Nothing may be written any more.'),
};

function outcomeOf(note: Note, { told, fate, scope, retryAfter, splittable, draft }: DeliverAnswer): DeliveryOutcome {
  const error = new OfflineImError('EWS_ERROR', `Exchange answered ${told}.`);
  const later = { scope, error, ...(retryAfter === undefined ? {} : { retryAfter }) };
  switch (told) {
    case 'delivered':
    case 'missing':
    case 'throws':
    case 'not-attempted':
      return { status: 'delivered', messageClass: note.messageClass };
    case 'deferred':
    case 'unconfirmed':
      return { status: told, ...later };
    case 'rejected':
      return { status: 'rejected', scope, splittable, draft, error };
    case 'blocked':
      return { status: 'blocked', scope, sent: fate === 'nothing' ? 'no' : 'unknown', error };
  }
}

/** A world with such an Exchange, and a spool in memory. */
export function scriptedWorld(options: Partial<OfflineImSenderOptions> = {}): World<Exchange> {
  const clock = new ManualClock();
  return new World({ clock, server: new Exchange(clock), disk: new MemoryDisk(), options });
}
