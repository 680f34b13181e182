import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { isSideOperation } from '../schema/operations.ts';
import type { Fault } from './fault.ts';

/** Numbers in [0, 1) that only depend on the seed (mulberry32): a failing run can be repeated. */
function drawn(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

/** What a condition sees of a request. */
export interface FaultSubject {
  /** `CreateItem`, …; '' if the request could not be read. */
  readonly operation: string;
  /** Who logged in, as far as the request says; '' without a login. */
  readonly login: string;
  /** The mailbox it is for, as far as the request says; '' when it does not. */
  readonly mailbox: string;
  /** Items, ids or folders in the request. */
  readonly itemCount: number;
  readonly body: string;
}

/** Which requests get a fault. All conditions must hold; if several faults apply, the one set first wins. */
export interface FaultSelector {
  /** An operation, or `*` for all. */
  readonly operation: string;
  /** Only the nth matching request, counted from 1. */
  readonly nth?: number;
  /** Every nth matching request. */
  readonly every?: number;
  /** At most this many times. */
  readonly times?: number;
  /** With this probability, by its own seeded random. */
  readonly probability?: number;
  /** The same seed selects the same requests. @default the exchange's `randomSeed` */
  readonly seed?: number;
  /** Only requests with that login. */
  readonly login?: string;
  /** Only requests for that mailbox, impersonated or the login's own. */
  readonly mailbox?: string;
  /** Only requests that name that recipient. */
  readonly recipient?: string;
  /** Only requests that it accepts. */
  readonly when?: (request: FaultSubject) => boolean;
}

/** A fault that was set. */
export interface FaultHandle {
  readonly selector: FaultSelector;
  readonly fault: Fault;
  /** How many requests got it. */
  readonly hits: number;
  /** Removes the fault. */
  remove(): void;
}

class Rule implements FaultHandle {
  readonly fault: Fault;
  readonly selector: FaultSelector;
  #random: number;
  readonly #removal: (rule: Rule) => void;
  #seen = 0;
  #hits = 0;

  constructor(selector: FaultSelector, fault: Fault, randomSeed: number, removal: (rule: Rule) => void) {
    this.selector = selector;
    this.fault = fault;
    this.#random = (selector.seed ?? randomSeed) >>> 0;
    this.#removal = removal;
  }

  get hits(): number {
    return this.#hits;
  }

  remove(): void {
    this.#removal(this);
  }

  /** Whether it wants to strike. Counts the request, and draws, even when another fault then wins. */
  wants(subject: FaultSubject): boolean {
    const s = this.selector;
    const meant = s.operation === '*' ? !isSideOperation(subject.operation) : s.operation === subject.operation;
    if (!meant) return false;
    if (s.login !== undefined && s.login.toLowerCase() !== subject.login.toLowerCase()) return false;
    if (s.mailbox !== undefined && s.mailbox.toLowerCase() !== subject.mailbox.toLowerCase()) return false;
    if (s.recipient !== undefined && !names(subject.body, s.recipient)) return false;
    if (s.when !== undefined && !s.when(subject)) return false;
    this.#seen += 1;
    const lucky = s.probability === undefined || this.#draw() < s.probability;
    if (s.nth !== undefined && this.#seen !== s.nth) return false;
    if (s.every !== undefined && this.#seen % s.every !== 0) return false;
    return lucky && (s.times === undefined || this.#hits < s.times);
  }

  strike(): Fault {
    this.#hits += 1;
    return this.fault;
  }

  /** Remembers how far it has come; the function returned brings it back there. */
  snapshot(): () => void {
    const [random, seen, hits] = [this.#random, this.#seen, this.#hits];
    return () => {
      this.#random = random;
      this.#seen = seen;
      this.#hits = hits;
    };
  }

  #draw(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    return drawn(this.#random);
  }
}

/** What strikes one request: delays add up, and of the rest there is at most one. */
export interface Struck {
  readonly fault: Fault | undefined;
  readonly delay: number;
}

/** The faults that are set. */
export class FaultBook {
  readonly #randomSeed: number;
  #rules: Rule[] = [];

  /** `randomSeed`: for faults with a probability that name no seed. */
  constructor(randomSeed = 1) {
    this.#randomSeed = randomSeed;
  }

  add(selector: FaultSelector, fault: Fault): FaultHandle {
    requirePositive('nth', selector.nth);
    requirePositive('every', selector.every);
    requirePositive('times', selector.times);
    const p = selector.probability;
    if (p !== undefined && !(p >= 0 && p <= 1)) {
      throw new OfflineImError('OPTION_INVALID', `probability must be between 0 and 1, not ${p}.`);
    }
    requireWritable(fault);
    const rule = new Rule(selector, fault, this.#randomSeed, (r) => {
      this.#rules = this.#rules.filter((other) => other !== r);
    });
    this.#rules.push(rule);
    return rule;
  }

  select(subject: FaultSubject): Struck {
    let fault: Fault | undefined;
    let delay = 0;
    for (const rule of this.#rules) {
      if (!rule.wants(subject)) continue;
      if (rule.fault.kind === 'delay') {
        rule.strike();
        delay += rule.fault.delay;
      } else if (fault === undefined) {
        fault = rule.strike();
      }
    }
    return { fault, delay };
  }

  /** Remembers what is set and how far it has come; the function returned brings that back. */
  snapshot(): () => void {
    const rules = this.#rules.map((rule) => [rule, rule.snapshot()] as const);
    return () => {
      this.#rules = rules.map(([rule]) => rule);
      for (const [, restore] of rules) restore();
    };
  }

  get rules(): readonly FaultHandle[] {
    return [...this.#rules];
  }

  clear(): void {
    this.#rules = [];
  }
}

/** A fault that no answer can be written of would strike as an error of the simulator's own. */
function requireWritable(fault: Fault): void {
  const status = 'status' in fault ? fault.status : undefined;
  const headers = 'headers' in fault ? fault.headers : {};
  const wrong = (what: string): never => {
    throw new OfflineImError('OPTION_INVALID', `The fault ${fault.kind} has ${what}.`);
  };
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599))
    wrong(`the status ${status}; expected a whole number from 200 to 599`);
  if ('code' in fault && fault.code.trim() === '') wrong('no code; expected one such as ErrorServerBusy');
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) wrong(`a header "${name}", which no HTTP header may be called`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) wrong(`a header ${name} with a value that no HTTP header may have`);
  }
}

function requirePositive(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return;
  throw new OfflineImError('OPTION_INVALID', `${name} must be a whole number above 0, not ${value}.`);
}

/** Whether a body has that address as the whole text of an element, or as a JSON string. */
function names(body: string, address: string): boolean {
  const [text, wanted] = [body.toLowerCase(), address.toLowerCase()];
  return text.includes(`>${wanted}<`) || text.includes(`"${wanted}"`);
}
