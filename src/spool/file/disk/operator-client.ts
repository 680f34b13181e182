import { createConnection, type Socket } from 'node:net';
import { isErrorCode } from '../../../core/errors/codes.ts';
import { missing } from '../../../core/errors/missing.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import { asError, property } from '../../../core/errors/thrown.ts';
import type { Owner } from '../../admin/asked-spool.ts';
import { errnoOf } from './file-layer.ts';
import { layoutOf } from './layout.ts';
import {
  folderOf,
  isProof,
  Lines,
  lineTimeout,
  longest,
  nonce,
  ownerFile,
  proofOf,
  protocolVersion,
  readSmall,
  socketFile,
} from './operator-lines.ts';

type Call = Parameters<Owner['ask']>[0];

/** Connects to the process that has the folder open. @throws {OfflineImError} `SPOOL_LOCKED`, with the reason, where it does not answer */
export async function askOwner(root: string): Promise<Owner> {
  const { own } = layoutOf(root);
  let who = describe(root, undefined);
  try {
    const owner = readSmall(own, ownerFile);
    who = describe(root, owner);
    return await reach(own, owner, who);
  } catch (error) {
    if (error instanceof OfflineImError) throw error;
    // Files of another user, a disk that fails, an address that is none.
    throw silent(who, `it can't be reached (${errnoOf(error) ?? asError(error).name})`, error);
  }
}

async function reach(own: string, owner: unknown, who: string): Promise<Owner> {
  const token = property(owner, 'token');
  const address = property(readSmall(own, socketFile), 'socket');
  if (typeof token !== 'string' || typeof address !== 'string' || address === '') {
    throw silent(who, 'it is not listening: it is still opening the folder, runs an older version, or has no room for a socket');
  }
  return OwnerConnection.open(address, { token, folder: folderOf(own) }, who);
}

/** Asks one question at a time, over one connection. */
class OwnerConnection implements Owner {
  readonly #socket: Socket;
  readonly #who: string;
  readonly #lines = new Lines(longest.greeting);
  readonly #heard: unknown[] = [];
  #listener: (() => void) | undefined;
  /** Why the connection has ended. */
  #ended: string | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #questions = 0;

  private constructor(socket: Socket, who: string) {
    this.#socket = socket;
    this.#who = who;
    socket.on('data', (chunk) => {
      try {
        this.#heard.push(...this.#lines.add(chunk));
        this.#listener?.();
      } catch {
        this.#end('it does not speak the protocol');
      }
    });
    socket.on('error', (error) => this.#end(unconnected(errnoOf(error) ?? error.name)));
    socket.on('close', () => this.#end('it has ended or closed the connection'));
  }

  static async open(address: string, secret: Parameters<typeof proofOf>[0], who: string): Promise<OwnerConnection> {
    const owner = new OwnerConnection(createConnection(address), who);
    try {
      const challenge = nonce();
      owner.#say({ offlineIm: protocolVersion, nonce: challenge });
      const answer = await owner.#next();
      const given = property(answer, 'nonce');
      if (!isProof(secret, 'owner', challenge, property(answer, 'proof')) || typeof given !== 'string') {
        throw silent(who, 'what is listening in its place cannot prove that it has the folder open');
      }
      owner.#lines.limit = longest.answer;
      owner.#say({ proof: proofOf(secret, 'operator', given) });
      return owner;
    } catch (error) {
      owner.#socket.destroy();
      throw error;
    }
  }

  ask(call: Call, ...args: readonly unknown[]): Promise<unknown> {
    const answer = this.#last
      .then(() => this.#ask(call, args))
      .catch((error: unknown) => {
        throw error instanceof OfflineImError ? error : silent(this.#who, 'the connection to it broke', error);
      });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    this.#socket.destroy();
  }

  async #ask(call: Call, args: readonly unknown[]): Promise<unknown> {
    this.#questions += 1;
    const id = this.#questions;
    this.#say({ id, call, args });
    for (;;) {
      const answer = await this.#next();
      if (property(answer, 'id') !== id) throw silent(this.#who, 'it does not speak the protocol');
      if (property(answer, 'working') === true) continue;
      const error = property(answer, 'error');
      if (error !== undefined) throw failed(error);
      return property(answer, 'result');
    }
  }

  #say(what: object): void {
    if (this.#ended === undefined) this.#socket.write(`${JSON.stringify(what)}\n`);
  }

  /** Waits for the next line. However busy the owner is, it sends one within {@link lineTimeout}. */
  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end(`it did not answer within ${lineTimeout / 1_000} s: it is suspended or very busy`);
      }, lineTimeout);
      const look = (): void => {
        if (this.#heard.length === 0 && this.#ended === undefined) return;
        clearTimeout(timer);
        this.#listener = undefined;
        if (this.#heard.length > 0) resolve(this.#heard.shift());
        else reject(silent(this.#who, this.#ended ?? missing('The end of a connection')));
      };
      this.#listener = look;
      look();
    });
  }

  #end(why: string): void {
    this.#ended ??= why;
    this.#listener?.();
    this.#socket.destroy();
  }
}

function unconnected(code: string): string {
  const told = `there is no connection to it (${code})`;
  return code === 'ENOENT'
    ? `${told}: it may have temporary files of its own (PrivateTmp of systemd); set XDG_RUNTIME_DIR for it`
    : told;
}

function describe(root: string, owner: unknown): string {
  const [host, pid, since] = [property(owner, 'host'), property(owner, 'pid'), property(owner, 'openedAt')];
  const named =
    typeof pid === 'number' && typeof host === 'string' ? `process ${pid} on ${quoted(host.slice(0, 100))}` : 'a process';
  return `${quoted(root)} is in use by ${named}${typeof since === 'string' ? ` since ${since.slice(0, 30)}` : ''}`;
}

function silent(who: string, why: string, cause?: unknown): OfflineImError {
  const message = `${who}, which did not respond: ${why}. Try again now, or after closing it. It may have carried out the last command.`;
  return new OfflineImError('SPOOL_LOCKED', message, cause === undefined ? {} : { cause });
}

function failed(error: unknown): OfflineImError {
  const [code, message] = [property(error, 'code'), property(error, 'message')];
  const known = isErrorCode(code) ? code : 'SPOOL_FAILED';
  return new OfflineImError(known, typeof message === 'string' ? message : 'The process that has the spool open failed.');
}
