import type { MessageEntry } from '../../src/sender/status.ts';
import type { Watched } from './table-watcher.ts';
import { minute, second, type World } from './world.ts';
import { maySendTwice } from './write-rules.ts';

const ends = new Set(['delivered', 'dead', 'cancelled', 'held', 'gone']);

/** Switches all faults off and gives everything time to end. */
export async function settleDown(world: World): Promise<void> {
  world.calm();
  await world.restart(second);
  for (let halfHours = 0; halfHours < 60 && !allEnded(world); halfHours++) await world.clock.advance(30 * minute);
  // A request in transit ends within the deadline, whoever has died since, and a draft that the server sends later leaves Drafts within two minutes.
  await world.clock.advance(3 * minute);
  await world.mend();
}

/** The promise of the design, point by point, once everything has settled. */
export async function checkPromise(world: World): Promise<void> {
  const shown: MessageEntry[] = [];
  for await (const entry of world.process.sender.list()) shown.push(entry);
  const broken = [
    ...everyMessageHasItsEnd(world),
    ...[...world.watcher.entries.values()].flatMap((watched) => endIsTrue(world, watched)),
    ...draftsAreKnown(world),
    ...orderIsKept(world),
    ...countsAddUp((await world.process.sender.stats()).states, shown),
  ];
  for (const one of broken) world.violation(one);
  world.verify();
}

function allEnded(world: World): boolean {
  return [...world.watcher.entries.values()].every(({ state }) => ends.has(state));
}

function everyMessageHasItsEnd(world: World): string[] {
  const lost = world.messages
    .filter(({ accepted }) => accepted === 'yes')
    .flatMap(({ entryIds }) => entryIds.filter((id) => !world.watcher.entries.has(id)))
    .map((id) => `${id} was accepted, and is nowhere`);
  const open = [...world.watcher.entries.values()]
    .filter(({ state }) => !ends.has(state))
    .map(({ id, state }) => `${id} has come to no end: it is ${state}`);
  return [...lost, ...open];
}

/** Whether the reported state of an entry agrees with Exchange. */
function endIsTrue(world: World, watched: Watched): string[] {
  const { id, entry, purged } = watched;
  const times = world.server.timesSent(watched);
  const asked = maySendTwice(world, watched);
  const broken: string[] = [];
  if (times > 1 && !asked) broken.push(`${id} was sent ${times} times`);
  if (entry.state === 'delivered' && times === 0 && !world.server.mayHaveKeptOnly(id))
    broken.push(`${id} is delivered, and was never sent`);
  const cancelled = entry.state === 'cancelled' && !watched.cancelledUnknown;
  const unknown = entry.reason?.code === 'OUTCOME_UNKNOWN' || entry.reason?.code === 'COPY_AFTER_FAULT';
  const knownUnsent = entry.state === 'dead' && !unknown;
  // Purged entries are no longer checked.
  if ((cancelled || knownUnsent) && times > 0 && !asked && !purged) {
    broken.push(`${id} is ${entry.state} (${entry.reason?.code}), and was sent`);
  }
  return broken;
}

/** No draft is left behind, or it has been reported. */
function draftsAreKnown(world: World): string[] {
  return world.server
    .draftsLeft()
    .flatMap(({ tag, entryIds }) => entryIds.map((id) => ({ tag, watched: world.watcher.entries.get(id) })))
    .filter(({ watched }) => {
      const told = watched?.reasons.has('DRAFT_LEFT');
      // If it could not be settled, the host knows that it must check; after force or purge, it did not want to.
      const hosts = watched?.reasons.has('OUTCOME_UNKNOWN') && (watched.entry.state === 'dead' || watched.cancelledUnknown);
      const asked = watched !== undefined && (watched.purged || maySendTwice(world, watched));
      return !told && !hosts && !asked;
    })
    .map(({ tag, watched }) => `the draft ${tag} is left, and ${watched?.id} (${watched?.entry.state}) does not say so`);
}

/** Messages of one conversation and audience reach Exchange in the order of the send() calls, except one that had expired before a later one was sent. */
function orderIsKept(world: World): string[] {
  const { server, watcher, messages } = world;
  const orders = new Map(messages.flatMap(({ entryIds, order }) => entryIds.map((id) => [id, order] as const)));
  const last = new Map<string, { readonly order: number; readonly id: string }>();
  const seen = new Set<string>();
  const broken: string[] = [];
  for (const id of server.inOrder(watcher.entries.values())) {
    const watched = watcher.entries.get(id);
    const order = orders.get(id);
    if (watched === undefined || order === undefined || watched.moved || watched.gaveUp || seen.has(id)) continue;
    seen.add(id);
    const stream = world.streamOf(watched);
    const before = last.get(stream);
    // An expired message that may have been sent holds back no other, and a request for it may still be in transit. Whether it had expired then is checked by write-rules.ts.
    if (before !== undefined && before.order > order && !watched.expired)
      broken.push(`${id} was sent after ${before.id}, which is younger`);
    if (before === undefined || before.order < order) last.set(stream, { order, id });
  }
  return broken;
}

function countsAddUp(counts: Readonly<Record<string, number>>, shown: readonly MessageEntry[]): string[] {
  return Object.entries(counts).flatMap(([state, count]) => {
    const listed = shown.filter((entry) => entry.state === state).length;
    return listed === count ? [] : [`counts() says ${count} ${state}, list() shows ${listed}`];
  });
}
