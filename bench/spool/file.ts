import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileSpool } from '../../src/file.ts';
import { atATime, compared, median, perSecond } from '../median.ts';
import { type Row, rate } from '../table.ts';
import { BareFiles } from './bare-files.ts';
import { Ours } from './ours.ts';
import { group, rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

/** In a turn: few, so that whatever the disk is busy with strikes both. */
const messages = 500;
const turnsARound = 6;
const inFlight = 64;

/** FileSpool beside files of the same size written by hand. */
export function measureFile(): Promise<readonly Row[]> {
  return inFolder(async (folder) => {
    const ours = await Ours.open(new FileSpool({ root: join(folder, 'spool') }));
    await ours.send();
    const bare = await BareFiles.in(join(folder, 'bare'), await firstFileIn(join(folder, 'spool')));
    const sent: number[] = [];
    const written: number[] = [];
    for (let turn = 0; turn <= turnsARound * rounds; turn++) {
      const turns = [
        async () => void sent.push(await perSecond(messages, () => atATime(inFlight, messages, () => ours.send()))),
        async () => void written.push(await perSecond(messages, () => atATime(inFlight, messages, () => bare.write()))),
      ];
      for (const one of turn % 2 === 0 ? turns : turns.reverse()) await one();
    }
    // The first turn only warms up.
    for (const figures of [sent, written]) figures.shift();
    const drained: number[] = [];
    const bareDrained: number[] = [];
    for (let turn = 0; turn < turnsARound * rounds; turn++) {
      const turns = [
        async () => void drained.push(await perSecond(messages, () => ours.drain(messages, group))),
        async () => void bareDrained.push(await perSecond(messages, () => bare.drain(messages, group))),
      ];
      for (const one of turn % 2 === 0 ? turns : turns.reverse()) await one();
    }
    await ours.close();
    return [
      {
        what: `FileSpool: send(), ${inFlight} in flight`,
        figure: rate(median(sent)),
        against: `file + fsync + rename + shared folder fsync (${rate(median(written))})`,
        ...compared(sent, written),
        goal: { atLeast: 0.6 },
        why: 'in addition to the same files and syncs, each message is checked and enters the table in memory.',
      },
      {
        what: `FileSpool: claim + settle, ${group} at a time`,
        figure: rate(median(drained)),
        against: `read, manifest with fsync + rename, log with fsync, two removals (${rate(median(bareDrained))})`,
        ...compared(drained, bareDrained),
        goal: { atLeast: 0.6 },
        why: 'in addition to the same files and syncs, each message is checked and enters the table in memory.',
      },
    ];
  });
}

async function firstFileIn(root: string): Promise<Buffer> {
  const items = await readdir(root, { recursive: true, withFileTypes: true });
  const found = items.find(({ name, parentPath }) => name.endsWith('.json') && parentPath.endsWith('waiting'));
  if (found === undefined) throw new Error('The spool has no file.');
  return readFile(join(found.parentPath, found.name));
}
