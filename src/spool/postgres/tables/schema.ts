import { spoolStates } from '../../contract.ts';
import type { Tables } from './statement.ts';

/** Columns of `tallies`: entries by state, except purged ones; and the bytes of stored messages. */
export const counterColumns = [...spoolStates.map((state) => `${state}_count`), 'bytes'];

/** Their differences when rows of `entries` are deleted. */
export const countersOfGone = [
  ...spoolStates.map((state) => `-count(*) FILTER (WHERE state = '${state}' AND purged = 0)`),
  '-coalesce(sum(weight) FILTER (WHERE tombstone_at IS NULL), 0)',
].join(', ');

/**
 * Version 1. Times are ms since 1970 by the database's clock.
 *
 * `streams` has a row while a stream has active entries: a transaction that changes entries of a stream locks its row, and `due_at` is when its head may
 * be claimed (null while that is in progress); a note that a claim has just made lies in it too, see `inline-note.ts`. `ord` is the place of an entry in
 * its stream. Updates of an entry that stays active touch no indexed column, so that they stay in their page (HOT); hence the free room there.
 * Columns of entries are ordered by when they change: for a row that stays in its page the WAL has only what follows the first changed byte. Columns of
 * fixed width come first, without gaps. `tallies` has differences, one row per transaction, summed now and then: no transaction waits for another's count.
 */
const version1 = (t: Tables): string => `
CREATE SEQUENCE ${t.ticks} AS bigint;

-- Not the time at which the transaction began. Every time of the spool comes from here.
CREATE FUNCTION ${t.now}() RETURNS bigint LANGUAGE sql VOLATILE
  AS 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

CREATE TABLE ${t.meta} (
  one integer PRIMARY KEY CHECK (one = 1),
  version integer NOT NULL,
  last_now bigint NOT NULL DEFAULT 0
);
INSERT INTO ${t.meta} (one, version) VALUES (1, 0);

CREATE TABLE ${t.entries} (
  accepted_at bigint NOT NULL,
  pickup_at bigint NOT NULL,
  expires_in bigint NOT NULL,
  due_at bigint NOT NULL,
  due_within bigint NOT NULL,
  expires_at bigint NOT NULL,
  ord bigint NOT NULL,
  part integer NOT NULL,
  weight integer NOT NULL,
  single integer NOT NULL,
  cancel_requested integer NOT NULL,
  purged integer NOT NULL,
  kept boolean NOT NULL,
  id text COLLATE "C" PRIMARY KEY,
  message_id text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  content_hash text NOT NULL,
  lane text COLLATE "C" NOT NULL,
  conversation_id text NOT NULL,
  audience text NOT NULL,
  recipients_key text NOT NULL,
  message_class text NOT NULL,
  recipients text NOT NULL,
  unknown_attempts text,
  reason text,
  sent_class text,
  active boolean NOT NULL,
  attempt integer NOT NULL,
  rev bigint NOT NULL,
  ended_at bigint,
  tombstone_at bigint,
  state text NOT NULL,
  note_id text COLLATE "C",
  tried_by text,
  body text,
  UNIQUE (message_id, part)
) WITH (fillfactor = 100);
CREATE INDEX entries_stream ON ${t.entries} (stream, ord) WHERE active;
CREATE INDEX entries_expiry ON ${t.entries} (expires_at) WHERE active;
CREATE INDEX entries_tombstone ON ${t.entries} (tombstone_at) WHERE tombstone_at IS NOT NULL;
CREATE INDEX entries_kept ON ${t.entries} (id) WHERE kept;

CREATE TABLE ${t.streams} (
  key text COLLATE "C" PRIMARY KEY,
  lane text COLLATE "C" NOT NULL,
  deferred boolean NOT NULL DEFAULT false,
  due_at bigint,
  due_within bigint NOT NULL DEFAULT 0,
  note_id text COLLATE "C",
  token text,
  lease_until bigint,
  running_to bigint,
  run_by text,
  frozen text
) WITH (fillfactor = 100);
CREATE INDEX streams_note ON ${t.streams} (note_id) WHERE note_id IS NOT NULL;
CREATE INDEX streams_lease ON ${t.streams} (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX streams_due ON ${t.streams} (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX streams_lane ON ${t.streams} (lane, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE ${t.notes} (
  id text COLLATE "C" PRIMARY KEY,
  lane text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  entry_ids text NOT NULL,
  frozen text,
  attempt integer NOT NULL,
  state text NOT NULL,
  due_at bigint NOT NULL,
  due_within bigint NOT NULL,
  failures integer NOT NULL,
  probes integer NOT NULL,
  absences integer NOT NULL,
  last_ran_at bigint NOT NULL,
  unconfirmed_for bigint NOT NULL,
  token text,
  lease_kind text,
  lease_until bigint,
  lease_before text,
  lease_tried_by text,
  probe_at bigint
);
CREATE INDEX notes_lease ON ${t.notes} (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX notes_probe ON ${t.notes} (probe_at) WHERE probe_at IS NOT NULL;
CREATE INDEX notes_probe_lane ON ${t.notes} (lane, probe_at) WHERE probe_at IS NOT NULL;

CREATE TABLE ${t.attempts} (
  tag text COLLATE "C",
  entry_id text COLLATE "C",
  PRIMARY KEY (tag, entry_id)
);
CREATE INDEX attempts_entry ON ${t.attempts} (entry_id);

CREATE TABLE ${t.tallies} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ${counterColumns.map((name) => `${name} bigint NOT NULL`).join(',\n  ')}
);

CREATE TABLE ${t.corrupt} (
  at bigint NOT NULL,
  what text NOT NULL,
  entry json NOT NULL
);
`;

/** What operators set (pauses, audit), and what processes report about themselves; added to version 1. */
export const adminTable = ({ admin }: Tables): string => `
CREATE TABLE IF NOT EXISTS ${admin} (
  kind text COLLATE "C",
  key text COLLATE "C",
  at bigint NOT NULL,
  content text NOT NULL,
  PRIMARY KEY (kind, key)
);
`;

/**
 * Leaves room in each page for the delivered versions of its entries: a row that stays in its page is logged as a difference, not whole, and needs no lock of its own there. Applies
 * to new rows; added to version 1.
 */
export const roomForEnded = ({ entries }: Tables): string => `ALTER TABLE ${entries} SET (fillfactor = 60);`;

/** One step per version: step n leads from version n to n + 1. A released step never changes. */
export const schemaSteps: readonly ((tables: Tables) => string)[] = [version1];

/** The version that this library reads and writes. */
export const schemaVersion = schemaSteps.length;
