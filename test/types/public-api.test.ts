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
  MemorySpool,
  type MessageEntry,
  type MessageStatus,
  type OfflineImError,
  type OfflineImEvents,
  OfflineImSender,
  type OfflineImSenderOptions,
  type OutgoingMessage,
  type Receipt,
  type SenderStats,
  type SendResult,
  type SpoolState,
  type SpoolStorage,
  sealed,
  type Transport,
} from '../../src/index.ts';
import { PostgresSpool } from '../../src/postgres.ts';
import { type ExchangeSimulator, type ManualClock, startExchangeSimulator } from '../../src/testing.ts';

declare const sender: OfflineImSender;

describe('OfflineImSender', () => {
  it('accepts the calls of the guide, and requires four options', () => {
    type Required = { [K in keyof OfflineImSenderOptions]-?: undefined extends OfflineImSenderOptions[K] ? never : K };
    expectTypeOf<NonNullable<Required[keyof Required]>>().toEqualTypeOf<'identity' | 'client' | 'spool' | 'transport'>();
    expectTypeOf<OutgoingMessage['to']>().toEqualTypeOf<string | readonly string[]>();
    expectTypeOf<{ to: string; text: string }>().toExtend<OutgoingMessage>();
    expectTypeOf<{ to: string }>().not.toExtend<OutgoingMessage>();
  });

  it('returns receipts, results, changes and entries', () => {
    expectTypeOf<OfflineImSender['send']>().returns.toEqualTypeOf<Promise<Receipt>>();
    expectTypeOf<OfflineImSender['sendMany']>().returns.toEqualTypeOf<Promise<readonly SendResult[]>>();
    expectTypeOf<OfflineImSender['cancel']>().returns.toEqualTypeOf<Promise<readonly Change[]>>();
    expectTypeOf<OfflineImSender['list']>().returns.toEqualTypeOf<AsyncIterable<MessageEntry>>();
    expectTypeOf<OfflineImSender['status']>().returns.resolves.toEqualTypeOf<MessageStatus | undefined>();
    expectTypeOf<SenderStats['states']>().toEqualTypeOf<Readonly<Record<SpoolState, number>>>();
    expectTypeOf<OfflineImSender>().toExtend<AsyncDisposable>();
  });

  it('types events by name', () => {
    type On = OfflineImSender['on'];
    expectTypeOf<Parameters<On>[0]>().toEqualTypeOf<EventName>();
    expectTypeOf<Listener<'message:delivered'>>().parameter(0).toHaveProperty('foundByProbe').toEqualTypeOf<boolean>();
    expectTypeOf<OfflineImEvents['message:dead']['code']>().toEqualTypeOf<ErrorCode>();
    // Refused only by a typed `on`; never called.
    const misuse = (): void => {
      // @ts-expect-error no such event
      sender.on('message:read', () => undefined);
      // @ts-expect-error no such field
      sender.on('message:held', ({ code }) => code);
    };
    expectTypeOf(misuse).returns.toBeVoid();
  });
});

describe('a client of the host', () => {
  it('is accepted only if the spool joins its transactions', () => {
    const identity = { sip: 'sip:alice@contoso.test' };
    const client = { version: '16.0.6920.1000', mailboxLocation: 'on-premises' } as const;
    // Types only; never called.
    const use = (
      pool: ConstructorParameters<typeof PostgresSpool>[0]['pool'],
      pg: Awaited<ReturnType<typeof pool.connect>>,
      transport: Transport,
    ): void => {
      const message = { to: 'bob@contoso.test', text: 'x' };
      const spool = new PostgresSpool({ pool });
      const postgres = new OfflineImSender({ identity, client, transport, spool });
      void postgres.send(message, { client: pg });
      void postgres.send(message);
      // @ts-expect-error no client of pg
      void postgres.send(message, { client: 'tx' });
      // @ts-expect-error no client of pg
      void postgres.send(message, { client: { execute: () => undefined } });
      const wrapped = new OfflineImSender({
        identity,
        client,
        transport,
        spool: sealed(spool, { keys: [], routingKey: new Uint8Array(32) }),
      });
      void wrapped.send(message, { client: pg });
      // @ts-expect-error no client of pg
      void wrapped.send(message, { client: 5 });
      const memory = new OfflineImSender({ identity, client, transport, spool: new MemorySpool() });
      // @ts-expect-error a spool that joins no transactions
      void memory.send(message, { client: pg });
      expectTypeOf(memory).toEqualTypeOf<OfflineImSender>();
    };
    expectTypeOf(use).returns.toBeVoid();
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
  it('are satisfied by the implementations in this package', () => {
    expectTypeOf<EwsTransport>().toExtend<Transport>();
    expectTypeOf<MemorySpool>().toExtend<SpoolStorage>();
    expectTypeOf<FileSpool>().toExtend<SpoolStorage>();
    expectTypeOf<ManualClock>().toExtend<NonNullable<OfflineImSenderOptions['clock']>>();
    expectTypeOf<TraceFile>().toExtend<Logger>();
  });

  it('name every outcome', () => {
    expectTypeOf<DeliveryOutcome['status']>().toEqualTypeOf<'delivered' | 'deferred' | 'unconfirmed' | 'rejected' | 'blocked'>();
  });

  it('accept a pino logger', () => {
    // pino's own shape: the object first, or the message alone.
    interface PinoLike {
      (object: object, message?: string, ...values: unknown[]): void;
      (message: string, ...values: unknown[]): void;
    }
    expectTypeOf<{ debug: PinoLike; info: PinoLike; warn: PinoLike; error: PinoLike }>().toExtend<Logger>();
  });
});

describe('platform parts', () => {
  it('have options and results', () => {
    expectTypeOf(traceFile).parameter(0).toEqualTypeOf<TraceFileOptions>();
    expectTypeOf<{ path: string }>().toExtend<TraceFileOptions>();
    expectTypeOf(startExchangeSimulator).returns.resolves.toEqualTypeOf<ExchangeSimulator>();
  });
});
