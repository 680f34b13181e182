import type { Note } from '../../transport/contract.ts';

/** A note as hooks and transports get it: a copy that nobody can change, neither for whoever gets it next nor in the spool. */
export function handedNote(note: Note): Note {
  return Object.freeze({
    ...note,
    unknownAttempts: Object.freeze(
      note.unknownAttempts.map((attempt) => Object.freeze({ ...attempt, place: Object.freeze({ ...attempt.place }) })),
    ),
    place: Object.freeze({ ...note.place }),
    from: Object.freeze({ ...note.from }),
    to: Object.freeze(note.to.map((mailbox) => Object.freeze({ ...mailbox }))),
    body: Object.freeze({ ...note.body }),
    // A Date can't be frozen; this one is nobody else's.
    sentAt: new Date(note.sentAt),
    entryIds: Object.freeze([...note.entryIds]),
  });
}
