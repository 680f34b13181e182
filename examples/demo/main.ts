/**
 * The library's main job from end to end, without network or set-up: `npm run demo`.
 *
 * A process sends the instant messages of `messages.json` through a FileSpool to an Exchange on a loopback port, some of whose
 * mailboxes are on-premises (EWS) and some in Exchange Online (Graph); one is moved while a note waits. On the way the server is busy once, one
 * answer is lost after everything was stored, and the sending process is killed. In the end the mailboxes must hold what the data file implies.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp } from './clean-up.ts';
import { firstLocations, mailboxOf, messagesOf, readData, readListings } from './data.ts';
import { serviceAccount, startExchange } from './exchange.ts';
import { expectedOf, killedInWave } from './expected.ts';
import { type Figure, figuresOf, mishapFigures } from './figures.ts';
import { findTexts } from './found.ts';
import { Narrator } from './narrator.ts';
import { readOptions } from './options.ts';
import { paint } from './paint.ts';
import type { SenderLine } from './protocol.ts';
import { type SenderEnd, SenderRun } from './sender-client.ts';
import { complaintsAbout, tableOf, wayTable } from './table.ts';
import { Tally } from './tally.ts';

const options = readOptions();
const [data, listings] = await Promise.all([readData(options.dataFile), readListings()]);
const expected = expectedOf(data, listings);
const narrator = new Narrator(data);
const tally = new Tally();
const root = await mkdtemp(join(tmpdir(), 'offline-im-demo-'));
cleanUp.folder(root);
const exchange = await startExchange(data);
const overdue = new Promise<SenderEnd>((resolve) => {
  const why = `The demo did not finish within ${options.limit} s.`;
  setTimeout(() => resolve({ how: 'broken', why }), options.limit * 1_000).unref();
});

const languages = new Set(messagesOf(data).map(({ language }) => language)).size;
narrator.say('bold', 'exchange', `a simulated Exchange listens on ${exchange.simulator.url}`);
narrator.say('bold', 'data', `${expected.messages} messages in ${languages} languages; spool in ${root}`);

let end = await run('started');
if (end.how === 'killed') end = await run('restarted');
await itemsAreSent();
await exchange.simulator.close();
narrator.flush();

const found = findTexts(exchange.simulator, expected.texts, expected.copies);
const { journal } = exchange.simulator;
const figures: readonly Figure[] = [...figuresOf({ expected, found, tally, journal }), ...mishapFigures(journal)];
const complaints = [...(end.how === 'broken' ? [end.why] : []), ...complaintsAbout(figures)];
const verdict =
  complaints.length === 0
    ? paint('green', 'Every figure is what the data file implies.')
    : paint('red', ['Not what the data file implies:', ...complaints.map((complaint) => `  ${complaint}`)].join('\n'));
process.stdout.write(
  `\n${wayTable(found.ways).join('\n')}\n\n${tableOf(figures).join('\n')}\n  A text that goes to three mailboxes counts three times.\n\n${verdict}\n`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;
await cleanUp.now();

/** One run of the sending process, to its end or to the end of the demo's time. */
async function run(word: string): Promise<SenderEnd> {
  const { drop, dataFile } = options;
  const { url, graphUrl, tokens: issuer } = exchange.simulator;
  const tokens = Object.fromEntries([...firstLocations(data).keys()].map((address) => [address, issuer.issue(address)]));
  const more = drop === undefined ? {} : { drop };
  const assignment = { url, graphUrl, tokens, ...serviceAccount, root, dataFile, ...more };
  const sender = new SenderRun(assignment, (line) => {
    tally.add(line);
    narrator.tell(line);
    moveWhatWaits(line, sender);
    if (killsNow(line)) exchange.killDuringNextRequest(() => kill(sender));
  });
  cleanUp.process(sender);
  narrator.say('bold', word, `the sending process, ${sender.pid ?? 'without an id'}`);
  const result = await Promise.race([sender.ended, overdue]);
  // Overdue, it would go on; ended, there is nothing left to kill.
  sender.kill();
  await sender.ended;
  return result;
}

/** Exchange Online moves the last items from Drafts to Sent Items some moments after it accepted them. */
async function itemsAreSent(): Promise<void> {
  const unsent = (): boolean => exchange.simulator.mailboxes.some((mailbox) => mailbox.folder('drafts').items.length > 0);
  for (let tries = 0; tries < 50 && unsent(); tries++) await sleep(100);
}

/** A mailbox is moved as soon as a message of its owner has been accepted, which then waits for its two minutes. */
function moveWhatWaits(line: SenderLine, sender: SenderRun): void {
  if (line.kind !== 'accepted') return;
  for (const { moves = [], messages } of data.waves) {
    const from = messages.find(({ id }) => id === line.messageId)?.from;
    for (const { sip, to } of moves) {
      const mailbox = mailboxOf(data, sip);
      if (sip !== from || tally.moved.has(mailbox)) continue;
      tally.moved.add(mailbox);
      exchange.simulator.moveMailbox(mailbox, to);
      sender.tell({ mailbox, location: to });
      narrator.say('bold', 'moved', `the mailbox ${mailbox}, to ${to}, while ${line.messageId} waits`);
    }
  }
}

function killsNow(line: SenderLine): boolean {
  return line.kind === 'wave-sent' && line.wave === killedInWave && tally.kills === 0;
}

function kill(sender: SenderRun): void {
  tally.kills += 1;
  narrator.say('red', 'killed', `kill -9 ${sender.pid ?? ''}, while its request is on the way and more messages wait`);
  sender.kill();
}
