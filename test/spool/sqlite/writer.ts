/** Opens a spool, appends so many large messages, delivers some of its notes, and closes it: `node writer.ts <path> <messages>`. */
import { systemClock } from '../../../src/core/clock.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';

const [, , path = '', messages = '0'] = process.argv;
const spool = new SqliteSpool({ path });
await spool.open({ clock: systemClock, tombstones: 86_400_000 });
const notes = await spool.claim(claimRequest({ limit: 100, perLane: 100, newNoteId: () => `writer-${process.hrtime.bigint()}` }));
await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
const large = (id: string) => {
  const entry = newEntry(id, { conversationId: id });
  return { ...entry, message: { ...entry.message, text: 'y'.repeat(20_000) } };
};
await spool.append(Array.from({ length: Number(messages) }, (_, index) => large(`written-${index}`)));
await spool.close();
