import type { Clock } from '../../src/core/clock.ts';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { SimulatorCore } from '../../src/testing/simulator/core.ts';
import type { SimulatedItem } from '../../src/testing/simulator/store/item.ts';
import { messageFlag } from '../../src/testing/simulator/store/message-flags.ts';
import type { Note, Transport } from '../../src/transport/contract.ts';
import { routeByMailbox } from '../../src/transport/route-by-mailbox.ts';
import { tagPropertyName, tagPropertySet } from '../../src/transport/tag-property.ts';
import { secretMarker } from '../model/messages.ts';
import type { Caller, LeftDraft, OnWrite, Server } from '../model/server.ts';
import type { Watched } from '../model/table-watcher.ts';
import { type Arrival, Wire } from './wire.ts';

/** The transport of the notes; `both`: by mailbox. */
export type Way = 'ews' | 'graph' | 'both';

const token = `${secretMarker}-token`;
const login = { username: 'service', password: secretMarker };

const mailboxes = ['alice', 'dave', 'erin', 'bob', 'carol'].map((name) => `${name}@contoso.com`);

/**
 * The Exchange simulator, with our real transports over a {@link Wire}. Sent notes are read from the mailboxes, by the text of
 * their messages: nothing that a transport or a tag says is trusted.
 */
export class SimulatedServer implements Server {
  readonly violations: string[] = [];
  readonly absences = new Map<string, number>();
  readonly core: SimulatorCore;
  readonly wire: Wire;
  onWrite: OnWrite = () => undefined;
  /** A fault that the oracle must detect: a probe reports every note as absent. */
  takesAllForAbsent = false;
  readonly #clock: Clock;
  readonly #way: Way;
  /** Notes given to a transport, by tag. */
  readonly #given = new Map<string, Note>();
  readonly #written: Note[] = [];
  /** Attempts of which the server kept a copy, but sent nothing. */
  readonly #keptOnly = new Set<string>();
  /** When the server carried out or refused each attempt, as an increasing number. */
  readonly #accepted = new Map<string, number>();
  #requests = 0;
  /** Attempts that stay in Drafts until the server continues with them. */
  readonly #onTheirWay = new Set<string>();
  #site = 0;

  constructor(clock: Clock, way: Way) {
    this.#clock = clock;
    this.#way = way;
    this.core = new SimulatorCore({
      mailboxes: [...mailboxes, 'felix@fabrikam.com'],
      organization: ['contoso.com'],
      credentials: login,
      tokens: [{ token, login: login.username }],
      journal: { entries: 200 },
      clock,
    });
    this.wire = new Wire(this.core, clock, {
      written: (arrival, caller) => this.#write(arrival, caller),
      processed: (arrival) => this.#look(arrival),
    });
  }

  transportFor(caller: Caller): Transport {
    const inner = this.#transport(this.wire.fetchFor(caller));
    const { name, requestTimeout } = inner;
    return {
      name,
      requestTimeout,
      placeOf: (from) => inner.placeOf(from),
      canProbe: (place) => inner.canProbe?.(place) ?? true,
      minimumGrace: (place) => inner.minimumGrace?.(place) ?? 0,
      deliver: (notes, options) => {
        for (const note of notes) this.#given.set(note.tag, note);
        return inner.deliver(notes, options);
      },
      probe: async (notes, options) => {
        const results = this.takesAllForAbsent
          ? notes.map(() => ({ status: 'absent' as const }))
          : await inner.probe(notes, options);
        for (const [index, { status }] of results.entries()) {
          if (status !== 'absent') continue;
          for (const { tag } of notes[index]?.unknownAttempts ?? []) this.absences.set(tag, (this.absences.get(tag) ?? 0) + 1);
        }
        return results;
      },
      close: async () => inner.close?.(),
    };
  }

  timesSent(watched: Watched): number {
    return this.#arrived(watched).length + this.#leaving(watched);
  }

  isTagUsed(tag: string): boolean {
    return this.#items().some((item) => tagOf(item) === tag);
  }

  inOrder(entries: Iterable<Watched>): readonly string[] {
    const copies = this.#items().filter((item) => item.isFromMe && !isUnsent(item));
    const accepted = [...entries].flatMap(({ id, text, entry }) =>
      copies
        .filter((copy) => copy.mailbox === entry.lane && text !== '' && copy.body.content.includes(text))
        .filter((copy) => this.#given.get(tagOf(copy) ?? '')?.entryIds.includes(id))
        .map((copy) => ({ id, at: this.#accepted.get(tagOf(copy) ?? '') ?? 0, within: copy.body.content.indexOf(text) })),
    );
    return accepted.toSorted((a, b) => a.at - b.at || a.within - b.within).map(({ id }) => id);
  }

  /** Our drafts, without items that Exchange has accepted and keeps in Drafts itself. */
  draftsLeft(): readonly LeftDraft[] {
    return this.#items()
      .filter((item) => isUnsent(item) && item.folder !== 'deleteditems')
      .map((item) => tagOf(item) ?? '')
      .filter((tag) => !this.#onTheirWay.has(tag))
      .map((tag) => ({ tag, entryIds: this.#given.get(tag)?.entryIds ?? [] }));
  }

  /** Nobody received a note not addressed to them, and no attempt was carried out twice. */
  inspect(entries: Iterable<Watched>): void {
    const items = this.#items();
    // Each audience of a message has an entry of its own.
    const welcome = new Map<string, Set<string>>();
    for (const { text, entry } of entries) {
      const addresses = [entry.lane, ...entry.to.map(({ address }) => address.toLowerCase())];
      if (text !== '') welcome.set(text, new Set([...(welcome.get(text) ?? []), ...addresses]));
    }
    for (const [text, addresses] of welcome) {
      for (const { mailbox, body } of items) {
        if (!addresses.has(mailbox) && body.content.includes(text))
          this.violations.push(`${text} lies in the mailbox of ${mailbox}`);
      }
    }
    const tags = items.filter(({ isFromMe }) => isFromMe).map(tagOf);
    for (const tag of new Set(tags)) {
      if (tag !== undefined && tags.filter((one) => one === tag).length > 1) this.violations.push(`${tag} was carried out twice`);
    }
  }

  mayHaveKeptOnly(entryId: string): boolean {
    return [...this.#keptOnly].some((tag) => this.#given.get(tag)?.entryIds.includes(entryId));
  }

  history(): string[] {
    const asked = this.core.journal.entries.map(
      ({ at, operation, outcome, responseCodes, fault, mailbox }) =>
        `${at.toISOString()} ${operation} for ${mailbox}: ${outcome} ${responseCodes.join(' ')} ${fault ?? ''}`,
    );
    const items = this.#items().map(
      (item) =>
        `${item.mailbox}/${item.folder}: ${tagOf(item)} ${item.isDraft ? 'unsent ' : ''}${item.body.content.match(/§text§[\w ]+/g)?.join(' ')}`,
    );
    return [...asked, 'in the mailboxes:', ...items];
  }

  calm(): void {
    this.core.faults.clear();
    this.wire.passages.length = 0;
  }

  move(): void {
    this.#site += 1;
  }

  #transport(fetch: typeof globalThis.fetch): Transport {
    const root = `https://exchange-${this.#site}.test`;
    const ews = new EwsTransport({
      url: `${root}/EWS/Exchange.asmx`,
      credentials: basicAuth(login),
      fetch,
      clock: this.#clock,
    });
    const graph = new GraphTransport({ root, credential: async () => ({ token }), fetch, clock: this.#clock });
    switch (this.#way) {
      case 'ews':
        return ews;
      case 'graph':
        return graph;
      case 'both':
        return routeByMailbox({
          of: (address) => (address.startsWith('alice') ? 'exchange-online' : 'on-premises'),
          transports: { 'exchange-online': graph, 'on-premises': ews },
        });
    }
  }

  #write(arrival: Arrival, caller: Caller): void {
    for (const note of this.#notesIn(arrival)) {
      if (caller.isStopping()) this.violations.push(`${note.tag} is written after stop()`);
      this.onWrite(note, this.#written);
      this.#written.push(note);
    }
  }

  #look(arrival: Arrival): void {
    const fault = this.core.journal.entries.findLast(({ requestBody }) => requestBody === arrival.body)?.fault;
    const notes = this.#notesIn(arrival).toSorted((a, b) => arrival.body.indexOf(a.tag) - arrival.body.indexOf(b.tag));
    for (const { tag } of notes) {
      this.#accepted.set(tag, ++this.#requests);
      if (fault === 'copyStoredSendFailed') this.#keptOnly.add(tag);
      if (fault === 'staysInDrafts') this.#onTheirWay.add(tag);
    }
  }

  /** The notes sent by a request. */
  #notesIn({ path, body }: Arrival): readonly Note[] {
    if (!/\/sendMail$/i.test(path) && !body.includes('CreateItem ')) return [];
    return [...this.#given.values()].filter(({ tag }) => carries(body, tag));
  }

  /** Copies with one of its recipients: the one with most copies. */
  #arrived({ text, entry }: Watched): readonly SimulatedItem[] {
    if (text === '') return [];
    const copies = entry.to.map(({ address }) =>
      this.#items().filter((item) => item.mailbox === address.toLowerCase() && item.body.content.includes(text)),
    );
    return copies.reduce((most, some) => (some.length > most.length ? some : most), []);
  }

  /** Accepted by the server, but not yet sent. */
  #leaving({ id, text, entry }: Watched): number {
    if (text === '') return 0;
    return this.#items().filter((item) => {
      const leaves = item.isDraft && !isUnsent(item);
      const waits = item.folder === 'drafts' && this.#onTheirWay.has(tagOf(item) ?? '');
      const isIts = this.#given.get(tagOf(item) ?? '')?.entryIds.includes(id) === true;
      return item.mailbox === entry.lane && (leaves || waits) && isIts;
    }).length;
  }

  #items(): readonly SimulatedItem[] {
    return [...this.core.exchange.registry.items.values()];
  }
}

/** The tag of the first attempt is a prefix of that of the tenth. */
function carries(body: string, tag: string): boolean {
  const at = body.indexOf(tag);
  return at >= 0 && !/\d/.test(body.charAt(at + tag.length));
}

function tagOf(item: SimulatedItem): string | undefined {
  return item.property(tagPropertySet, tagPropertyName);
}

/** A draft that was not submitted. */
function isUnsent({ messageFlags }: SimulatedItem): boolean {
  return (messageFlags & messageFlag.unsent) !== 0 && (messageFlags & messageFlag.submitted) === 0;
}
