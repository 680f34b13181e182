/**
 * Calls that must settle in a process that has nothing else alive. Where only a timer that was unref'd, or an event that never comes, would settle one, the event loop
 * runs empty: the process ends with 0 or 13, without an error, and what follows the `await` never runs.
 */
import { writeSync } from 'node:fs';
import { type Clock, systemClock } from '../../src/core/clock.ts';

/** What settles never: a host's function or a server that does not answer. */
export const never: Promise<never> = new Promise<never>(() => undefined);

/** How many times faster a {@link fastClock} runs: half a minute passes in 150 ms. */
const speed = 200;

/** For limits that are too long for a test. Its timers are those of the machine, and keep the process alive as those do. */
export const fastClock: Clock = {
  now: () => Date.now() * speed,
  monotonic: () => systemClock.monotonic() * speed,
  setTimer: (callback, delay) => systemClock.setTimer(callback, delay / speed),
};

const complaints: string[] = [];
const settled: string[] = [];
let current = 'the modules';
let done = false;

process.on('exit', (code) => {
  if (done) return;
  complaints.push(`the process ended with ${code} while ${current} was awaited`);
  writeSync(1, `${JSON.stringify({ settled, complaints })}\n`);
  process.exitCode = 0; // The complaint is what counts.
});

/** Prints what settled, and how. */
export function finish(): void {
  done = true;
  writeSync(1, `${JSON.stringify({ settled, complaints })}\n`);
  process.exit(0);
}

export function complain(text: string): void {
  complaints.push(text);
}

/** Awaits one call; resolves with its result. An error of ours, or one that is expected, is an end as good as another. */
export async function settles<Result>(
  what: string,
  call: () => Promise<Result>,
  expected: (error: unknown) => boolean = hasOwnCode,
): Promise<Result | undefined> {
  current = what;
  try {
    const result = await call();
    settled.push(what);
    return result;
  } catch (error) {
    settled.push(`${what}: ${String((error as { code?: unknown }).code ?? (error as Error).name)}`);
    if (!expected(error)) complaints.push(`${what} rejected with ${error instanceof Error ? error.stack : String(error)}`);
    return undefined;
  }
}

const hasOwnCode = (error: unknown): boolean => (error as { name?: unknown }).name === 'OfflineImError';

/** For what rejects as `fetch` does. */
export const anyError = (): boolean => true;

type Methods<Object> = { [Name in keyof Object]?: (() => unknown) | 'at once' };

/** Calls the public methods of an object, one after the other. Complains about those that were left out; `at once` are those that return no promise. */
export async function settlesAll<Subject extends object>(name: string, subject: Subject, calls: Methods<Subject>): Promise<void> {
  for (const [method, call] of Object.entries(calls)) {
    if (typeof call === 'function') await settles(`${name}.${method}()`, async () => await drained((call as () => unknown)()));
  }
  for (const method of methodsOf(subject)) if (!(method in calls)) complain(`${name}.${method}() was not called`);
}

/** Lists are read to their end. */
async function drained(result: unknown): Promise<unknown> {
  if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
  for await (const _ of result as AsyncIterable<unknown>);
  return undefined;
}

function methodsOf(subject: object): Set<string> {
  const found = new Set<string>();
  for (let one = subject; one !== null && one !== Object.prototype; one = Object.getPrototypeOf(one) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(one))) {
      if (typeof value === 'function' && name !== 'constructor') found.add(name);
    }
  }
  return found;
}
