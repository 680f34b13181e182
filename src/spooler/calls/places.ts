import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { answerAtOnce } from '../../core/errors/thrown.ts';
import type { Mailbox, Place, Transport, UnknownAttempt } from '../../transport/contract.ts';
import type { SpoolerSettings } from '../options.ts';

type PlaceTransport = Pick<Transport, 'placeOf' | 'canProbe' | 'minimumGrace'>;

/** What a transport says about places, checked: whatever it throws or returns, the loop goes on. */
export class Places {
  readonly #transport: PlaceTransport;
  readonly #options: Pick<SpoolerSettings, 'probe'>;
  readonly #warn: (error: unknown) => void;

  constructor(transport: PlaceTransport, options: Pick<SpoolerSettings, 'probe'>, warn: (error: unknown) => void) {
    this.#transport = transport;
    this.#options = options;
    this.#warn = warn;
  }

  /** Where a note of this mailbox goes now. One that can't be told shares its circuit with all others that can't. */
  of(from: Mailbox): Place {
    const told = this.#ask('placeOf', () => this.#transport.placeOf(from), isPlace, 'a place');
    return told ?? { endpoint: 'unknown', mailbox: from.address, folder: '' };
  }

  /** Whether a probe can look there. A transport that doesn't say is asked by a probe. */
  canProbe(place: Place): boolean {
    return this.#ask('canProbe', () => this.#transport.canProbe?.(place) ?? true, isBoolean, 'true or false') ?? true;
  }

  /** ms after which "absent" proves something of all of these attempts: the longest that transport and options ask for. */
  graceOf(attempts: readonly UnknownAttempt[]): number {
    return attempts.reduce((grace, { place }) => {
      const told = this.#ask('minimumGrace', () => this.#transport.minimumGrace?.(place) ?? 0, isDuration, 'ms, 0 or more');
      return Math.max(grace, told ?? 0);
    }, this.#options.probe.grace);
  }

  #ask<Value>(
    name: string,
    ask: () => unknown,
    isRight: (value: unknown) => value is Value,
    expected: string,
  ): Value | undefined {
    try {
      const value = answerAtOnce(ask());
      if (isRight(value)) return value;
      this.#warn(
        new OfflineImError('TRANSPORT_FAILED', `${name}() of the transport returned ${typeof value}; expected ${expected}.`),
      );
    } catch (error) {
      this.#warn(error);
    }
    return undefined;
  }
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== 'object' || value === null) return false;
  const { endpoint, mailbox, folder } = value as Partial<Record<keyof Place, unknown>>;
  return typeof endpoint === 'string' && typeof mailbox === 'string' && typeof folder === 'string';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}
