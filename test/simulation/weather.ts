import fc from 'fast-check';
import type { Fault } from '../../src/testing/simulator/faults/fault.ts';
import { anyCommand, type Command, command, many } from '../model/commands.ts';
import type { SimulatedServer } from './server.ts';
import type { Passage } from './wire.ts';

type Simulated = Command<SimulatedServer>;

const second = 1_000;

/** A request reaches the server within its time limit, and a late copy arrives within every grace. */
const anyPassage = fc.record<Passage>({
  up: fc.constantFrom(0, 0, 0, 0, 5 * second, 20 * second, 50 * second),
  lost: fc.constantFrom('nothing', 'nothing', 'refused', 'request', 'answer', 'answer'),
  down: fc.constantFrom(0, 0, 0, 5 * second, 45 * second, 200 * second),
  dies: fc.constantFrom('no', 'no', 'no', 'no', 'no', 'no', 'no', 'no', 'written', 'processed'),
});

/** Codes that put the server's word in doubt: with `processed`, only codes that do not claim that nothing was sent. */
const doubtful = ['ErrorInternalServerError', 'ErrorInternalServerTransientError', 'ErrorTimeoutExpired'] as const;
const certain = ['ErrorMessageSizeExceeded', 'ErrorInvalidRecipients', 'ErrorSendAsDenied', 'ErrorQuotaExceeded'] as const;

const anyItems = fc.constantFrom<'all' | readonly number[]>('all', [0], [1]);
const anyDelay = fc.constantFrom(10 * second, 60 * second, 120 * second);

const http = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  kind: 'http',
  status,
  headers,
  body: '',
});

/** What may happen to any request. */
const anyTrouble: fc.Arbitrary<Fault> = fc.oneof(
  fc.constantFrom(
    http(503),
    http(503, { 'retry-after': '120' }),
    http(429, { 'retry-after': '30' }),
    http(500),
    http(502),
    http(403),
  ),
  fc.constant(http(401, { 'www-authenticate': 'Basic realm="simulator"' })),
  fc.constantFrom<Fault>({ kind: 'resetBefore' }, { kind: 'lostResponse', after: 0 }, { kind: 'truncated', after: 0.5 }),
  fc.boolean().map((processed): Fault => ({ kind: 'hang', processed })),
  fc.constantFrom(second, 20 * second).map((delay): Fault => ({ kind: 'delay', delay })),
);

const anyEwsTrouble: fc.Arbitrary<Fault> = fc.oneof(
  anyTrouble,
  fc.record({
    kind: fc.constant('serverBusy' as const),
    form: fc.constantFrom('fault', 'item'),
    status: fc.constant(500),
    backOff: fc.constantFrom(50, 30 * second),
    items: anyItems,
  }),
  fc.record({
    kind: fc.constant('soapFault' as const),
    code: fc.constantFrom(...doubtful),
    status: fc.constantFrom(200, 500),
    processed: fc.boolean(),
  }),
);

const anySendingTrouble: fc.Arbitrary<Fault> = fc.oneof(
  anyEwsTrouble,
  fc.record({
    kind: fc.constant('responseCode' as const),
    code: fc.constantFrom(...doubtful),
    items: anyItems,
    processed: fc.boolean(),
    responseClass: fc.constant('Error'),
  }),
  fc.record({
    kind: fc.constant('responseCode' as const),
    code: fc.constantFrom(...certain),
    items: anyItems,
    processed: fc.constant(false),
    responseClass: fc.constant('Error'),
  }),
  fc.record({
    kind: fc.constant('partialBatch' as const),
    processed: fc.nat({ max: 2 }),
    answer: fc.constantFrom('fault', 'fewer'),
    code: fc.constantFrom(...doubtful),
  }),
  fc.record({
    kind: fc.constant('copyStoredSendFailed' as const),
    code: fc.constantFrom(...doubtful),
    unsent: fc.boolean(),
    items: anyItems,
  }),
  anyItems.map((items): Fault => ({ kind: 'draftOnSendAsDenied', items })),
  fc.tuple(anyDelay, anyItems).map(([delay, items]): Fault => ({ kind: 'lateCopy', delay, items })),
  fc
    .tuple(fc.constantFrom(20 * second, 1_200 * second), anyItems)
    .map(([delay, items]): Fault => ({ kind: 'heldInOutbox', delay, items })),
);

const anyGraphTrouble: fc.Arbitrary<Fault> = fc.oneof(
  anyTrouble,
  fc.record({
    kind: fc.constant('graphError' as const),
    code: fc.constantFrom('UnknownError', 'ErrorTimeoutExpired'),
    status: fc.constant(504),
    message: fc.constant(undefined),
    headers: fc.constant({}),
    processed: fc.boolean(),
  }),
  fc.tuple(anyDelay, fc.boolean()).map(([delay, submitted]): Fault => ({ kind: 'staysInDrafts', delay, submitted })),
  anyDelay.map((delay): Fault => ({ kind: 'lateCopy', delay, items: 'all' })),
);

const passages = (some: readonly Passage[]): Simulated =>
  command('passages', some, async ({ server }) => void server.wire.passages.push(...some));

const trouble = (operation: string, fault: Fault, times: number): Simulated =>
  command('trouble', { operation, fault, times }, async ({ server }) => void server.core.faults.add({ operation, times }, fault));

const anyTimes = fc.constantFrom(1, 1, 1, 2, 5, 40);
const troubled = (operations: readonly string[], fault: fc.Arbitrary<Fault>): fc.Arbitrary<Simulated> =>
  fc.tuple(fc.constantFrom(...operations), fault, anyTimes).map(([operation, one, times]) => trouble(operation, one, times));

/** The machine loses power: anything not synced may be lost. */
const powerCut = (seed: number, downFor: number): Simulated =>
  command('powerCut', { seed, downFor }, async (world) => {
    world.disk.losePower?.(seed);
    await world.crash(downFor);
  });

/** The process dies during an operation of the spool. */
const diskKill = (operation: number): Simulated => command('diskKill', operation, async ({ disk }) => disk.dieAt?.(operation));

/** Listed as often as they should occur. */
export const anySimulatedCommand: readonly fc.Arbitrary<Simulated>[] = [
  ...anyCommand,
  many(anyPassage).map(passages),
  many(anyPassage).map(passages),
  many(anyPassage).map(passages),
  troubled(['CreateItem'], anySendingTrouble),
  troubled(['CreateItem'], anySendingTrouble),
  troubled(['FindItem', 'FindItem', 'GetItem', 'DeleteItem', 'FindFolder', 'GetFolder'], anyEwsTrouble),
  troubled(['sendMail'], anyGraphTrouble),
  troubled(['listMessages', 'moveMessage', '*'], anyTrouble),
  fc.tuple(fc.nat(), fc.constantFrom(0, 30 * second, 420 * second)).map(([seed, downFor]) => powerCut(seed, downFor)),
  fc.nat({ max: 60 }).map(diskKill),
  fc.nat({ max: 60 }).map(diskKill),
];
