import type { Reason } from '../../spool/contract.ts';
import type { Circuit } from './circuit.ts';
import type { Lane } from './lane.ts';

/** What keeps a lane from being worked on, and for how many ms. */
export interface LaneStanding {
  readonly waitingFor: 'mailbox-blocked' | 'endpoint-unavailable' | 'back-off';
  /** 0: a trial may go now. */
  readonly nextIn: number;
  readonly reason: Reason | undefined;
}

interface Obstacle {
  readonly nextIn: number;
  /** For how many ms it could not be used. */
  readonly openFor: number;
  readonly reason: Reason | undefined;
}

/** What can't be used, why, and in how many ms it is tried. */
export interface Obstacles {
  readonly blocked: readonly (Obstacle & { readonly lane: string })[];
  /** `lanes`: those of its mailboxes that are known. */
  readonly unavailable: readonly (Obstacle & { readonly endpoint: string; readonly lanes: readonly string[] })[];
}

/** Of lane and endpoint the one that lasts longer; `undefined` when both may be worked on. */
export function standingOf({ circuit, endpoint }: Lane, now: number): LaneStanding | undefined {
  const own = circuitStanding(circuit, 'mailbox-blocked', now);
  const shared = circuitStanding(endpoint.circuit, 'endpoint-unavailable', now);
  if (own === undefined || shared === undefined) return own ?? shared;
  return own.nextIn > shared.nextIn ? own : shared;
}

/** Those of them whose circuit is open, each by its name under `key`. */
export function obstaclesOf<Key extends string>(
  all: Iterable<{ readonly name: string; readonly circuit: Circuit }>,
  key: Key,
  waitingFor: LaneStanding['waitingFor'],
  now: number,
): (Record<Key, string> & Obstacle)[] {
  return [...all].flatMap(({ name, circuit }) => {
    const standing = circuit.openSince === undefined ? undefined : circuitStanding(circuit, waitingFor, now);
    if (standing === undefined) return [];
    const { nextIn, reason } = standing;
    const openFor = now - (circuit.openSince ?? now);
    return [{ [key]: name, nextIn, reason, openFor } as Record<Key, string> & Obstacle];
  });
}

function circuitStanding(circuit: Circuit, open: LaneStanding['waitingFor'], now: number): LaneStanding | undefined {
  const nextIn = Math.max(0, (circuit.nextChange(now) ?? now) - now);
  if (circuit.openSince !== undefined) return { waitingFor: open, nextIn, reason: circuit.reason };
  return circuit.admits(now) === 'none' ? { waitingFor: 'back-off', nextIn, reason: undefined } : undefined;
}
