import type { WebLocks } from '../../src/indexeddb.ts';

interface Waiting {
  grant(): void;
}

interface Held extends Waiting {
  end(error?: Error): void;
}

/** The lock manager of one origin: replaces `navigator.locks`, with exclusive locks only, granted in a later turn as browsers do. */
export class FakeOrigin {
  readonly #held = new Map<string, Held>();
  readonly #waiting = new Map<string, Waiting[]>();

  /** The view of one tab. */
  tab(): FakeTab {
    return new FakeTab(this);
  }

  /** The current holder loses the lock, as by `{ steal: true }`. */
  steal(name: string): void {
    this.#held.get(name)?.end(named('AbortError'));
  }

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  async request(tab: FakeTab, name: string, options: Parameters<WebLocks['request']>[1], callback: Callback): Promise<unknown> {
    await Promise.resolve();
    options.signal?.throwIfAborted();
    if (options.ifAvailable === true && this.#held.has(name)) return callback(null);
    return new Promise((resolve, reject) => {
      const one: Held = {
        grant: () => {
          this.#held.set(name, one);
          tab.held.add(one);
          callback({ name }).then(() => one.end(), reject);
        },
        end: (error) => {
          if (this.#held.get(name) !== one) return;
          this.#held.delete(name);
          tab.held.delete(one);
          this.#waiting.get(name)?.shift()?.grant();
          if (error === undefined) resolve(undefined);
          else reject(error);
        },
      };
      if (!this.#held.has(name)) {
        one.grant();
        return;
      }
      const waiting = this.#waiting.get(name) ?? [];
      this.#waiting.set(name, waiting);
      waiting.push(one);
      options.signal?.addEventListener('abort', () => {
        const at = waiting.indexOf(one);
        if (at >= 0) waiting.splice(at, 1);
        reject(named('AbortError'));
      });
    });
  }
}

type Callback = Parameters<WebLocks['request']>[2];

/** `navigator.locks` of one tab. */
export class FakeTab implements WebLocks {
  readonly held = new Set<Held>();
  readonly #origin: FakeOrigin;

  constructor(origin: FakeOrigin) {
    this.#origin = origin;
  }

  request(name: string, options: Parameters<WebLocks['request']>[1], callback: Callback): Promise<unknown> {
    return this.#origin.request(this, name, options, callback);
  }

  /** The tab crashes: its code stops running, and the browser releases its locks. */
  die(): void {
    for (const one of [...this.held]) one.end();
  }
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
