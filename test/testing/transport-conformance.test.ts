/** The suite itself: a correct transport passes, and each faulty one is detected. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { transportConformance } from '../../src/testing.ts';
import type { DeliverOptions, DeliveryOutcome, Note, ProbeResult } from '../../src/transport/contract.ts';
import { leftOut, MemoryTransport, memoryHarness } from './support/memory-transport.ts';

describe('a list-based transport', () => {
  transportConformance({ describe, it }, () => memoryHarness(new MemoryTransport()), { skip: leftOut });
});

type Send = (note: Note, at: number, options: DeliverOptions) => Promise<DeliveryOutcome>;
type Look = (note: Note, signal: AbortSignal) => ProbeResult;

interface Change {
  readonly send?: (send: Send) => Send;
  readonly look?: (look: Look, self: MemoryTransport) => Look;
}

/** A transport with one mistake. */
class Mistaken extends MemoryTransport {
  readonly #change: Change;

  constructor(change: Change) {
    super();
    this.#change = change;
  }

  protected override send(note: Note, at: number, options: DeliverOptions): Promise<DeliveryOutcome> {
    const right: Send = (n, i, o) => super.send(n, i, o);
    return (this.#change.send?.(right) ?? right)(note, at, options);
  }

  protected override look(note: Note, signal: AbortSignal): ProbeResult {
    const right: Look = (n, s) => super.look(n, s);
    return (this.#change.look?.(right, this) ?? right)(note, signal);
  }
}

const always = (): boolean => true;
const leaky = new OfflineImError('TRANSPORT_FAILED', 'It failed.', { cause: { request: { body: 'strictly between us' } } });

const mistakes: Readonly<Record<string, () => MemoryTransport>> = {
  'does not ask mayWrite': () =>
    new Mistaken({ send: (send) => (note, at, options) => send(note, at, { ...options, mayWrite: always }) }),
  'does not mind the signal': () =>
    new Mistaken({ send: (send) => (note, at, options) => send(note, at, { ...options, signal: new AbortController().signal }) }),
  'takes what is unsure for deferred': () =>
    new Mistaken({
      send:
        (send) =>
        async (...args) => {
          const outcome = await send(...args);
          return outcome.status === 'unconfirmed' ? { ...outcome, status: 'deferred' } : outcome;
        },
    }),
  'takes everything for delivered': () =>
    new Mistaken({
      send:
        (send) =>
        async (note, ...rest) => {
          await send(note, ...rest);
          return { status: 'delivered', messageClass: note.messageClass };
        },
    }),
  'sends twice': () =>
    new Mistaken({
      send:
        (send) =>
        async (...args) => {
          await send(...args);
          return send(...args);
        },
    }),
  'undercuts the back-off': () =>
    new Mistaken({
      send:
        (send) =>
        async (...args) => {
          const outcome = await send(...args);
          return outcome.status === 'deferred' ? { ...outcome, retryAfter: 0 } : outcome;
        },
    }),
  'shows the text in an error': () =>
    new Mistaken({
      send:
        (send) =>
        async (...args) => {
          const outcome = await send(...args);
          return outcome.status === 'unconfirmed' ? { ...outcome, error: leaky } : outcome;
        },
    }),
  'loses the characters that it does not like': () =>
    new Mistaken({
      send:
        (send) =>
        (note, ...rest) => {
          const content = note.body.content.replace(/[<>]/g, '');
          return send({ ...note, body: { ...note.body, content } }, ...rest);
        },
    }),
  'looks for tags by their beginnings': () =>
    new Mistaken({
      look: (look, self) => (note, signal) => {
        const wanted = note.unknownAttempts.map(({ tag }) => tag);
        return self.sent.some(({ tag }) => wanted.some((one) => tag.startsWith(one))) ? { status: 'found' } : look(note, signal);
      },
    }),
  'takes unknown for absent': () =>
    new Mistaken({
      look:
        (look) =>
        (...args) => {
          const result = look(...args);
          return result.status === 'unknown' ? { status: 'absent' } : result;
        },
    }),
  'looks for the first attempt only': () =>
    new Mistaken({
      look: (look) => (note, signal) => look({ ...note, unknownAttempts: note.unknownAttempts.slice(0, 1) }, signal),
    }),
};

async function failuresOf(make: () => MemoryTransport): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => tests.push([name, body]),
  };
  transportConformance(runner, () => memoryHarness(make()), { skip: leftOut });
  const failed: string[] = [];
  for (const [name, body] of tests) await body().catch(() => failed.push(name));
  return failed;
}

describe('a transport that', () => {
  it.each(Object.entries(mistakes))('%s is detected', async (_, make) => {
    expect(await failuresOf(make)).not.toEqual([]);
  });
});
