import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AdminReading } from '../admin-read.ts';
import { LeaseEnds, Picker } from '../claim.ts';
import { Expiry, Tombstones } from '../clean-up.ts';
import { Reading } from '../read.ts';
import { Stores } from '../stores/stores.ts';
import type { OpenFile } from './open-file.ts';

/** Queries of an open spool. */
export interface Queries {
  readonly picker: Picker;
  readonly expiry: Expiry;
  readonly reading: Reading;
  readonly leases: LeaseEnds;
  readonly tombstones: Tombstones;
  readonly admin: AdminReading;
}

/** An open file with all that is prepared on it; another one after the file had to be opened anew. */
export class Connection {
  readonly database: DatabaseSync;
  readonly file: OpenFile;
  readonly alone: boolean;
  readonly stores: Stores;
  readonly queries: Queries;
  readonly #version: StatementSync;

  /** @param alone Nobody else had the file open. */
  constructor(database: DatabaseSync, file: OpenFile, alone: boolean) {
    this.database = database;
    this.file = file;
    this.alone = alone;
    this.stores = new Stores(database);
    this.queries = {
      picker: new Picker(database),
      expiry: new Expiry(database),
      reading: new Reading(database),
      leases: new LeaseEnds(database),
      tombstones: new Tombstones(database),
      admin: new AdminReading(database),
    };
    this.#version = database.prepare('PRAGMA data_version');
  }

  /** Changes when another connection has committed anything: a look at shared memory, some µs. */
  dataVersion(): unknown {
    return this.#version.get()?.data_version;
  }
}
