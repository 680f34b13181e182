/**
 * Opens a spool once no other process has it open, and reports its state: `node test/crash/count-process.ts '<SpoolChoice as
 * JSON>'`. The first line is the counts by state as JSON, the second the codes of dead messages by id, with the server's code if
 * there is one; then one line for each of the first entries in other states.
 */
import { systemClock } from '../../src/core/clock.ts';
import { spoolStates } from '../../src/spool/contract.ts';
import { makeSpool } from './open-spool.ts';
import type { SpoolChoice } from './worker-options.ts';

const storage = await makeSpool(JSON.parse(process.argv[2] ?? '{}') as SpoolChoice);
await storage.open({ clock: systemClock, tombstones: 86_400_000 });
const dead: Record<string, string> = {};
// A draft that is reported as left is no breach; the server's code would hide that.
for await (const { messageId, reason } of storage.list({ state: 'dead' }))
  dead[messageId] = reason?.code === 'DRAFT_LEFT' ? reason.code : (reason?.serverCode ?? reason?.code ?? '');
const lines = [JSON.stringify(await storage.counts()), JSON.stringify(dead)];
for (const state of spoolStates) {
  if (state === 'delivered' || state === 'dead') continue;
  for await (const { messageId, reason } of storage.list({ state })) {
    if (lines.length > 20) break;
    lines.push(`${messageId} is ${state}${reason === undefined ? '' : `: ${reason.code}, ${reason.text}`}`);
  }
}
await storage.close();
// A connection pool would keep the process alive.
process.stdout.write(`${lines.join('\n')}\n`, () => process.exit(0));
