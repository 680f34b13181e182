import type { Note } from '../../src/transport/contract.ts';
import type { Server } from './server.ts';
import type { Watched } from './table-watcher.ts';
import type { World } from './world.ts';

/** What must be true of a note when it is sent to the server. */
export function checkWrite(world: World, note: Note, earlier: readonly Note[]): string[] {
  return [
    ...checkTag(world.server, note),
    ...checkFrozen(note, earlier),
    ...note.entryIds.flatMap((id) => checkEntry(world, id, note)),
  ];
}

/** The host requested it: by force, or by preferring to resend what cannot be settled, which then happened. */
export function maySendTwice({ options }: World, { forced, gaveUp }: Watched): boolean {
  return forced || (options.probe?.onUnconfirmed === 'resend' && gaveUp);
}

/** After a refusal without effect, no attempt is consumed, and the tag comes again. */
function checkTag(server: Server, { tag }: Note): string[] {
  return server.isTagUsed(tag) ? [`two attempts carry the tag ${tag}`] : [];
}

/** A retry sends the same note: entries may have left it, everything else stays. */
function checkFrozen(note: Note, earlier: readonly Note[]): string[] {
  const first = earlier.find(({ id }) => id === note.id);
  if (first === undefined) return [];
  const kept = first.entryIds.filter((id) => note.entryIds.includes(id));
  const same = first.subject === note.subject && first.messageClass === note.messageClass;
  return same && JSON.stringify(kept) === JSON.stringify(note.entryIds) ? [] : [`note ${note.id} is not what was frozen`];
}

function checkEntry(world: World, id: string, note: Note): string[] {
  const watched = world.watcher.entries.get(id);
  if (watched === undefined) return [`${id} is sent, and nobody has seen it in the spool`];
  const broken: string[] = [];
  if (watched.state !== 'delivering') broken.push(`${id} is sent while it is ${watched.state}`);
  const asked = maySendTwice(world, watched);
  if (world.server.timesSent(watched) > 0 && !asked) broken.push(`${id} was sent, and is sent again as ${note.tag}`);
  const unsettled = watched.entry.unknownAttempts.filter(({ tag }) => (world.server.absences.get(tag) ?? 0) < 2);
  if (unsettled.length > 0 && !asked) broken.push(`${id} is sent again, and ${unsettled[0]?.tag} was not found absent twice`);
  if (note.attempt === 1 && note.entryIds.length > 1 && (watched.split || watched.entry.unknownAttempts.length > 0)) {
    broken.push(`${id} must not merge with others`);
  }
  if (watched.expired) broken.push(`${id} is sent, and had expired`);
  for (const older of overtaken(world, watched, note))
    broken.push(`${id} is sent before ${older.id}, which is older and ${older.state}`);
  const recipients = (to: Note['to']): string => JSON.stringify(to.map(({ address }) => address).sort());
  if (recipients(watched.entry.to) !== recipients(note.to)) broken.push(`${id} is shown to ${recipients(note.to)}`);
  const text = watched.entry.message?.text;
  if (text === undefined || !note.body.content.includes(text)) broken.push(`the note of ${id} lacks its text`);
  if (watched.entry.audience !== note.audience) broken.push(`${id} goes to another audience`);
  if (watched.entry.lane !== note.from.address.toLowerCase()) broken.push(`${id} goes out from ${note.from.address}`);
  return broken;
}

/** Older messages of its conversation and audience that have not ended; an expired one is only probed. */
function overtaken(world: World, watched: Watched, note: Note): Watched[] {
  const stream = world.streamOf(watched);
  const active = ['spooled', 'deferred', 'delivering', 'unconfirmed'];
  return [...world.watcher.entries.values()].filter(
    (other) =>
      other.rank < watched.rank &&
      active.includes(other.state) &&
      !other.expired &&
      !note.entryIds.includes(other.id) &&
      world.streamOf(other) === stream,
  );
}
