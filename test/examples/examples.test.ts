import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findsPackage } from '../support/program.ts';

const root = join(import.meta.dirname, '../..');

/** Rejects with the output when the example fails. */
async function output(example: string): Promise<string> {
  const args = ['--import', findsPackage(), `examples/${example}.ts`];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    timeout: 300_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
  return stdout;
}

it('quick-start.ts delivers two messages as one note', async () => {
  expect(await output('quick-start')).toBe(`\
first: spooled as IM.Note.MissedConversation for bob@contoso.test
second: spooled as IM.Note.MissedConversation for bob@contoso.test
first: delivered at attempt 1
second: delivered at attempt 1
Missed Conversations of Bob: Missed conversation with Alice Example
Conversation History of Alice: Missed conversation with Alice Example
Drafts of Alice: 0
`);
});

it('bot.ts leaves each note once, whatever is lost in transit', async () => {
  const lines = (await output('bot')).trimEnd().split('\n');
  // Which of the notes were in the lost request depends on the millisecond in which each was accepted.
  const ended = lines.filter((line) => /^ticket-\d+: (delivered|found: it had been sent)$/.test(line));
  expect(ended).toHaveLength(6);
  expect(ended.some((line) => line.includes('found'))).toBe(true);
  expect(lines.filter((line) => !ended.includes(line))).toEqual([
    'run 1: 6 accepted, 0 of them known already',
    '  ticket-4717: GATE_REFUSED',
    '  ticket-4718: RECIPIENT_INVALID',
    'run 2: 6 accepted, 6 of them known already',
    'server: CONNECTION_LOST',
    'notes in each mailbox inside: 1 1 1 1 1, outside: 1',
  ]);
});

it('ask-a-tenant.ts asks its nine questions, of the simulator if there is no tenant', async () => {
  const lines = (await output('ask-a-tenant')).trimEnd().split('\n');
  const answers = [
    /^No GRAPH_TOKEN: the simulator answers\.$/,
    /^1\. .*\? IM\.Note\.MissedConversation: 202 , copy IM\.Note\.MissedConversation, .*; IPM\.Note\.Microsoft\.Missed: 202 /,
    /^2\. .*\? on the copy: by tag yes, by Message-ID yes; in Drafts, /,
    /^3\. .*\? in Sent Items within \d+ s; before: /,
    /^4\. .*\? 403 ErrorSendAsDenied; a draft: yes$/,
    /^5\. .*\? (submitted yes: 201 ; sent all the same: (yes|no)|not asked: it had left Drafts before it could be moved)$/,
    /^6\. .*\? not asked: the folder does not show its entry id; what Exchange makes of one, nobody has written down$/,
    /^7\. .*\? 200 within \d+ s, in \d+ items$/,
    /^8\. .*\? of 20 at once [1-9]\d* got 202 and [1-9]\d* got 429; of the latter 0 were sent$/,
    /^9\. .*\? 200 , 2 of 2$/,
  ];
  expect(lines).toHaveLength(answers.length);
  for (const [at, answer] of answers.entries()) expect(lines[at]).toMatch(answer);
});

it('testing-your-code.ts passes its own tests', async () => {
  expect(await output('testing-your-code')).toMatch(/pass 3\n[\s\S]*fail 0\n/);
});
