/** The parts of a loop, with a scripted storage and transport. */
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { Complaints } from '../../src/core/host-calls.ts';
import type { Trace } from '../../src/observability/trace.ts';
import type { Change, ClaimedNote, Settlement, SpoolEntry, SpoolStorage } from '../../src/spool/contract.ts';
import type { Places } from '../../src/spooler/answers.ts';
import { type Batch, workOn } from '../../src/spooler/batch.ts';
import type { SpoolerContext } from '../../src/spooler/context.ts';
import { Lanes } from '../../src/spooler/lanes/lanes.ts';
import { Leases, ProbeHistories } from '../../src/spooler/leases.ts';
import { type SpoolerOptions, spoolerSettings } from '../../src/spooler/options.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { newEntry } from '../support/spool-entries.ts';

export const lane = 'alice@contoso.com';
export const place = { endpoint: 'https://exchange.test', mailbox: lane, folder: 'history' };
export const failed = new OfflineImError('EWS_ERROR', 'It failed.');

/** A message that is being delivered. */
export function entry(id: string): SpoolEntry {
  const { message, pickupIn: _pickupIn, expiresIn: _expiresIn, ...given } = newEntry(id);
  const times = { acceptedAt: 0, pickupAt: 120_000, expiresAt: 9e12 };
  return {
    ...given,
    ...times,
    message,
    to: message.to,
    state: 'delivering',
    attempt: 1,
    unknownAttempts: [],
    cancelRequested: false,
  };
}

/** A note of one entry, claimed for its first delivery. */
export function note(id: string, parts: Partial<ClaimedNote> = {}): ClaimedNote {
  return {
    token: `${id}:1:deliver:1`,
    lane,
    noteId: id,
    attempt: 1,
    tag: `${id}:1`,
    frozen: { messageClass: 'IPM.Note', subject: 'Missed conversation', wording: 1, place },
    entries: [entry(`e-${id}`)],
    unknownAttempts: [],
    failures: 0,
    probes: 0,
    absences: 0,
    quietFor: 0,
    unconfirmedFor: 0,
    expired: false,
    ...parts,
  };
}

/** The context of a loop, and everything it reports. */
export function spooler(options: SpoolerOptions = {}) {
  const clock = new ManualClock();
  const transport = new FakeTransport();
  const settled: Settlement[] = [];
  const made: Change[] = [];
  const steps: [string, object][] = [];
  const warnings: Error[] = [];
  const settings = spoolerSettings(options);
  const state = { stopping: false, owns: true, lost: [] as string[], changes: [] as Change[] };
  const storage = {
    settle: async (some: readonly Settlement[]) => {
      settled.push(...some);
      return { lost: state.lost, changes: state.changes };
    },
    renew: async () => [],
    isOwner: () => state.owns,
  } as unknown as SpoolStorage;
  const trace = {
    event: (name: string, fields: object) => steps.push([name, fields]),
    step: (name: string, fields: object) => steps.push([name, fields]),
    logs: true,
    hears: () => true,
    listens: () => false,
    warn: (error: Error) => warnings.push(error),
  } as unknown as Trace;
  const leases = new Leases({ clock, storage, lease: 120_000, renewEvery: 30_000, onTrouble: () => undefined });
  const places = { canProbe: () => true, graceOf: () => undefined } as unknown as Places;
  const context: SpoolerContext = {
    clock,
    random: () => 0.5,
    options: settings,
    storage,
    transport,
    trace,
    leases,
    probes: new ProbeHistories(clock, settings),
    signal: new AbortController().signal,
    stopping: () => state.stopping,
    places,
    complaints: new Complaints((error) => warnings.push(error as Error)),
    follow: (work) => void work,
    made: (changes) => made.push(...changes),
  };
  const observer = { blocked: () => {}, resumed: () => {}, unavailable: () => {}, available: () => {} };
  const lanes = new Lanes({ clock, random: () => 0.5, options: settings, observer, endpointOf: () => 'e' });
  let freed = 0;
  const work = (kind: Batch['kind'], ...notes: ClaimedNote[]) =>
    workOn(context, lanes, {
      ...{ kind, lane, notes, claimedAt: clock.monotonic(), freed: () => freed++ },
      room: { take: () => {}, recording: (_notes, record) => record(() => {}) },
    });
  const stepsOf = (name: string) => steps.filter(([one]) => one === name).map(([, fields]) => fields);
  return {
    clock,
    transport,
    settled,
    made,
    steps,
    stepsOf,
    warnings,
    state,
    context,
    lanes,
    work,
    leases,
    places,
    freed: () => freed,
  };
}
