import { joined, PartMap } from '../../core/joined.ts';
import type { LaneFilter } from '../contract.ts';
import type { LazyKey } from './keys.ts';

/** The kinds of values that the spool compares or names without reading them. */
export type Routed = 'lane' | 'sender' | 'message' | 'content' | 'conversation' | 'recipients';

/** How many hashes are remembered: few mailboxes write many messages. */
const remembered = 10_000;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const encoder = new TextEncoder();

/** Keyed hashes (HMAC-SHA-256, in hex): equal for equal values of one kind, and nothing can be guessed from them without the key. */
export class BlindIndex {
  readonly #key: LazyKey;
  readonly #known = new Map<string, string>();
  readonly #lanes = new PartMap((part) => this.#lanesOf(part));

  constructor(key: LazyKey) {
    this.#key = key;
  }

  async of(kind: Routed, value: string): Promise<string> {
    const named = JSON.stringify(['offline-im routing 1', kind, value]);
    const repeats = kind === 'lane' || kind === 'sender';
    const known = repeats ? this.#known.get(named) : undefined;
    if (known !== undefined) return known;
    const digest = new Uint8Array(await crypto.subtle.sign('HMAC', await this.#key.load(), encoder.encode(named)));
    let text = '';
    for (const byte of digest) text += hex[byte];
    if (repeats) {
      if (this.#known.size >= remembered) this.#known.clear();
      this.#known.set(named, text);
    }
    return text;
  }

  all(kind: Routed, values: readonly string[]): Promise<string[]> {
    return Promise.all(values.map((value) => this.of(kind, value)));
  }

  /** Translates a filter. Thousands of mailboxes that are left out again and again are hashed once, and the storage below gets the same list each time. */
  async filter(lanes: LaneFilter | undefined): Promise<LaneFilter | undefined> {
    if (lanes === undefined) return undefined;
    if ('only' in lanes) return { only: await this.all('lane', lanes.only) };
    return { except: joined(await Promise.all(this.#lanes.of(lanes.except))) };
  }

  async #lanesOf(part: readonly string[]): Promise<readonly string[]> {
    try {
      return await this.all('lane', part);
    } catch (error) {
      this.#lanes.forget(part);
      throw error;
    }
  }

  /** Hashes the address of a sender, in whatever case and with or without its scheme. */
  ofSender(sip: string): Promise<string> {
    const address = sip.replace(/^sips?:/i, '');
    return this.of('sender', address.normalize('NFC').toLowerCase());
  }
}
