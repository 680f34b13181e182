import { type CreateExchangeOptions, createExchange, type SimulatedExchange } from '../simulator/simulated-exchange.ts';
import { type ExchangeSimulator, type ExchangeSimulatorOptions, startExchangeSimulator } from '../simulator/simulator.ts';
import type { ExchangeMatchers } from './matchers.ts';

/** The fixtures of a test after `test.extend()`; each is made when a test uses it, and closed after the test. */
export interface ExchangeFixtures {
  /** An exchange of its own without a port, for code that takes a `fetch`. */
  readonly exchange: SimulatedExchange;
  /** An exchange of its own that listens on the loopback interface. */
  readonly simulator: ExchangeSimulator;
}

/**
 * Fixtures for `test.extend()`: an exchange for each test that uses one, so that tests share nothing and may run concurrently.
 *
 * @param options Of both kinds of exchange. Two mailboxes, alice@ and bob@contoso.test, by default.
 *
 * @example
 * ```ts
 * const test = base.extend<ExchangeFixtures>(exchangeFixtures({ mailboxes: ['alice@contoso.test'] }));
 * test('keeps a copy', async ({ exchange }) => { … });
 * ```
 */
export function exchangeFixtures(options: CreateExchangeOptions & ExchangeSimulatorOptions = { mailboxes: usual }): {
  // Vitest reads from the braces what a fixture itself asks for: nothing.
  exchange(context: object, use: (exchange: SimulatedExchange) => Promise<void>): Promise<void>;
  simulator(context: object, use: (simulator: ExchangeSimulator) => Promise<void>): Promise<void>;
} {
  return {
    // biome-ignore lint/correctness/noEmptyPattern: Vitest asks for the braces.
    exchange: async ({}, use) => {
      await using exchange = createExchange(options);
      await use(exchange);
    },
    // biome-ignore lint/correctness/noEmptyPattern: Vitest asks for the braces.
    simulator: async ({}, use) => {
      await using simulator = await startExchangeSimulator(options);
      await use(simulator);
    },
  };
}

const usual = ['alice@contoso.test', 'bob@contoso.test'] as const;

declare module 'vitest' {
  // Its parameters must be Vitest's own; the last is not ours to use.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends ExchangeMatchers<R> {}
}
