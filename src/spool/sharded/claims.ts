import type { Clock } from '../../core/clock.ts';
import { joined } from '../../core/joined.ts';
import type { Change, ClaimedNote, ClaimRequest, ClaimToken, LaneFilter, SpoolStorage } from '../contract.ts';
import { laneFilter } from '../state/derived.ts';
import type { Shard } from './shard.ts';

/** A note that came after the claim had stopped waiting for it; the next ones hand out what they may have of these. */
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
  /** Called with changes that no caller waits for. */
  untold(changes: readonly Change[]): void;
}

/** Claims over all shards: every shard gets its share of the limit, what one leaves goes to the others, and one that is slow or fails holds up none. */
export class ShardClaims {
  readonly #context: ClaimsContext;
  #late: Late[] = [];
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
    const failed = (error: unknown): undefined => void errors.push(error);
    const only = request.lanes !== undefined && 'only' in request.lanes ? request.lanes : undefined;
    let asking: readonly Shard[] = this.#order[request.kind].filter((shard) => shard.admits());
    if (only !== undefined) asking = await answering(asking, only, failed);
    let answered = 0;
    while (asking.length > 0 && claimed.length < request.limit) {
      // One after the other where a lane may have few: what two shards have of it may be as many too many.
      const shares = shared(request.limit - claimed.length, only === undefined ? asking : asking.slice(0, 1));
      const answers = await Promise.all(
        shares.map(({ shard, limit }) => this.#ask(shard, withoutFull(request, limit, claimed)).catch(failed)),
      );
      const more: Shard[] = asking.slice(shares.length);
      for (const [index, { shard, limit }] of shares.entries()) {
        const notes = answers[index]?.answer;
        if (notes === undefined) continue;
        answered += 1;
        for (const note of notes) claimed.push(tokenNamed(shard, note));
        if (notes.length > 0) this.#served(request.kind, shard);
        if (notes.length >= limit) more.push(shard);
      }
      asking = more;
    }
    if (answered === 0 && errors.length > 0) throw errors[0];
    return claimed;
  }

  /** ms until notes that nobody took are to be given back, by a claim; `undefined` if there are none. */
  dueIn(): number | undefined {
    if (this.#late.length === 0) return undefined;
    return Math.max(1, Math.min(...this.#late.map((one) => one.lease / 4 - this.#ageOf(one))));
  }

  /** Gives back notes of a shard that nobody took. */
  async close(shard: Shard): Promise<void> {
    const own = this.#late.filter((one) => one.shard === shard);
    this.#late = this.#late.filter((one) => one.shard !== shard);
    await this.#giveBack(own);
  }

  #served(kind: ClaimRequest['kind'], shard: Shard): void {
    const order = this.#order[kind];
    order.splice(order.indexOf(shard), 1);
    order.push(shard);
  }

  /** Every shard hears of every lane: before one was added, what was spooled for a lane came to another one. */
  #ask(shard: Shard, request: ClaimRequest) {
    const { kind, lease } = request;
    const claimedAt = momentOf(this.#context.clock());
    return shard.briefly(
      shard.ask((storage) => storage.claim(request)),
      (notes) => this.#late.push(...notes.map((note) => ({ shard, note: tokenNamed(shard, note), kind, claimedAt, lease }))),
    );
  }

  /** Takes the late notes that this claim may have; gives back those whose lease has run for long. */
  async #lateFor(request: ClaimRequest): Promise<ClaimedNote[]> {
    if (this.#late.length === 0) return [];
    const taken: ClaimedNote[] = [];
    const perLane = new Map<string, number>();
    const [rest, old]: [Late[], Late[]] = [[], []];
    const admits = laneFilter(request.lanes);
    for (const one of this.#late) {
      const { note, kind, lease } = one;
      const ofLane = perLane.get(note.lane) ?? 0;
      const age = this.#ageOf(one);
      if (age >= lease / 4) old.push(one);
      else if (kind === request.kind && admits(note.lane) && ofLane < request.perLane && taken.length < request.limit) {
        perLane.set(note.lane, ofLane + 1);
        taken.push({ ...note, age: age + (note.age ?? 0) });
      } else rest.push(one);
    }
    this.#late = rest;
    await this.#giveBack(old);
    return taken;
  }

  /** ms since it was asked for. */
  #ageOf({ claimedAt }: Late): number {
    const { now, monotonic } = momentOf(this.#context.clock());
    return Math.max(now - claimedAt.now, monotonic - claimedAt.monotonic);
  }

  /** Gives back notes that were never sent: they need no probe. On a shard that fails, their leases lapse. */
  async #giveBack(notes: readonly Late[]): Promise<void> {
    const { untold } = this.#context;
    const back = [...new Set(notes.map(({ shard }) => shard))].map(async (shard) => {
      const own = notes.filter((one) => one.shard === shard);
      const settlements = own.map(({ note }) => ({ token: splitToken(note.token).token, to: 'unclaim' as const }));
      const asked = shard.ask((storage: Pick<SpoolStorage, 'settle'>) => storage.settle(settlements));
      const tell = ({ changes }: { readonly changes: readonly Change[] }): void => untold(changes);
      const settled = await shard.briefly(asked, tell).catch(() => undefined);
      if (settled !== undefined) tell(settled.answer);
    });
    await Promise.all(back);
  }
}

/**
 * Those of the shards that answer now, since each of them may keep the next one waiting. They are asked all at once, for something that changes nothing.
 *
 * @param failed Called with the error of each that fails
 */
async function answering(
  shards: readonly Shard[],
  lanes: LaneFilter,
  failed: (error: unknown) => undefined,
): Promise<readonly Shard[]> {
  if (shards.length <= 1) return shards;
  const answers = await Promise.all(
    shards.map((shard) => shard.briefly(shard.ask((storage) => storage.nextDue(lanes))).catch(failed)),
  );
  return shards.filter((_, index) => answers[index] !== undefined);
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
