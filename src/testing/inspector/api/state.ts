import { property } from '../../../core/errors/thrown.ts';
import type { Fault } from '../../simulator/faults/fault.ts';
import type { FaultHandle, FaultSelector } from '../../simulator/faults/fault-book.ts';
import type { ExchangeSnapshot, SimulatedExchange } from '../../simulator/simulated-exchange.ts';
import { type ApiCall, ApiError, type ApiRoute, notFound } from './route.ts';
import { faultShape } from './shapes.ts';

/** Numbers that the API gives to what has none: the same thing has the same number as long as it lives. */
class Numbers<T extends object> {
  readonly #numbers = new WeakMap<T, number>();
  #last = 0;

  of(thing: T): number {
    const number = this.#numbers.get(thing) ?? ++this.#last;
    this.#numbers.set(thing, number);
    return number;
  }
}

const faultNumbers = new Numbers<FaultHandle>();
const snapshotNumbers = new Numbers<ExchangeSnapshot>();
/** Snapshots of each exchange, until somebody deletes them. */
const snapshots = new WeakMap<SimulatedExchange, Map<number, ExchangeSnapshot>>();

function snapshotsOf({ exchange }: ApiCall): Map<number, ExchangeSnapshot> {
  const kept = snapshots.get(exchange) ?? new Map<number, ExchangeSnapshot>();
  snapshots.set(exchange, kept);
  return kept;
}

const shapeOf = (id: number, { takenAt }: ExchangeSnapshot): object => ({ id, takenAt: takenAt.toISOString() });

function clockShape({ core }: ApiCall): object {
  const { clock } = core.exchange;
  return { now: new Date(clock.now()).toISOString(), isManual: typeof property(clock, 'advance') === 'function' };
}

/** Faults, the clock, and the exchange as a whole. */
export const stateRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/faults',
    operationId: 'listFaults',
    summary: 'The faults that are set, oldest first.',
    status: 200,
    answer: 'Faults',
    run: ({ exchange }) => ({ json: { faults: exchange.faults.list().map((one) => faultShape(faultNumbers.of(one), one)) } }),
  },
  {
    method: 'POST',
    path: '/faults',
    operationId: 'addFault',
    summary: 'Sets a fault; without conditions it strikes every request of its operation until it is removed.',
    body: 'NewFault',
    status: 201,
    answer: 'SetFault',
    run({ exchange, body }) {
      const { selector, fault } = body as { selector: FaultSelector; fault: Fault };
      const handle = exchange.faults.add(selector, fault);
      return { json: faultShape(faultNumbers.of(handle), handle) };
    },
  },
  {
    method: 'DELETE',
    path: '/faults',
    operationId: 'clearFaults',
    summary: 'Removes all faults.',
    status: 204,
    run: ({ exchange }) => void exchange.faults.clear(),
  },
  {
    method: 'DELETE',
    path: '/faults/{id}',
    operationId: 'removeFault',
    summary: 'Removes a fault.',
    status: 204,
    errors: [404],
    run({ exchange, path }) {
      const found = exchange.faults.list().find((one) => String(faultNumbers.of(one)) === path.id);
      if (found === undefined) throw notFound(`fault ${path.id}`);
      found.remove();
      return undefined;
    },
  },
  {
    method: 'POST',
    path: '/seed',
    operationId: 'seed',
    summary: 'Stores items in many mailboxes: all of them, or none if one is invalid.',
    body: 'Seed',
    status: 204,
    async run({ exchange, body }) {
      await exchange.load(body as Parameters<typeof exchange.load>[0]);
      return undefined;
    },
  },
  {
    method: 'POST',
    path: '/reset',
    operationId: 'reset',
    summary: 'Resets it: no items, faults, subscriptions or journal. Mailboxes, tokens and snapshots stay.',
    status: 204,
    run: ({ exchange }) => void exchange.reset(),
  },
  {
    method: 'GET',
    path: '/snapshots',
    operationId: 'listSnapshots',
    summary: 'The snapshots that can be restored.',
    status: 200,
    answer: 'Snapshots',
    run: (call) => ({ json: { snapshots: [...snapshotsOf(call)].map(([id, one]) => shapeOf(id, one)) } }),
  },
  {
    method: 'POST',
    path: '/snapshots',
    operationId: 'takeSnapshot',
    summary: 'Takes a snapshot of everything.',
    status: 201,
    answer: 'Snapshot',
    run(call) {
      const snapshot = call.exchange.snapshot();
      const id = snapshotNumbers.of(snapshot);
      snapshotsOf(call).set(id, snapshot);
      return { json: shapeOf(id, snapshot) };
    },
  },
  {
    method: 'POST',
    path: '/snapshots/{id}/restore',
    operationId: 'restoreSnapshot',
    summary: 'Restores a snapshot, any number of times.',
    status: 204,
    errors: [404],
    run(call) {
      const snapshot = snapshotsOf(call).get(Number(call.path.id));
      if (snapshot === undefined) throw notFound(`snapshot ${call.path.id}`);
      call.exchange.restore(snapshot);
      return undefined;
    },
  },
  {
    method: 'DELETE',
    path: '/snapshots/{id}',
    operationId: 'deleteSnapshot',
    summary: 'Deletes a snapshot.',
    status: 204,
    errors: [404],
    run(call) {
      if (!snapshotsOf(call).delete(Number(call.path.id))) throw notFound(`snapshot ${call.path.id}`);
      return undefined;
    },
  },
  {
    method: 'GET',
    path: '/clock',
    operationId: 'getClock',
    summary: 'The time of the simulator.',
    status: 200,
    answer: 'Clock',
    run: (call) => ({ json: clockShape(call) }),
  },
  {
    method: 'POST',
    path: '/clock',
    operationId: 'moveClock',
    summary: 'Moves a manual clock (`--clock manual`); what falls due in between happens before the response.',
    body: 'MoveClock',
    status: 200,
    answer: 'Clock',
    errors: [409],
    async run(call) {
      const { clock } = call.core.exchange;
      const { advance, now } = call.body as { advance?: number; now?: string };
      const [move, set] = [property(clock, 'advance'), property(clock, 'setWall')];
      if (typeof move !== 'function' || typeof set !== 'function') {
        throw new ApiError(
          409,
          'CLOCK_NOT_MANUAL',
          'The simulator uses the machine’s clock. Start it with a ManualClock, or with --clock manual.',
        );
      }
      if (now !== undefined) {
        if (Number.isNaN(Date.parse(now)))
          throw new ApiError(400, 'REQUEST_INVALID', 'now is invalid; expected a date and time.');
        set.call(clock, Date.parse(now));
      }
      if (advance !== undefined) await move.call(clock, advance);
      return { json: clockShape(call) };
    },
  },
];
