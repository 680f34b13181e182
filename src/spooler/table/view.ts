import type { SpoolEntry, SpooledMessage } from '../../spool/contract.ts';
import type { EntryRecord } from '../../spool/state/records.ts';

/** An entry as the contract shows it. */
export function viewOf({ fixed, status }: EntryRecord, message?: SpooledMessage): SpoolEntry {
  const { expiresIn: _expiresIn, ...shown } = fixed;
  return {
    ...shown,
    messageClass: status.sentClass ?? fixed.messageClass,
    state: status.state,
    expiresAt: status.expiresAt,
    attempt: status.attempt,
    unknownAttempts: status.unknownAttempts,
    cancelRequested: status.cancelRequested,
    ...(message === undefined ? {} : { message }),
    ...(status.noteId === undefined ? {} : { noteId: status.noteId }),
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    ...(status.endedAt === undefined ? {} : { endedAt: status.endedAt }),
  };
}
