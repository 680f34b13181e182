import type { Clock } from '../../core/clock.ts';
import { joined } from '../../core/joined.ts';
import type { ClaimedNote, ClaimRequest, ClaimToken, SpoolStorage } from '../contract.ts';
import { laneFilter } from '../state/derived.ts';
import type { Shard } from './shard.ts';

/** ms that a claim waits for slow shards; the next one hands out what they claimed. */
const timeout = 1_000;

/** A note that came after the claim had stopped waiting for it. */
interface Late {
  readonly shard: Shard;
  readonly note: ClaimedNote;
  readonly kind: ClaimRequest['kind'];
  /** When it was asked for, by both clocks: the monotonic one may stand still while the machine sleeps. */
  readonly claimedAt: Moment;
  readonly lease: number;
}

type Moment = Readonly<Record<'now' | 'monotonic', number>>;

/** The parts of its spool that {@link ShardClaims} needs. */
interface ClaimsContext {
  readonly shards: readonly Shard[];
  clock(): Clock;
}

/** Claims over all shards: every shard gets its share of the limit, what one leaves goes to the others, and one that is slow or fails holds up none. */
export class ShardClaims {
  readonly #context: ClaimsContext;
  /** Shards that are still busy with a claim that nobody waits for. */
  readonly #busy = new Map<Shard, Promise<void>>();
  readonly #late: Late[] = [];
  /** The shard that gave notes longest ago first. */
  readonly #order: Readonly<Record<ClaimRequest['kind'], Shard[]>>;

  constructor(context: ClaimsContext) {
    this.#context = context;
    this.#order = { deliver: [...context.shards], probe: [...context.shards] };
  }

  /** Claims notes; rejects only where every shard that was asked fails. */
  async claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    const late = await this.#lateFor(request);
    if (late.length > 0) return late;
    const claimed: ClaimedNote[] = [];
    const errors: unknown[] = [];
    let asking = this.#inTurn(request);
    let answered = 0;
    while (asking.length > 0 && claimed.length < request.limit) {
      // One after the other where a lane may have few: what two shards have of it may be as many too many.
      const some = request.lanes !== undefined && 'only' in request.lanes ? asking.slice(0, 1) : asking;
      const shares = shared(request.limit - claimed.length, some);
      const answers = await Promise.all(shares.map(({ shard, limit }) => this.#ask(shard, withoutFull(request, limit, claimed))));
      const more: Shard[] = asking.slice(shares.length);
      for (const [index, { shard, limit }] of shares.entries()) {
        const answer = answers[index];
        if (answer === undefined || answer.status === 'late') continue;
        if (answer.status === 'failed') {
          errors.push(answer.error);
          continue;
        }
        answered += 1;
        claimed.push(...answer.notes);
        if (answer.notes.length > 0) this.#served(request.kind, shard);
        if (answer.notes.length >= limit) more.push(shard);
      }
      asking = more;
    }
    if (answered === 0 && errors.length > 0) throw errors[0];
    return claimed;
  }

  /** Gives back notes that nobody took. Resolves once no shard is busy any more. */
  async close(): Promise<void> {
    await Promise.all(this.#busy.values());
    await Promise.all(this.#late.splice(0).map((one) => giveBack(one)));
  }

  #served(kind: ClaimRequest['kind'], shard: Shard): void {
    const order = this.#order[kind];
    order.splice(order.indexOf(shard), 1);
    order.push(shard);
  }

  /** The shards that may be asked. */
  #inTurn({ kind }: ClaimRequest): Shard[] {
    return this.#order[kind].filter((shard) => shard.admits() && !this.#busy.has(shard));
  }

  async #ask(
    shard: Shard,
    request: ClaimRequest,
  ): Promise<
    | { readonly status: 'claimed'; readonly notes: readonly ClaimedNote[] }
    | { readonly status: 'failed'; readonly error: unknown }
    | { readonly status: 'late' }
  > {
    const clock = this.#context.clock();
    const claimedAt = momentOf(clock);
    // Every shard hears of every lane: before one was added, what was spooled for a lane came to another one.
    const asked = shard.ask((storage) => storage.claim(request));
    const ended = asked.then(
      (notes) => ({ status: 'claimed', notes: notes.map((note) => tokenNamed(shard, note)) }) as const,
      (error: unknown) => ({ status: 'failed', error }) as const,
    );
    const tooLate = Promise.withResolvers<{ readonly status: 'late' }>();
    const cancel = clock.setTimer(() => tooLate.resolve({ status: 'late' }), timeout);
    const first = await Promise.race([ended, tooLate.promise]);
    cancel();
    if (first.status === 'late') {
      const kept = ended.then((end) => {
        this.#busy.delete(shard);
        if (end.status !== 'claimed') return;
        for (const note of end.notes) this.#late.push({ shard, note, kind: request.kind, claimedAt, lease: request.lease });
      });
      this.#busy.set(shard, kept);
    }
    return first;
  }

  /** Takes the late notes that this claim may have; gives back the rest. */
  async #lateFor(request: ClaimRequest): Promise<ClaimedNote[]> {
    if (this.#late.length === 0) return [];
    const { now, monotonic } = momentOf(this.#context.clock());
    const taken: ClaimedNote[] = [];
    const perLane = new Map<string, number>();
    const rest: Late[] = [];
    const admits = laneFilter(request.lanes);
    for (const one of this.#late.splice(0)) {
      const { note, kind, claimedAt, lease } = one;
      const ofLane = perLane.get(note.lane) ?? 0;
      const fresh = Math.max(now - claimedAt.now, monotonic - claimedAt.monotonic) < lease / 4;
      const fits = kind === request.kind && admits(note.lane) && ofLane < request.perLane && taken.length < request.limit;
      if (fresh && fits) {
        perLane.set(note.lane, ofLane + 1);
        taken.push(note);
      } else rest.push(one);
    }
    await Promise.all(rest.map((one) => giveBack(one)));
    return taken;
  }
}

function momentOf(clock: Clock): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/** Splits a token into the name of the shard and the token that the shard knows. */
export function splitToken(token: ClaimToken): { readonly name: string; readonly token: ClaimToken } {
  const at = token.indexOf('/');
  return { name: token.slice(0, Math.max(0, at)), token: token.slice(at + 1) };
}

function tokenNamed({ name }: Shard, note: ClaimedNote): ClaimedNote {
  return { ...note, token: `${name}/${note.token}` };
}

/** Gives back a note that was never sent: it needs no probe. On a shard that fails, its lease lapses. */
async function giveBack({ shard, note }: Late): Promise<void> {
  const { token } = splitToken(note.token);
  await shard.ask((storage: Pick<SpoolStorage, 'settle'>) => storage.settle([{ token, to: 'unclaim' }])).catch(() => {});
}

/** Divides a limit as evenly as it can; one below the number of shards goes to the first ones. */
function shared(limit: number, shards: readonly Shard[]): { readonly shard: Shard; readonly limit: number }[] {
  const count = Math.min(limit, shards.length);
  const each = Math.floor(limit / Math.max(1, count));
  return shards.slice(0, count).map((shard, index) => ({ shard, limit: each + (index < limit % count ? 1 : 0) }));
}

/** A request for the rest: leaves out lanes that have all their notes, and allows no lane more than the fullest other one may still have. */
function withoutFull(request: ClaimRequest, limit: number, claimed: readonly ClaimedNote[]): ClaimRequest {
  if (claimed.length === 0) return { ...request, limit };
  const perLane = new Map<string, number>();
  for (const { lane } of claimed) perLane.set(lane, (perLane.get(lane) ?? 0) + 1);
  const full = [...perLane].filter(([, notes]) => notes >= request.perLane).map(([lane]) => lane);
  const most = Math.max(0, ...[...perLane.values()].filter((notes) => notes < request.perLane));
  const isFull = new Set(full);
  const { lanes = { except: [] } } = request;
  const rest =
    'only' in lanes ? { only: lanes.only.filter((lane) => !isFull.has(lane)) } : { except: joined([lanes.except, full]) };
  return { ...request, limit, perLane: request.perLane - most, lanes: rest };
}
