/** Checked by `npm run typecheck`; at run time these assertions do nothing. */
import { describe, expectTypeOf, it } from 'vitest';
import { type FileSpool, type TraceFile, type TraceFileOptions, traceFile } from '../../src/file.ts';
import {
  type Change,
  type DeliveryOutcome,
  type ErrorCode,
  type EventName,
  type EwsTransport,
  type errorCodes,
  evaluateGate,
  type GateDecision,
  type GateReasonCode,
  type GateRefusedError,
  type Listener,
  type Logger,
  type MemorySpool,
  type OfflineImError,
  type OfflineImEvents,
  type OfflineImSender,
  type OfflineImSenderOptions,
  type OutgoingMessage,
  type Receipt,
  type SendResult,
  type SpoolEntry,
  type SpoolState,
  type SpoolStorage,
  type Transport,
} from '../../src/index.ts';
import { type ExchangeSimulator, type ManualClock, startExchangeSimulator } from '../../src/testing.ts';

declare const sender: OfflineImSender;

describe('OfflineImSender', () => {
  it('takes what the guide shows, and needs four options', () => {
    type Required = { [K in keyof OfflineImSenderOptions]-?: undefined extends OfflineImSenderOptions[K] ? never : K };
    expectTypeOf<NonNullable<Required[keyof Required]>>().toEqualTypeOf<'identity' | 'client' | 'spool' | 'transport'>();
    expectTypeOf<OutgoingMessage['to']>().toEqualTypeOf<string | readonly string[]>();
    expectTypeOf<{ to: string; text: string }>().toExtend<OutgoingMessage>();
    expectTypeOf<{ to: string }>().not.toExtend<OutgoingMessage>();
  });

  it('answers with receipts, results, changes and entries', () => {
    expectTypeOf<OfflineImSender['send']>().returns.toEqualTypeOf<Promise<Receipt>>();
    expectTypeOf<OfflineImSender['sendMany']>().returns.toEqualTypeOf<Promise<readonly SendResult[]>>();
    expectTypeOf<OfflineImSender['cancel']>().returns.toEqualTypeOf<Promise<readonly Change[]>>();
    expectTypeOf<OfflineImSender['list']>().returns.toEqualTypeOf<AsyncIterable<SpoolEntry>>();
    expectTypeOf<OfflineImSender['counts']>().returns.resolves.toEqualTypeOf<Readonly<Record<SpoolState, number>>>();
    expectTypeOf<OfflineImSender>().toExtend<AsyncDisposable>();
  });

  it('types events by their name', () => {
    type On = OfflineImSender['on'];
    expectTypeOf<Parameters<On>[0]>().toEqualTypeOf<EventName>();
    expectTypeOf<Listener<'message:delivered'>>().parameter(0).toHaveProperty('foundByProbe').toEqualTypeOf<boolean>();
    expectTypeOf<OfflineImEvents['message:dead']['code']>().toEqualTypeOf<ErrorCode>();
    // What only a typed `on` refuses; never called.
    const misuse = (): void => {
      // @ts-expect-error no such event
      sender.on('message:read', () => undefined);
      // @ts-expect-error no such field
      sender.on('message:held', ({ code }) => code);
    };
    expectTypeOf(misuse).returns.toBeVoid();
  });
});

describe('errors', () => {
  it('have a code from the table', () => {
    expectTypeOf<OfflineImError['code']>().toEqualTypeOf<keyof typeof errorCodes>();
    expectTypeOf<GateRefusedError>().toExtend<OfflineImError>();
    expectTypeOf<GateRefusedError['reasons'][number]['code']>().toEqualTypeOf<GateReasonCode>();
  });

  it('narrow a decision', () => {
    expectTypeOf(evaluateGate).returns.toEqualTypeOf<GateDecision>();
    expectTypeOf<Extract<GateDecision, { allowed: true }>>().not.toHaveProperty('reasons');
  });
});

describe('contracts', () => {
  it('are met by what is delivered with them', () => {
    expectTypeOf<EwsTransport>().toExtend<Transport>();
    expectTypeOf<MemorySpool>().toExtend<SpoolStorage>();
    expectTypeOf<FileSpool>().toExtend<SpoolStorage>();
    expectTypeOf<ManualClock>().toExtend<NonNullable<OfflineImSenderOptions['clock']>>();
    expectTypeOf<TraceFile>().toExtend<Logger>();
  });

  it('name every outcome', () => {
    expectTypeOf<DeliveryOutcome['status']>().toEqualTypeOf<'delivered' | 'deferred' | 'unconfirmed' | 'rejected' | 'blocked'>();
  });

  it('let a pino logger fit', () => {
    // pino's own shape: the object first, or the message alone.
    interface PinoLike {
      (object: object, message?: string, ...values: unknown[]): void;
      (message: string, ...values: unknown[]): void;
    }
    expectTypeOf<{ debug: PinoLike; info: PinoLike; warn: PinoLike; error: PinoLike }>().toExtend<Logger>();
  });
});

describe('platform parts', () => {
  it('have their options and results', () => {
    expectTypeOf(traceFile).parameter(0).toEqualTypeOf<TraceFileOptions>();
    expectTypeOf<{ path: string }>().toExtend<TraceFileOptions>();
    expectTypeOf(startExchangeSimulator).returns.resolves.toEqualTypeOf<ExchangeSimulator>();
  });
});
