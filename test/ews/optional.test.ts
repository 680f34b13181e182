/**
 * Everything that the schema makes optional is left out of the server's answers, one after the other: the transport never
 * says anything false of what was sent, and no note waits for ever without a word.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import {
  type ExchangeSimulator,
  ManualClock,
  type Omission,
  type SimulatedItem,
  type SimulatedMailbox,
  startExchangeSimulator,
} from '../../src/testing.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../../src/transport/contract.ts';
import { optionalParts, optionalPartsKnown } from '../support/optional-parts.ts';
import { always, makeNote } from './support/harness.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
const path = { type: 'String', set: 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147', name: 'OfflineImTag' } as const;

/** A fault is no part of Microsoft's schema; this is what SOAP 1.1 and other servers leave out of it. */
const ofFaults: readonly Omission[] = [
  'Envelope/Header',
  'Header/ServerVersionInfo',
  'Fault/faultstring',
  'Fault/detail',
  'detail/ResponseCode',
  'detail/Message',
  'detail/MessageXml',
];

/** Of the answers to what {@link check} asks; used where the schema is not at hand, and compared with it where it is. */
const ofAnswers: readonly string[] = [
  'CreateFolderResponseMessage/Folders',
  'CreateFolderResponseMessage/ResponseCode',
  'CreateItemResponseMessage/DescriptiveLinkKey',
  'CreateItemResponseMessage/MessageText',
  'CreateItemResponseMessage/MessageXml',
  'CreateItemResponseMessage/ResponseCode',
  'DeleteItemResponseMessage/ResponseCode',
  'ExtendedFieldURI/@PropertyName',
  'ExtendedFieldURI/@PropertySetId',
  'ExtendedFieldURI/@PropertyTag',
  'FindFolderResponseMessage/ResponseCode',
  'FindFolderResponseMessage/RootFolder',
  'FindItemResponseMessage/ResponseCode',
  'FindItemResponseMessage/RootFolder',
  'Folder/DisplayName',
  'Folder/FolderClass',
  'Folder/FolderId',
  'FolderId/@ChangeKey',
  'Folders/Folder',
  'GetFolderResponseMessage/Folders',
  'GetFolderResponseMessage/ResponseCode',
  'Item/DateTimeCreated',
  'Item/ExtendedProperty',
  'Item/IsDraft',
  'Item/ItemId',
  'ItemId/@ChangeKey',
  'Items/Item',
  'RootFolder/@IncludesLastItemInRange',
  'RootFolder/@IndexedPagingOffset',
  'RootFolder/@TotalItemsInView',
  'RootFolder/Folders',
];

let exchange: ExchangeSimulator | undefined;
afterEach(async () => {
  await exchange?.close();
  exchange = undefined;
});

/** A server that omits something, and a mailbox whose items are ten minutes old. */
class Scene {
  readonly server: ExchangeSimulator;
  readonly mailbox: SimulatedMailbox;
  transport: EwsTransport;
  #count = 0;

  private constructor(server: ExchangeSimulator) {
    this.server = server;
    this.mailbox = server.mailbox(alice);
    this.transport = this.another();
  }

  static async start(omits: readonly Omission[], conversationHistory: 'absent' | 'by-name' | 'distinguished'): Promise<Scene> {
    await exchange?.close();
    exchange = await startExchangeSimulator({
      clock: new ManualClock(Date.now() - 600_000),
      mailboxes: [{ address: alice, password: 'p' }, bob],
      profile: { conversationHistory, omits },
    });
    return new Scene(exchange);
  }

  another(): EwsTransport {
    return new EwsTransport({ url: this.server.url, credentials: basicAuth({ username: alice, password: 'p' }) });
  }

  note(): Note {
    this.#count += 1;
    return makeNote(this.transport, this.#count);
  }

  async deliver(note: Note): Promise<DeliveryOutcome | undefined> {
    return (await this.transport.deliver([note], always()))[0];
  }

  async probe(note: Note): Promise<ProbeResult['status'] | 'draft-left' | undefined> {
    const asked = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    const result = (await this.transport.probe([asked], always()))[0];
    return result?.status === 'draft' && !result.removed ? 'draft-left' : result?.status;
  }

  arrived({ body }: Note): boolean {
    return this.server
      .mailbox(bob)
      .folder('inbox')
      .items.some((item) => item.body.content === body.content);
  }

  items({ tag }: Note, folder?: string): SimulatedItem[] {
    const folders = folder === undefined ? this.mailbox.folders : [this.mailbox.folder(folder)];
    return folders.flatMap(({ items }) => items.filter(({ properties }) => properties.some(({ value }) => value === tag)));
  }

  put(note: Note, folder: string, state: 'draft' | 'pending'): void {
    const { messageClass: itemClass, subject, body, from, to, tag } = note;
    const usual = { importance: 'Normal', sensitivity: 'Normal', cc: [], bcc: [] } as const;
    const content = {
      itemClass,
      subject,
      body,
      from,
      to,
      ...usual,
      internetMessageId: '<a@b>',
      properties: [{ path, value: tag }],
    };
    this.mailbox.store(this.mailbox.folder(folder), content, state);
  }
}

/** Sends in every way that the transport has, and holds each verdict against what the mailboxes hold. */
async function check(omits: readonly Omission[]): Promise<ExchangeSimulator['journal']> {
  for (const kind of ['by-name', 'distinguished'] as const) await checkDelivery(await Scene.start(omits, kind));
  const scene = await Scene.start(omits, 'absent');
  await checkDelivery(scene);
  await checkProbes(scene);
  await checkRefusals(scene);
  return scene.server.journal;
}

async function checkDelivery(scene: Scene): Promise<void> {
  const outcomes: string[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const note = scene.note();
    const outcome = await scene.deliver(note);
    outcomes.push(outcome?.status ?? '');
    if (outcome?.status === 'delivered') expect(scene.arrived(note)).toBe(true);
    else if (outcome?.status === 'unconfirmed')
      expect(await scene.probe(note)).not.toBe(scene.arrived(note) ? 'absent' : 'found');
    else expect(scene.arrived(note)).toBe(false);
  }
  // Said in words, or gone out: a note that is deferred each time would wait for ever.
  expect(outcomes).not.toEqual(Array(4).fill('deferred'));
  await scene.transport.verify({ address: alice }, always()).catch((error: unknown) => expect(error).toHaveProperty('code'));
}

async function checkProbes(scene: Scene): Promise<void> {
  const { faults } = scene.server;
  const [lost, never, draft, pending] = [scene.note(), scene.note(), scene.note(), scene.note()];
  faults.on('CreateItem').once().lostResponse();
  await scene.deliver(lost);
  faults.on('CreateItem').once().resetBefore();
  await scene.deliver(never);
  scene.put(draft, 'drafts', 'draft');
  scene.put(pending, 'outbox', 'pending');
  for (const transport of [scene.transport, scene.another()]) {
    scene.transport = transport;
    if (scene.arrived(lost)) expect(['found', 'unknown']).toContain(await scene.probe(lost));
    expect(['absent', 'unknown']).toContain(await scene.probe(never));
    expect(['pending', 'unknown']).toContain(await scene.probe(pending));
    expect(scene.items(pending, 'outbox')).toHaveLength(1);
    if (scene.items(draft).length === 0) continue;
    const result = await scene.probe(draft);
    expect(['draft', 'draft-left', 'pending', 'unknown']).toContain(result);
    expect(scene.items(draft)).toHaveLength(result === 'draft' ? 0 : 1);
  }
  for (const item of scene.items(lost)) scene.mailbox.move(item, 'deleteditems');
  if (scene.arrived(lost)) expect(['found', 'unknown']).toContain(await scene.probe(lost));
}

async function checkRefusals(scene: Scene): Promise<void> {
  const { faults } = scene.server;
  await scene.deliver(scene.note()); // learns the folder, so that the faults strike what they are meant for
  const [denied, busy, busyItem] = [scene.note(), scene.note(), scene.note()];
  faults.on('CreateItem').once().draftOnSendAsDenied();
  const outcome = await scene.deliver(denied);
  expect(['rejected', 'unconfirmed', 'blocked']).toContain(outcome?.status);
  const left = scene.items(denied, 'drafts').length;
  if (outcome?.status === 'rejected') expect([outcome.draft, left]).toEqual(left === 0 ? ['removed', 0] : ['left', 1]);
  faults.on('CreateItem').once().serverBusy({ backOff: 5000 });
  expect(['deferred', 'unconfirmed', 'blocked']).toContain((await scene.deliver(busy))?.status);
  faults.on('CreateItem').once().serverBusy({ backOff: 5000, form: 'item' });
  expect(['deferred', 'unconfirmed', 'blocked']).toContain((await scene.deliver(busyItem))?.status);
  for (const note of [denied, busy, busyItem]) expect(scene.arrived(note)).toBe(false);
}

/** From the schema itself where it is at hand: what it makes optional in the answers that the scenes bring out. */
async function fromSchema(): Promise<readonly string[]> {
  const bodies = (await check([])).map(({ responseBody }) => responseBody).filter((body) => body.startsWith('<?xml'));
  return [...new Set(bodies.flatMap(optionalParts))].sort();
}

const parts = optionalPartsKnown ? await fromSchema() : ofAnswers;

describe('an answer without', () => {
  it.each([...parts, ...ofFaults])('%s', async (part) => {
    await check([part as Omission]);
  });

  it('two of these at once', async () => {
    const some = fc.constantFrom(...parts, ...ofFaults) as fc.Arbitrary<Omission>;
    await fc.assert(
      fc.asyncProperty(some, some, async (one, other) => {
        await check([one, other]);
      }),
      { numRuns: 12 },
    );
  });

  it('RootFolder, where nothing matches', async () => {
    await check(['FindFolderResponseMessage/RootFolder:empty']);
  });
});

it.skipIf(!optionalPartsKnown)('the list that is used without the schema is what the schema says', () => {
  expect(parts).toEqual(ofAnswers);
});
