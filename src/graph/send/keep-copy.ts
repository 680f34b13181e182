import { sleep } from '../../core/clock.ts';
import type { Note } from '../../transport/contract.ts';
import { warn } from '../client/trace.ts';
import { listMessages, literal, type MailboxAccess, moveMessage } from '../probe/messages.ts';
import { tagProperty } from '../probe/properties.ts';
import type { GraphSettings } from '../settings.ts';

/** ms after the answer at which the copy is looked for: it appears in Sent Items once the message has left. */
const looks = [5_000, 30_000, 120_000];

/** Copies that are waited for at a time; of more, the rest stay in Sent Items. */
const most = 10_000;

/**
 * Moves copies from Sent Items to where they are to be kept. Best effort: what fails is a warning, never an outcome, and what
 * is under way when the process ends stays where it is.
 */
export class KeptCopies {
  readonly #settings: GraphSettings;
  readonly #end = new AbortController();
  #waiting = 0;

  constructor(settings: GraphSettings) {
    this.#settings = settings;
  }

  /** Sees to the copy of a note that was just accepted. Returns at once. */
  keep(access: MailboxAccess, { id, tag }: Note): void {
    const { keepCopyIn } = this.#settings;
    if (keepCopyIn === undefined || this.#end.signal.aborted) return;
    if (this.#waiting >= most) {
      this.#tell(id, 'too many copies are waited for');
      return;
    }
    this.#waiting += 1;
    // Nothing of the note itself: minutes are long for its text to be kept.
    const own: MailboxAccess = { ...access, call: { signal: this.#end.signal, notes: [id] } };
    this.#move(own, { id, tag, folder: keepCopyIn })
      .catch(() => this.#tell(id, 'it failed'))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Waits for nothing any more. */
  close(): void {
    this.#end.abort();
  }

  async #move(access: MailboxAccess, { id, tag, folder }: Copy): Promise<void> {
    const { clock } = this.#settings;
    let passed = 0;
    let asked = false;
    for (const at of looks) {
      if (!(await sleep(clock, at - passed, this.#end.signal))) return;
      passed = at;
      const look = await moveCopy(access, tag, folder);
      // It is where it was asked to go, though the answer to that was lost.
      if (look === 'moved' || (look === 'absent' && asked)) return;
      if (look === 'asked') asked = true;
    }
    if (!this.#end.signal.aborted) this.#tell(id, 'it was not found in Sent Items, or could not be moved');
  }

  #tell(noteId: string, why: string): void {
    warn(this.#settings.logger, { step: 'graph:copy-not-kept', noteId, why });
  }
}

interface Copy {
  readonly id: string;
  readonly tag: string;
  readonly folder: string;
}

/**
 * `asked`: whether it was moved is not known. What is still unsent is left alone: moving it could keep it from being sent.
 */
async function moveCopy(access: MailboxAccess, tag: string, folder: string): Promise<'moved' | 'asked' | 'absent' | 'unknown'> {
  const filter = `singleValueExtendedProperties/Any(ep: ep/id eq ${literal(tagProperty)} and ep/value eq ${literal(tag)})`;
  const listed = await listMessages(access, { folder: 'sentitems', filter });
  if (listed.kind !== 'listed') return 'unknown';
  const copy = listed.messages.find(({ tag: own, isDraft }) => own?.toLowerCase() === tag.toLowerCase() && isDraft === false);
  if (copy === undefined) return listed.whole ? 'absent' : 'unknown';
  const moved = await moveMessage(access, copy.id, folder);
  if (moved.kind === 'moved') return 'moved';
  if (moved.kind === 'gone') return 'unknown';
  return moved.reply.kind === 'error' && moved.reply.meta.status < 500 ? 'unknown' : 'asked';
}
