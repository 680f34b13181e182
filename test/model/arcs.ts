import type { ClaimedNote, Settlement, SpoolState } from '../../src/spool/contract.ts';

/** Where an entry can be seen; `gone`: purged, or its tombstone has expired. */
export type ModelState = SpoolState | 'gone';

/** What the model knew of an entry before the operations under judgement. */
interface Before {
  readonly state: ModelState;
  readonly cancelRequested: boolean;
  readonly mayHaveBeenSent: boolean;
  /** Its state before the current claim. */
  readonly beforeClaim: readonly SpoolState[];
}

export type Arc = readonly [from: ModelState, to: ModelState];

/** One storage operation as the model sees it: the arcs of the table along which it may have moved an entry. */
export interface Operation {
  readonly name: string;
  readonly entryIds: readonly string[] | 'any';
  arcs(before: Before): readonly Arc[];
}

const operation = (name: string, entryIds: Operation['entryIds'], arcs: Operation['arcs']): Operation => ({
  name,
  entryIds,
  arcs,
});

/** The state table of the design, row by row, and nothing else. */
export const operations = {
  append: (ids: readonly string[]) => operation('append', ids, () => [['gone', 'spooled']]),

  claim: (note: ClaimedNote, kind: 'deliver' | 'probe') =>
    operation(
      `claim:${kind}`,
      note.entries.map(({ id }) => id),
      () =>
        kind === 'deliver'
          ? [
              ['spooled', 'delivering'],
              ['deferred', 'delivering'],
            ]
          : [],
    ),

  /** Possible results of a claim whose process died during it. */
  maybeClaimed: [
    operation('maybe claimed', 'any', () => [
      ['spooled', 'delivering'],
      ['deferred', 'delivering'],
      ['delivering', 'unconfirmed'],
    ]),
  ],

  maybeExpired: [operation('maybe expired', 'any', (before) => expireArcs(before))],

  /** The process that worked on it is gone, or its lease has expired. */
  lapse: (ids: readonly string[]) => operation('lapse', ids, () => [['delivering', 'unconfirmed']]),

  settle: (settlement: Settlement, kind: 'deliver' | 'probe', ids: readonly string[]) =>
    operation(settlementName(settlement), ids, (before) => settleArcs(settlement, kind, ids.length, before)),

  /** Exchange accepted it after all. */
  deliveredLate: (ids: readonly string[]) =>
    operation('delivered late', ids, ({ state }) => (state === 'gone' ? [] : [[state, 'delivered']])),

  expire: (ids: readonly string[]) => operation('expire', ids, (before) => expireArcs(before)),

  hold: (ids: readonly string[]) =>
    operation('hold', ids, () => [
      ['spooled', 'held'],
      ['deferred', 'held'],
    ]),

  release: (ids: readonly string[]) =>
    operation('release', ids, ({ mayHaveBeenSent }) => [['held', mayHaveBeenSent ? 'unconfirmed' : 'spooled']]),

  cancel: (ids: readonly string[]) =>
    operation('cancel', ids, () => [
      ['spooled', 'cancelled'],
      ['deferred', 'cancelled'],
      ['held', 'cancelled'],
      ['dead', 'cancelled'],
    ]),

  requeue: (ids: readonly string[], force: boolean) =>
    operation(force ? 'requeue:force' : 'requeue', ids, ({ mayHaveBeenSent }) => [
      ['dead', mayHaveBeenSent && !force ? 'unconfirmed' : 'spooled'],
    ]),

  purge: (ids: readonly string[]) =>
    operation('purge', ids, () => [
      ['delivered', 'gone'],
      ['dead', 'gone'],
      ['cancelled', 'gone'],
    ]),
} as const;

function expireArcs({ mayHaveBeenSent }: Before): readonly Arc[] {
  return [
    ['spooled', mayHaveBeenSent ? 'unconfirmed' : 'dead'],
    ['deferred', mayHaveBeenSent ? 'unconfirmed' : 'dead'],
    // Long after its expiry.
    ['unconfirmed', 'dead'],
  ];
}

/** `settle:dead:no`, `settle:deferred:unknown`, `settle:held` */
function settlementName(settlement: Settlement): string {
  if (settlement.to === 'dead') return `settle:dead:${settlement.sent}`;
  return settlement.to === 'deferred' && settlement.sent === 'unknown' ? 'settle:deferred:unknown' : `settle:${settlement.to}`;
}

function settleArcs(
  settlement: Settlement,
  kind: 'deliver' | 'probe',
  members: number,
  { cancelRequested, beforeClaim }: Before,
): readonly Arc[] {
  const from = kind === 'deliver' ? 'delivering' : 'unconfirmed';
  const unlessCancelled = (to: SpoolState): readonly Arc[] => [[from, cancelRequested ? 'cancelled' : to]];
  switch (settlement.to) {
    case 'delivered':
      return [[from, 'delivered']];
    case 'deferred':
      // Resent blindly: whether it had been sent stays unknown.
      return settlement.sent === 'unknown' ? [[from, cancelRequested ? 'dead' : 'deferred']] : unlessCancelled('deferred');
    case 'unconfirmed':
      return [[from, 'unconfirmed']];
    case 'dead':
      return settlement.sent === 'no' ? unlessCancelled('dead') : [[from, 'dead']];
    case 'held':
      return kind === 'deliver' ? unlessCancelled('held') : [];
    case 'cancelled':
      return kind === 'deliver' ? [[from, 'cancelled']] : [];
    case 'split':
      return kind === 'deliver' && members > 1 ? unlessCancelled('spooled') : [];
    case 'unclaim':
      return kind === 'probe' ? [] : beforeClaim.flatMap(unlessCancelled);
  }
}
