import type { SpoolStorage } from '../../../src/spool/contract.ts';
import type { FileLayer, WritableFile } from '../../../src/spool/file/disk/file-layer.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import type { Disk } from '../../model/disk.ts';
import { ForgetfulDisk, pickFrom } from '../../support/forgetful-disk.ts';
import { Lives } from './lives.ts';

/** A {@link FileSpool} folder on an in-memory disk: a process can die at any operation, and power can fail. */
export class FileDisk implements Disk {
  readonly name = 'file';
  readonly endsHalfway = true;
  readonly #disk = new ForgetfulDisk();
  /** A fault that the oracle must detect: nothing written is ever synced. */
  forgetsToSync = false;
  readonly #lives = new Lives();

  begin(died: () => void): SpoolStorage {
    const pass = this.#lives.begin(died);
    const layer = this.#disk.layer();
    const files = this.forgetsToSync ? { ...layer, syncFolder: async () => undefined } : layer;
    return new FileSpool({ root: '/spool', files: guarded(files, pass) });
  }

  async end(): Promise<void> {
    this.#lives.end();
    const { powerSeed } = this.#lives.takeFaults();
    if (powerSeed === undefined) this.#disk.restart();
    else this.#disk.powerCut(pickFrom(powerSeed));
    this.#disk.calls.length = 0;
  }

  dieAt(operation: number): void {
    this.#lives.dieAt(operation);
  }

  losePower(seed: number): void {
    this.#lives.losePower(seed);
  }

  calm(): void {
    this.#lives.takeFaults();
  }

  remove(): void {}
}

/** Each operation first checks whether the process is alive; an operation of a dead process neither happens nor ends. */
function guarded(layer: FileLayer, pass: () => boolean): FileLayer {
  const after = async <Result>(operation: () => Promise<Result>): Promise<Result> =>
    pass() ? operation() : new Promise(() => undefined);
  return {
    stat: (path) => after(() => layer.stat(path)),
    list: (path) => after(() => layer.list(path)),
    makeFolder: (path) => after(() => layer.makeFolder(path)),
    restrict: (path) => after(() => layer.restrict(path)),
    create: (path) => after(async () => guardedFile(await layer.create(path), after)),
    read: (path, limit) => after(() => layer.read(path, limit)),
    rename: (from, to) => after(() => layer.rename(from, to)),
    remove: (path) => after(() => layer.remove(path)),
    syncFolder: (path) => after(() => layer.syncFolder(path)),
    lock: (path) => after(() => layer.lock(path)),
  };
}

function guardedFile(file: WritableFile, after: <Result>(operation: () => Promise<Result>) => Promise<Result>): WritableFile {
  return {
    write: (data) => after(() => file.write(data)),
    sync: () => after(() => file.sync()),
    truncate: (size) => after(() => file.truncate(size)),
    close: () => after(() => file.close()),
  };
}
