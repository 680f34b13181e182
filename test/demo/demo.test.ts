import { describe, it } from 'vitest';
import { figuresIn, isRunning, runDemo } from './run-demo.ts';

const escapeCharacter = String.fromCharCode(27);

// Concurrent, since a demo mostly waits.
describe.concurrent('npm run demo', () => {
  it('delivers what the data file implies, and reports it', async ({ expect }) => {
    const { code, output, complaints, leftovers, senders } = await runDemo(['--limit', '600']);
    expect({ code, complaints, tail: code === 0 ? '' : output.slice(-4_000) }).toEqual({ code: 0, complaints: '', tail: '' });
    expect(Object.fromEntries(figuresIn(output))).toEqual({
      'messages accepted by send()': [49, 49, 'ok'],
      'messages refused by the gate': [7, 7, 'ok'],
      'client-too-old': [3, 3, 'ok'],
      'im-auto-archiving-disabled': [3, 3, 'ok'],
      'offline-im-disabled': [1, 1, 'ok'],
      'domain-not-federated': [1, 1, 'ok'],
      'sends repeated after the kill, no second message': [42, 42, 'ok'],
      notes: [41, 41, 'ok'],
      'through EWS': [26, 26, 'ok'],
      'through Graph': [15, 15, 'ok'],
      'mailboxes moved while notes waited': [1, 1, 'ok'],
      'notes that took the other way': [0, 0, 'ok'],
      'delivered as IM.Note.MissedConversation': [42, 42, 'ok'],
      'delivered as IPM.Note.Microsoft.Missed': [13, 13, 'ok'],
      'delivered as IPM.Note': [9, 9, 'ok'],
      'shown in Missed Conversations': [55, 55, 'ok'],
      'shown in Conversation History': [55, 55, 'ok'],
      'shown in the Inbox only': [9, 9, 'ok'],
      "senders' copies in Conversation History": [40, 40, 'ok'],
      "senders' copies in Sent Items": [17, 17, 'ok'],
      // The number of notes in the affected requests depends on the millisecond in which each was accepted.
      'notes retried after ErrorServerBusy': [expect.any(Number), expect.any(Number), 'ok'],
      'notes found by probe, not sent again': [expect.any(Number), expect.any(Number), 'ok'],
      'kills of the sending process (SIGKILL)': [1, 1, 'ok'],
      'texts missing': [0, 0, 'ok'],
      'texts delivered twice': [0, 0, 'ok'],
      'texts out of order': [0, 0, 'ok'],
      'items with another text than the data file': [0, 0, 'ok'],
      dead: [0, 0, 'ok'],
      'drafts left': [0, 0, 'ok'],
      'answers ErrorServerBusy': [1, 1, 'ok'],
      'answers lost after everything was stored': [1, 1, 'ok'],
      'requests whose sender was killed meanwhile': [1, 1, 'ok'],
    });
    // The moved mailbox sends by its old side before, and by its new one afterwards; each note has its line.
    expect(output).toMatch(/^ {2}noa@contoso\.test +alice@contoso\.test, bob@contoso\.test +EWS +offsite-1, offsite-2$/m);
    expect(output).toMatch(/^ {2}noa@contoso\.test +omar@contoso\.test +Graph +offsite-3$/m);
    expect(output.match(/^ {2}\S+@contoso\.test .* (EWS|Graph) {2,}[a-z]+-/gm)).toHaveLength(41);
    // Not a terminal: no colours, and no control characters from messages.
    expect(output).not.toContain(escapeCharacter);
    expect(leftovers).toEqual([]);
    expect(senders).toHaveLength(2);
    expect(senders.filter(isRunning)).toEqual([]);
  });

  it('detects a message that is not sent, and fails with a line for every wrong figure', async ({ expect }) => {
    const { code, output, leftovers } = await runDemo(['--drop', 'launch-3', '--limit', '600']);
    expect(code).toBe(1);
    const figures = figuresIn(output);
    expect(figures.get('messages accepted by send()')).toEqual([49, 48, 'WRONG']);
    expect(figures.get('texts missing')).toEqual([0, 5, 'WRONG']);
    expect(figures.get('messages refused by the gate')).toEqual([7, 7, 'ok']);
    const wrong = [...figures].filter(([, [, , verdict]]) => verdict === 'WRONG').map(([name]) => name);
    for (const name of wrong) expect(output).toContain(`\n  ${name}: expected `);
    expect(output).toContain('launch-3 is not in dora@fabrikam.test');
    expect(leftovers).toEqual([]);
  });

  it('gives up in time, says what is missing, and leaves no process behind', async ({ expect }) => {
    const { code, output, leftovers, senders } = await runDemo(['--limit', '1.5']);
    expect(code).toBe(1);
    expect(output).toContain('The demo did not finish within 1.5 s.');
    expect(output).toMatch(/\n {2}texts missing: expected 0, found 121 \(plan-1 is not in bob@contoso\.test; /);
    expect({ leftovers, running: senders.filter(isRunning) }).toEqual({ leftovers: [], running: [] });
  });

  it('cleans up when it is interrupted', async ({ expect }) => {
    const { code, leftovers, senders } = await runDemo([], { signalAt: { output: /accepted/, signal: 'SIGINT' } });
    expect({ code, leftovers }).toEqual({ code: 130, leftovers: [] });
    await expect.poll(() => senders.filter(isRunning), { timeout: 300_000 }).toEqual([]);
  });

  it('ends its sending process when it is killed itself', async ({ expect }) => {
    const { senders } = await runDemo([], { signalAt: { output: /accepted/, signal: 'SIGKILL' } });
    expect(senders).toHaveLength(1);
    await expect.poll(() => senders.filter(isRunning), { timeout: 300_000 }).toEqual([]);
  });

  it('reports an invalid argument', async ({ expect }) => {
    expect((await runDemo(['--limit', 'soon'])).complaints).toContain('--limit is soon; expected seconds');
    expect((await runDemo(['--data', '/nowhere.json'])).complaints).toContain('/nowhere.json');
  });
});
