/** An item moves between any two requests of a probe: it is never missed, whichever way it goes. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import { type ExchangeSimulator, ManualClock, type SimulatedItem, startExchangeSimulator } from '../../../src/testing.ts';
import { makeNote } from '../support/canned.ts';
import { contentOf } from '../support/conformance.ts';

const alice = 'alice@contoso.test';
/** In the order in which Exchange, and then a person, moves it. */
const stages = ['drafts', 'outbox', 'sentitems', 'conversationhistory', 'deleteditems', 'recoverableitemsdeletions'] as const;
const states = { drafts: 'pending', outbox: 'pending' } as const;
let server: ExchangeSimulator;
let onRequest = (): void => {};
const clock = new ManualClock();

beforeAll(async () => {
  server = await startExchangeSimulator({ clock, mailboxes: [alice], onRequest: () => onRequest() });
});
afterAll(() => server.close());

/** Places the item where it is at that stage, with a new id. */
function lay(item: SimulatedItem | undefined, stage: (typeof stages)[number], content: SimulatedItem['content']): SimulatedItem {
  const mailbox = server.mailbox(alice);
  if (item !== undefined) mailbox.remove(item);
  return mailbox.store(mailbox.folder(stage), content, stage in states ? 'pending' : 'sent-copy');
}

it.each(['one request at a time', 'kept in Conversation History'])(
  '%s',
  async (how) => {
    const keepCopyIn = how.startsWith('kept') ? ({ keepCopyIn: 'conversationhistory' } as const) : {};
    const transport = new GraphTransport({
      root: server.graphUrl,
      credential: async () => ({ token: server.tokens.issue(alice) }),
      clock,
      ...keepCopyIn,
    });
    const way = keepCopyIn.keepCopyIn === undefined ? stages.filter((stage) => stage !== 'conversationhistory') : stages;
    const moves = fc.array(fc.nat(9), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.nat(way.length - 1), moves, async (start, after) => {
        server.reset();
        const note = makeNote(transport, 1);
        const content = contentOf({ ...note, messageClass: 'IPM.Note.Microsoft.Missed' });
        let stage = start;
        let item = lay(undefined, way[stage] ?? 'drafts', content);
        let requests = 0;
        onRequest = () => {
          requests += 1;
          for (const at of after) {
            if (at !== requests || stage >= way.length - 1) continue;
            stage += 1;
            item = lay(item, way[stage] ?? 'drafts', content);
          }
        };
        const asked = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
        const [result] = await transport.probe([asked], { signal: new AbortController().signal });
        onRequest = () => {};
        expect(['found', 'pending']).toContain(result?.status);
      }),
      { numRuns: 150 },
    );
  },
  120_000,
);
