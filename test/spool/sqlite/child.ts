/**
 * A process with its own spool on a file that others have open too: `node child.ts '<ChildOptions as JSON>'`. Prints one JSON
 * line for everything it has done.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/core/clock.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import type { ChildOptions } from './child-options.ts';

const { path, name, lease, does } = JSON.parse(process.argv[2] ?? '{}') as ChildOptions;
const spool = new SqliteSpool({ path });
await spool.open({ clock: systemClock, tombstones: 86_400_000 });
const request = claimRequest({ limit: 3, lease, newNoteId: () => `${name}-${process.hrtime.bigint()}` });

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Claims and settles until nothing is left. */
async function drain(): Promise<void> {
  for (;;) {
    const notes = await spool.claim(request);
    say({ claimed: notes.flatMap(({ entries }) => entries.map(({ id }) => id)) });
    const { lost } = await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    if (lost.length > 0) say({ lost });
    const { spooled, delivering } = await spool.counts();
    if (spooled + delivering === 0) break;
  }
}

/** Claims, then settles when told to. */
async function hold(): Promise<void> {
  const at = Date.now();
  const notes = await spool.claim(request);
  say({ claimed: notes.flatMap(({ entries }) => entries.map(({ id }) => id)), at });
  for await (const _line of createInterface({ input: process.stdin })) {
    const renewed = await spool.renew(
      notes.map(({ token }) => token),
      lease,
    );
    const { lost } = await spool.settle(notes.map(({ token }) => ({ token, to: 'deferred', after: 0, failure: false, reason })));
    say({ lost: lost.length, notRenewed: renewed.length });
    break;
  }
  process.stdin.destroy();
}

const reason = { code: 'EWS_ERROR', text: 'The server said no.' } as const;

/** Appends endlessly, several at a time, and reports which were kept. */
async function append(): Promise<void> {
  let made = 0;
  const one = async (): Promise<void> => {
    for (;;) {
      const id = `${name}-${made++}`;
      const [result] = await spool.append([newEntry(id, { conversationId: id })]);
      say({ kept: result?.status === 'appended' ? [id] : [] });
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

say({ open: true });
await { drain, hold, append }[does]();
await spool.close();
