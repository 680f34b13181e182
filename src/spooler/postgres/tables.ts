import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';

/** Quoted names of what a spool has in its schema. */
export interface Tables {
  readonly schema: string;
  readonly meta: string;
  readonly entries: string;
  readonly notes: string;
  readonly streams: string;
  readonly attempts: string;
  readonly tallies: string;
  readonly corrupt: string;
  readonly ticks: string;
  /** The function that tells the time. */
  readonly now: string;
  /** LISTEN/NOTIFY channel; not quoted. */
  readonly channel: string;
}

/** Short enough for the channel, which has the same 63 bytes. */
const schemaPattern = /^[a-z_][a-z0-9_]{0,47}$/;

/** @throws {OfflineImError} `OPTION_INVALID`: a name that would have to be escaped. */
export function tablesIn(schema: string): Tables {
  if (typeof schema !== 'string' || !schemaPattern.test(schema)) {
    const expected = 'a letter or underscore, then letters, digits and underscores, all lower case, 48 at most';
    throw new OfflineImError('OPTION_INVALID', `schema is ${quoted(schema)}; expected ${expected}.`);
  }
  const table = (name: string): string => `"${schema}"."${name}"`;
  return {
    schema: `"${schema}"`,
    meta: table('meta'),
    entries: table('entries'),
    notes: table('notes'),
    streams: table('streams'),
    attempts: table('attempts'),
    tallies: table('tallies'),
    corrupt: table('corrupt'),
    ticks: table('ticks'),
    now: table('now_ms'),
    channel: `offline_im_${schema}`,
  };
}
