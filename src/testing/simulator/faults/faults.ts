import { checkArgument, objectWith } from '../../../core/arguments.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import { type GraphOperationName, graphOperationNames } from '../graph/routes.ts';
import { isSchemaOperation, isSideOperation, type OperationName, sideOperationNames } from '../schema/operations.ts';
import { FaultBuilder } from './builder.ts';
import type { Fault } from './fault.ts';
import type { FaultBook, FaultHandle, FaultSelector } from './fault-book.ts';
import { faultSchema } from './fault-schemas.ts';
import { Misfit, readBySchema } from './json-schema.ts';

/** What goes wrong at a simulated server, and when. */
export class Faults {
  readonly #book: FaultBook;

  /** @internal */
  constructor(book: FaultBook) {
    this.#book = book;
  }

  /** Starts a fault for an operation, or for all of EWS and Graph with `*`; `Autodiscover` and `Wsdl` are what lies beside them. Nothing happens before the last method of the chain says what. */
  on(operation: OperationName | GraphOperationName | '*'): FaultBuilder {
    requireKnown(operation);
    return new FaultBuilder(this.#book, { operation });
  }

  /** The same as plain data, for a simulator in another process. */
  add(selector: FaultSelector, fault: Fault): FaultHandle {
    checkArgument('faults.add()', 'selector', selector, objectWith('{ operation, … }', { operation: 'string' }));
    checkArgument('faults.add()', 'fault', fault, objectWith('a fault, { kind, … }', { kind: 'string' }));
    requireKnown(selector.operation);
    return this.#book.add(selector, readFault(fault));
  }

  /** Those that are set, oldest first: what they strike, how often they did, and `remove()`. */
  list(): readonly FaultHandle[] {
    return this.#book.rules;
  }

  /**
   * Scripts what becomes of the next requests of an operation, one after the other; `undefined` is a request that goes well.
   *
   * @example
   * ```ts
   * exchange.faults.scenario('CreateItem', [(fault) => fault.serverBusy({ backOff: 5000 }), undefined, (fault) => fault.lostResponse()]);
   * ```
   */
  scenario(
    operation: OperationName | GraphOperationName | '*',
    steps: readonly (((fault: FaultBuilder) => FaultHandle) | undefined)[],
  ): readonly FaultHandle[] {
    requireKnown(operation);
    if (!Array.isArray(steps) || steps.some((step: unknown) => step !== undefined && typeof step !== 'function')) {
      const text =
        'faults.scenario(): steps is not a scenario; expected an array of functions, with undefined for requests without a fault.';
      throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'steps' } });
    }
    return steps.flatMap((step, n) => (step === undefined ? [] : [step(this.on(operation).nth(n + 1))]));
  }

  /** Takes all faults back. */
  clear(): void {
    this.#book.clear();
  }
}

/** What a fault leaves out has a default; a kind, or a name in it, that is misspelt would strike nothing in silence. */
function readFault(fault: Fault): Fault {
  try {
    return readBySchema(fault, faultSchema, {}, 'fault') as Fault;
  } catch (error) {
    if (error instanceof Misfit) throw new OfflineImError('OPTION_INVALID', `faults.add(): ${error.message}`);
    throw error;
  }
}

function requireKnown(operation: unknown): void {
  if (
    operation === '*' ||
    (typeof operation === 'string' && (isSchemaOperation(operation) || isSideOperation(operation))) ||
    graphOperationNames.some((name) => name === operation)
  )
    return;
  const graph = graphOperationNames.join(', ');
  const expected = `expected an operation of EWS such as CreateItem, one of Graph (${graph}), ${sideOperationNames.join(', ')}, or *`;
  throw new OfflineImError('OPTION_INVALID', `${quoted(operation)} is not an operation of the simulator; ${expected}.`);
}
