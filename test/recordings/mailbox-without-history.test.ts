/**
 * A mailbox without a Conversation History folder on a real server, simulated from its recordings: the folder is created, all
 * notes are delivered, and lost ones are found with one request.
 */
import { describe, expect, it } from 'vitest';
import type { EwsTransport } from '../../src/ews/ews-transport.ts';
import type { Note, ProbeResult } from '../../src/transport/contract.ts';
import { always, useHarness } from '../ews/support/harness.ts';
import type { Answer, SeenRequest } from '../ews/support/server.ts';
import { answerOf, messagesOf, recording } from '../support/recordings.ts';

const h = useHarness();
const alice = { address: 'alice@contoso.test' };
const created = recording('createitem-sendandsavecopy-one');
const hits = recording('finditem-or-of-three-tags-hit');
const noHits = recording('finditem-or-of-three-tags-none');
const unknownName = recording('sdk-finditem-conversationhistory-not-found');
const made = recording('sdk-createfolder-conversation-history');
const folderId = /FolderId Id="([^"]+)"/.exec(made.response.body)?.[1] ?? '';
const tagsIn = (body: string): string[] => [...body.matchAll(/<t:Value>([^<]*)<\/t:Value>/g)].map(([, tag]) => tag ?? '');

/** The recorded server: keeps the tags of sent notes, and responds with recorded text. */
class RecordedServer {
  readonly sent: string[] = [];
  folderMade = false;
  /** CreateItem is carried out, and its response lost. */
  losing = false;

  readonly answer = (request: SeenRequest, response: { destroy(): void }): Answer | undefined => {
    switch (request.operation) {
      case 'CreateItem': {
        if (request.body.includes('Id="conversationhistory"'))
          return answerOf(recording('sdk-createitem-conversationhistory-fault'));
        if (!request.body.includes(folderId)) return answerOf(recording('createitem-saved-folder-gone'));
        const tags = tagsIn(request.body);
        this.sent.push(...tags);
        if (this.losing) {
          response.destroy();
          return undefined;
        }
        const { head, messages, tail } = messagesOf(created);
        return answerOf(created, head + tags.map(() => messages[0]).join('') + tail);
      }
      case 'FindFolder':
        return answerOf(recording('sdk-findfolder-none'), this.folderMade ? this.#foundFolder() : undefined);
      case 'CreateFolder':
        this.folderMade = true;
        return answerOf(made);
      case 'GetFolder':
        return answerOf(
          recording(request.body.includes(folderId) ? 'getfolder-inbox' : 'getfolder-conversationhistory-named-not-found'),
        );
      case 'FindItem':
        return answerOf(noHits, this.#found(request));
      default:
        return answerOf(recording('unknown-operation'));
    }
  };

  #foundFolder(): string {
    const body = recording('findfolder-one').response.body;
    return body.replace(/FolderId Id="[^"]+"/, `FolderId Id="${folderId}"`).replace('>Inbox<', '>Conversation History<');
  }

  #found({ body }: SeenRequest): string {
    const asked = [...body.matchAll(/Constant Value="([^"]*)"/g)].map(([, tag]) => tag ?? '');
    const { head, messages, tail } = messagesOf(noHits);
    const [hit = ''] = messagesOf(hits).messages;
    const item = /<t:Item>.*?<\/t:Item>/s.exec(hit)?.[0] ?? '';
    const pages = [...body.matchAll(/FolderId Id="([^"]+)"/g)].map(([, folder]) => {
      if (folder === 'conversationhistory') return messagesOf(unknownName).messages[0];
      const tags = folder === folderId ? this.sent.filter((tag) => asked.includes(tag)) : [];
      if (tags.length === 0) return messages[0];
      const items = tags.map((tag) => ours(item, tag)).join('');
      const list = hit.replace(/<t:Items>.*<\/t:Items>/s, `<t:Items>${items}</t:Items>`);
      return list.replace(/(IndexedPagingOffset|TotalItemsInView)="\d+"/g, `$1="${tags.length}"`);
    });
    return head + pages.join('') + tail;
  }
}

/** The recorded item with this library's own property, and a tag. */
function ours(item: string, tag: string): string {
  return item
    .replace(/PropertySetId="[^"]+"/, 'PropertySetId="b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147"')
    .replace('OfflineImNote', 'OfflineImTag')
    .replace(/<t:Value>tag-[^<]*</, `<t:Value>${tag}<`);
}

function start(): RecordedServer {
  const server = new RecordedServer();
  h.server.handler = server.answer;
  return server;
}

const notes = (transport: EwsTransport, from: number, count: number): Note[] =>
  Array.from({ length: count }, (_, n) => h.note(transport, from + n));

function look(transport: EwsTransport, sent: readonly Note[]): Promise<readonly ProbeResult[]> {
  h.server.requests.length = 0;
  return transport.probe(
    sent.map((note) => ({ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] })),
    always(),
  );
}

describe('a mailbox without Conversation History', () => {
  it('receives 300 notes, each once, after one look-up', async () => {
    const server = start();
    const transport = h.transport();
    const outcomes = await transport.deliver(notes(transport, 0, 300), always());
    expect(outcomes.map(({ status }) => status)).toEqual(Array(300).fill('delivered'));
    expect(new Set(server.sent).size).toBe(300);
    expect(server.sent).toHaveLength(300);
    expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'CreateFolder', ...Array<string>(6).fill('CreateItem')]);
    expect(transport.placeOf(alice).folder).toBe(`id:${folderId}`);
  });

  it('lost notes are found with one request per 50, those that never arrived are absent after two', async () => {
    const server = start();
    const transport = h.transport();
    await transport.deliver(notes(transport, 0, 1), always());
    server.losing = true;
    const lost = notes(transport, 1, 50);
    expect(new Set((await transport.deliver(lost, always())).map(({ status }) => status))).toEqual(new Set(['unconfirmed']));
    expect(new Set((await look(transport, lost)).map(({ status }) => status))).toEqual(new Set(['found']));
    expect(h.server.operations()).toEqual(['FindItem']);
    expect((await look(transport, notes(transport, 100, 50))).map(({ status }) => status)).toEqual(Array(50).fill('absent'));
    expect(h.server.operations()).toEqual(['FindItem', 'FindItem']);
  });

  it('another process learns the folder in its first probe, and searches it first from then on', async () => {
    start();
    const first = h.transport();
    const sent = notes(first, 0, 3);
    await first.deliver(sent, always());
    expect(sent[0]?.place.folder).toBe('conversationhistory');
    const second = h.transport();
    expect((await look(second, sent)).map(({ status }) => status)).toEqual(['found', 'found', 'found']);
    expect(h.server.operations()).toEqual(['FindItem', 'FindFolder', 'FindItem']);
    expect((await look(second, sent)).map(({ status }) => status)).toEqual(['found', 'found', 'found']);
    expect(h.server.operations()).toEqual(['FindItem']);
  });

  it('a missing folder is detected by the fault without a code, and the next attempt goes elsewhere', async () => {
    start();
    const transport = h.transport();
    const note = h.note(transport, 0, { place: { endpoint: h.server.url, mailbox: alice.address, folder: 'id:gone' } });
    expect(await transport.deliver([note], always())).toMatchObject([{ status: 'unconfirmed', ended: 'fault' }]);
    expect(h.server.operations()).toEqual(['CreateItem', 'GetFolder']);
    expect(await transport.deliver([h.note(transport, 1)], always())).toMatchObject([{ status: 'delivered' }]);
  });

  it('verify() creates it and passes', async () => {
    const server = start();
    await h.transport().verify(alice, always());
    expect(server.folderMade).toBe(true);
  });
});
