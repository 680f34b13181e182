/**
 * A simulated server with distorted responses, all requests of the transport, and each verdict compared with the content of the
 * mailboxes: nothing false is claimed about sent notes, and no note waits forever without a reason.
 */
import { expect } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import {
  createExchange,
  ManualClock,
  type Omission,
  type SimulatedExchange,
  type SimulatedItem,
  type SimulatedMailbox,
} from '../../../src/testing.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../../../src/transport/contract.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { type Bend, bentXml } from './bent-xml.ts';
import { always, makeNote } from './note.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
const path = { type: 'String', set: 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147', name: 'OfflineImTag' } as const;

/** How responses are distorted: what the server omits, and what happens to them in transit. */
export interface Bent {
  readonly omits?: readonly Omission[];
  /** A response with status 200 or 500, as text. */
  readonly on?: (answer: string) => string;
}

let exchange: SimulatedExchange | undefined;
/** For `afterEach`. */
export async function closeScene(): Promise<void> {
  await exchange?.close();
  exchange = undefined;
}

/** A server that omits something, and a mailbox whose items are ten minutes old. */
class Scene {
  readonly server: SimulatedExchange;
  readonly mailbox: SimulatedMailbox;
  readonly #on: Bent['on'];
  readonly #verdicts: string[];
  transport: EwsTransport;
  #count = 0;

  private constructor(server: SimulatedExchange, { on }: Bent, verdicts: string[]) {
    this.server = server;
    this.#verdicts = verdicts;
    this.#on = on;
    this.mailbox = server.mailbox(alice);
    this.transport = this.another();
  }

  static async start(
    bent: Bent,
    conversationHistory: 'absent' | 'by-name' | 'distinguished',
    verdicts: string[],
  ): Promise<Scene> {
    await exchange?.close();
    // Without an HTTP server: there are thousands of requests, and connections are tested elsewhere.
    const server = createExchange({
      clock: new ManualClock(Date.now() - 600_000),
      mailboxes: [{ address: alice, password: 'p' }, bob],
      profile: { conversationHistory, omits: bent.omits ?? [] },
    });
    exchange = server;
    return new Scene(server, bent, verdicts);
  }

  another(): EwsTransport {
    const credentials = basicAuth({ username: alice, password: 'p' });
    const on = this.#on;
    const { url, fetch } = this.server;
    if (on === undefined) return new EwsTransport({ url, credentials, clock: hastyClock, fetch });
    const bending: typeof globalThis.fetch = async (...request) => {
      const { status, headers, ...response } = await fetch(...request).then(async (answer) => ({
        status: answer.status,
        headers: answer.headers,
        text: await answer.text(),
      }));
      return new Response(response.text.includes('<') ? on(response.text) : response.text, { status, headers });
    };
    return new EwsTransport({ url, credentials, clock: hastyClock, fetch: bending });
  }

  note(): Note {
    this.#count += 1;
    return makeNote(this.transport, this.#count);
  }

  async deliver(note: Note): Promise<DeliveryOutcome | undefined> {
    const [outcome] = await this.transport.deliver([note], always());
    this.#verdicts.push(outcome?.status ?? 'none');
    // However odd, it is an envelope: no other mailbox is closed because of it.
    if (outcome?.status !== 'delivered' && outcome?.error.code.startsWith('RESPONSE_'))
      expect(outcome.scope).not.toBe('endpoint');
    return outcome;
  }

  async probe(note: Note): Promise<ProbeResult['status'] | 'draft-left' | undefined> {
    const asked = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    const result = (await this.transport.probe([asked], always()))[0];
    const verdict = result?.status === 'draft' && !result.removed ? 'draft-left' : result?.status;
    this.#verdicts.push(verdict ?? 'none');
    return verdict;
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

export interface Checked {
  /** Of the last of the servers. */
  readonly journal: SimulatedExchange['journal'];
  /** Of every delivery and probe, in order. */
  readonly verdicts: readonly string[];
}

/** Sends in every way that the transport has, and compares each verdict with the content of the mailboxes. */
export async function check(bent: Bent): Promise<Checked> {
  const verdicts: string[] = [];
  for (const kind of ['by-name', 'distinguished'] as const) await checkDelivery(await Scene.start(bent, kind, verdicts));
  const scene = await Scene.start(bent, 'absent', verdicts);
  await checkDelivery(scene);
  await checkProbes(scene);
  await checkRefusals(scene);
  return { journal: scene.server.journal, verdicts };
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
  // Reported, or sent: a note that is deferred each time would wait forever.
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
    // If neither the response to DeleteItem nor another search can be read, it is unknown.
    if (result !== 'unknown') expect(scene.items(draft)).toHaveLength(result === 'draft' ? 0 : 1);
  }
  for (const item of scene.items(lost)) scene.mailbox.move(item, 'deleteditems');
  if (scene.arrived(lost)) expect(['found', 'unknown']).toContain(await scene.probe(lost));
}

/** Three notes in one request, one of them with an odd response, and then an odd copy: the others are not affected. */
export async function checkOneOfThree({ answer, item }: { readonly answer?: Bend; readonly item?: Bend }): Promise<void> {
  let odd: Note | undefined;
  const on = (text: string): string => {
    if (text.includes('CreateItemResponse>') && answer !== undefined) return bentXml(text, [{ ...answer, nth: 1 }]);
    return item === undefined || odd === undefined ? text : bentXml(text, [{ ...item, of: odd.tag }]);
  };
  const scene = await Scene.start({ on }, 'distinguished', []);
  const notes = [scene.note(), scene.note(), scene.note()];
  odd = notes[1];
  const outcomes = await scene.transport.deliver(notes, always());
  expect(notes.map((note) => scene.arrived(note))).toEqual([true, true, true]);
  expect([outcomes[0]?.status, outcomes[2]?.status]).toEqual(['delivered', 'delivered']);
  expect(['delivered', 'unconfirmed']).toContain(outcomes[1]?.status);
  const asked = notes.map((note) => ({ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }));
  const results = await scene.transport.probe(asked, always());
  expect([results[0]?.status, results[2]?.status]).toEqual(['found', 'found']);
  expect(['found', 'unknown']).toContain(results[1]?.status);
}

async function checkRefusals(scene: Scene): Promise<void> {
  const { faults } = scene.server;
  await scene.deliver(scene.note()); // Learns the folder, so that the faults hit the intended requests.
  const [denied, busy, busyItem] = [scene.note(), scene.note(), scene.note()];
  faults.on('CreateItem').once().draftOnSendAsDenied();
  const outcome = await scene.deliver(denied);
  expect(['rejected', 'unconfirmed', 'blocked']).toContain(outcome?.status);
  const left = scene.items(denied, 'drafts').length;
  // A draft reported as left although it is gone is a false alarm, if a response could not be read.
  if (outcome?.status === 'rejected') expect(left === 0 ? ['removed', 'left'] : ['left']).toContain(outcome.draft);
  faults.on('CreateItem').once().serverBusy({ backOff: 5000 });
  expect(['deferred', 'unconfirmed', 'blocked']).toContain((await scene.deliver(busy))?.status);
  faults.on('CreateItem').once().serverBusy({ backOff: 5000, form: 'item' });
  expect(['deferred', 'unconfirmed', 'blocked']).toContain((await scene.deliver(busyItem))?.status);
  for (const note of [denied, busy, busyItem]) expect(scene.arrived(note)).toBe(false);
}
