import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { property } from '../../core/errors/thrown.ts';
import { type CreateExchangeOptions, createExchange, type SimulatedExchange } from '../simulator/simulated-exchange.ts';
import type { ExchangeMatchers } from './matchers.ts';

type Hook = (work: () => void | Promise<void>) => void;

/**
 * An exchange for each test of the file or `describe` block that calls it: made before the test, closed after it. What it returns gives that of
 * the test that runs.
 *
 * @param options Two mailboxes, alice@ and bob@contoso.test, by default.
 * @throws OPTION_INVALID outside of a test file, and where Jest's globals are switched off.
 *
 * @example
 * ```ts
 * const exchange = exchangePerTest();
 * test('keeps a copy', async () => { exchange().mailbox('bob@contoso.test').receive({ subject: 'Hi' }); });
 * ```
 */
export function exchangePerTest(
  options: CreateExchangeOptions = { mailboxes: ['alice@contoso.test', 'bob@contoso.test'] },
): () => SimulatedExchange {
  let exchange: SimulatedExchange | undefined;
  hook('beforeEach')(() => {
    exchange = createExchange(options);
  });
  hook('afterEach')(async () => {
    await exchange?.close();
    exchange = undefined;
  });
  return () => {
    if (exchange !== undefined) return exchange;
    throw new OfflineImError(
      'OPTION_INVALID',
      'exchangePerTest() has an exchange while a test or its hooks run, not before or after.',
    );
  };
}

function hook(name: 'beforeEach' | 'afterEach'): Hook {
  const found = property(globalThis, name);
  if (typeof found === 'function') return found as Hook;
  throw new OfflineImError(
    'OPTION_INVALID',
    `exchangePerTest() needs the global ${name} of the test runner. Call it in a test file, with injectGlobals on.`,
  );
}

declare global {
  // Where @types/jest has its matchers.
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: its parameters must be those of @types/jest.
    interface Matchers<R, T = {}> extends ExchangeMatchers<R> {}
  }
}
