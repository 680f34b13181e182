import type {
  AppendResult,
  Change,
  ClaimedNote,
  ClaimRequest,
  Frozen,
  NewSpoolEntry,
  Settlement,
  SpoolEntry,
  SpoolState,
  SpoolStorage,
} from '../../spool/contract.ts';
import type { Place } from '../../transport/contract.ts';
import { equal, present } from './assert.ts';
import type { CreateSpoolHarness, SpoolHarness } from './harness.ts';

/** How a test is set up. */
export interface TestOptions {
  /** Whether its storage is open. @default true */
  readonly open?: boolean;
}

/** Registers one test; `body` gets a scene of its own. */
export type Test = (name: string, body: (scene: Scene) => Promise<void>, options?: TestOptions) => void;

export const reason = { code: 'EWS_ERROR', text: 'The server said no.', serverCode: 'ErrorInternalServerError' } as const;

/** An open storage, with short methods for what the tests do with it. Entries are due at once unless a test says otherwise. */
export class Scene {
  readonly harness: SpoolHarness;
  storage: SpoolStorage;
  /** Where attempts go; a test may change it between claims. */
  place: Place = { endpoint: 'https://mail.contoso.test/ews', mailbox: 'alice@contoso.test', folder: 'history' };
  /** The arguments of each call of `freeze`. */
  readonly frozen: { readonly members: readonly string[]; readonly previous: Frozen | undefined }[] = [];
  #made = 0;

  private constructor(harness: SpoolHarness) {
    this.harness = harness;
    this.storage = harness.storage;
  }

  static async over(create: CreateSpoolHarness): Promise<Scene> {
    return new Scene(await create());
  }

  /** That many units in ms. */
  units(count: number): number {
    return count * this.harness.unit;
  }

  async advance(units: number): Promise<void> {
    await this.harness.advance(this.units(units));
  }

  /** Tombstones are kept for 20 units. */
  open(): Promise<void> {
    return this.storage.open({ clock: this.harness.clock, tombstones: this.units(20) });
  }

  /** State of an entry that was being delivered when the process restarted: a storage of one process knows that no one is working on it any more. */
  get afterRestart(): 'delivering' | 'unconfirmed' {
    return this.storage.capabilities.shared ? 'delivering' : 'unconfirmed';
  }

  /** Closes and reopens the storage, as a restart of the process does. */
  async reopen(): Promise<void> {
    await this.storage.close();
    this.storage = await this.harness.reopen();
    await this.open();
  }

  async jumpWall(ms: number): Promise<void> {
    const jump = present(this.harness.jumpWall?.bind(this.harness), 'harness.jumpWall (or skip the subject)');
    await jump(ms);
  }

  /** A new entry with the same id as its message. */
  entry(id: string, parts: Partial<NewSpoolEntry> = {}): NewSpoolEntry {
    const recipients = parts.message?.to ?? [{ address: 'bob@contoso.test', name: 'Bob' }];
    return {
      id,
      messageId: id,
      contentHash: `hash of ${id}`,
      lane: 'alice@contoso.test',
      conversationId: 'c',
      audience: 'same-organization',
      recipientsKey: recipients.map(({ address }) => address).join(),
      messageClass: 'IPM.Note.Microsoft.Missed',
      weight: 100,
      pickupIn: 0,
      expiresIn: this.units(10_000),
      message: {
        from: { sip: 'sip:alice@contoso.test', mailbox: { address: 'alice@contoso.test', name: 'Alice' } },
        to: recipients,
        text: `text of ${id} \u{1F600} \u05E9`,
        sentAt: Date.UTC(2016, 5, 14, 11),
      },
      ...parts,
    };
  }

  /** Appends new entries in the order of the arguments. */
  async append(...entries: readonly (NewSpoolEntry | string)[]): Promise<readonly AppendResult[]> {
    const made = entries.map((one) => (typeof one === 'string' ? this.entry(one) : one));
    const results = await this.storage.append(made);
    for (const result of results) equal(result.status, 'appended', `status of the append of ${result.messageId}`);
    return results;
  }

  claim(parts: Partial<ClaimRequest> = {}): Promise<readonly ClaimedNote[]> {
    return this.storage.claim({
      kind: 'deliver',
      limit: 100,
      perLane: 100,
      lease: this.units(1_000),
      owner: 'this run',
      maxEntries: 100,
      maxBytes: 100_000,
      newNoteId: () => `note-${++this.#made}`,
      freeze: (members, previous) => {
        this.frozen.push({ members: members.map(({ id }) => id), previous });
        const first = present(members[0], 'the first member of a note to freeze');
        const { messageClass, subject, wording } = previous ?? {
          messageClass: first.messageClass,
          subject: `subject of ${first.id}`,
          wording: 1,
        };
        return { messageClass, subject, wording, place: this.place };
      },
      ...parts,
    });
  }

  /** The one note that can be claimed now. */
  async claimOne(parts: Partial<ClaimRequest> = {}): Promise<ClaimedNote> {
    const notes = await this.claim(parts);
    equal(notes.length, 1, `notes claimed to ${parts.kind ?? 'deliver'}`);
    return present(notes[0], 'the note');
  }

  async claimNone(parts: Partial<ClaimRequest>, why: string): Promise<void> {
    equal((await this.claim(parts)).map(idsOf), [], `nothing may be claimed to ${parts.kind ?? 'deliver'}: ${why}`);
  }

  probeOne(parts: Partial<ClaimRequest> = {}): Promise<ClaimedNote> {
    return this.claimOne({ kind: 'probe', ...parts });
  }

  /** Settles with a valid token. */
  async settle(settlement: Settlement): Promise<readonly Change[]> {
    const { lost, changes } = await this.storage.settle([settlement]);
    equal(lost, [], `settling as ${settlement.to}: tokens lost`);
    return changes;
  }

  /** Settles with a stale token. */
  async settleLost(settlement: Settlement): Promise<readonly Change[]> {
    const { lost, changes } = await this.storage.settle([settlement]);
    equal(lost, [settlement.token], `settling as ${settlement.to} with an old token: tokens lost`);
    return changes;
  }

  async get(id: string): Promise<SpoolEntry> {
    return present(await this.storage.get(id), `entry ${id}`);
  }

  async expectState(id: string, state: SpoolState): Promise<SpoolEntry> {
    const entry = await this.get(id);
    equal(entry.state, state, `state of ${id}`);
    return entry;
  }

  /** Advances the clock until something is due. */
  async untilDue(): Promise<void> {
    const due = present(await this.storage.nextDue(), 'what is due next');
    if (due > 0) await this.harness.advance(due);
  }
}

export function idsOf(note: ClaimedNote): string[] {
  return note.entries.map(({ id }) => id);
}

/** The states before and after, by entry. */
export function arcs(changes: readonly Change[]): string[] {
  return changes.map(({ entryId, from, to }) => `${entryId}: ${from} → ${to}`);
}
