import { EwsItemError } from '../../xml/ews-errors.ts';

/** Where a client's synchronisation stands. Clients keep it as a text they can't read. */
export interface SyncState {
  /** The folder that is synchronised. */
  readonly of: string;
  /** The last change it has been told of. */
  readonly seq: number;
  /** While the first pass goes on: the last item it has been told of. */
  readonly after?: number;
  /** The folders it has been told of, where it may not see all of them. */
  readonly told?: readonly string[];
}

export function writeSyncState({ of, seq, after, told }: SyncState): string {
  return btoa(JSON.stringify(told !== undefined ? [of, seq, told] : after === undefined ? [of, seq] : [of, seq, after]));
}

/** @throws ErrorInvalidSyncStateData for a state that is none, or is of another folder. */
export function readSyncState(text: string, of: string): SyncState {
  try {
    const read: unknown = JSON.parse(atob(text.trim()));
    if (Array.isArray(read) && read[0] === of && Number.isSafeInteger(read[1])) {
      const third: unknown = read[2];
      if (Array.isArray(third)) return { of, seq: read[1], told: third.map(String) };
      return Number.isSafeInteger(read[2]) ? { of, seq: read[1], after: read[2] } : { of, seq: read[1] };
    }
  } catch {
    // Not ours: the same error.
  }
  throw new EwsItemError('ErrorInvalidSyncStateData', 'The synchronisation state was not issued by this server for that folder.');
}
