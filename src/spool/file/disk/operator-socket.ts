import { once } from 'node:events';
import { rename, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { asError, property } from '../../../core/errors/thrown.ts';
import { CallError } from '../../admin/calls.ts';
import { newAddress } from './operator-address.ts';
import {
  folderOf,
  heartbeat,
  isProof,
  Lines,
  lineTimeout,
  longest,
  nonce,
  proofOf,
  type Secret,
  socketFile,
} from './operator-lines.ts';

/** ms for which a connection may be idle between two questions. */
const idle = 600_000;
const mostConnections = 16;

/** Answers the calls of operators. */
export interface Answering {
  /** Whether the folder is still ours. */
  isOwner(): boolean;
  /** Carries out a call; rejects with the error for the operator. `signal` aborts when nobody waits for it any more. */
  answer(call: unknown, args: unknown, signal: AbortSignal): Promise<unknown>;
}

/**
 * Listens for operators of the folder that we have open under this token, and writes into the folder where. Resolves with the function that ends that. Where the system has
 * no sockets or no room it does not listen, and operators wait until the spool is closed.
 */
export async function listenForOperators(own: string, token: string, answering: Answering): Promise<() => Promise<void>> {
  try {
    const secret = { token, folder: folderOf(own) };
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)));
      try {
        serve(socket, secret, answering);
      } catch {
        socket.destroy();
      }
    });
    server.maxConnections = mostConnections;
    // An error of the server must not end the process.
    server.on('error', () => undefined);
    const address = await newAddress(secret.folder);
    await listening(server, address);
    const file = join(own, socketFile);
    const content = `${JSON.stringify({ socket: address })}\n`;
    const close = async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    };
    try {
      await writeFile(`${file}.tmp`, content, { mode: 0o600 });
      await rename(`${file}.tmp`, file);
    } catch {
      // A full disk: nobody would find it.
      await close();
      return async () => undefined;
    }
    return async () => {
      // Whoever took the folder from us has written its own.
      if (answering.isOwner()) await unlink(file).catch(() => undefined);
      await close();
    };
  } catch {
    return async () => undefined;
  }
}

async function listening(server: Server, path: string): Promise<void> {
  try {
    // Exclusive: the workers of a cluster would share it.
    server.listen({ path, exclusive: true });
    await once(server, 'listening');
    server.unref();
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Serves one operator: proofs first, then one question after the other. Hangs up on anything else. */
function serve(socket: Socket, secret: Secret, answering: Answering): void {
  const lines = new Lines(longest.greeting);
  const gone = new AbortController();
  const challenge = nonce();
  let stage: 'greeting' | 'proof' | 'calls' = 'greeting';
  let busy = false;
  // A timer of its own: a stranger must not keep a connection by a byte now and then.
  const limit = setTimeout(() => socket.destroy(), lineTimeout).unref();
  socket.unref();
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(limit);
    gone.abort();
  });
  socket.on('data', (chunk) => {
    try {
      for (const line of lines.add(chunk)) take(line);
    } catch {
      socket.destroy();
    }
  });

  function take(line: unknown): void {
    if (!answering.isOwner()) throw new Error('The folder is no longer ours.');
    if (stage === 'greeting') {
      const given = property(line, 'nonce');
      if (property(line, 'offlineIm') !== 1 || typeof given !== 'string') throw new Error('No operator.');
      say({ proof: proofOf(secret, 'owner', given), nonce: challenge });
      stage = 'proof';
    } else if (stage === 'proof') {
      if (!isProof(secret, 'operator', challenge, property(line, 'proof'))) throw new Error('No operator.');
      clearTimeout(limit);
      socket.setTimeout(idle, () => {
        if (!busy) socket.destroy();
      });
      lines.limit = longest.question;
      stage = 'calls';
    } else {
      // Our operators wait for each answer.
      if (busy) throw new Error('One question at a time.');
      void carryOut(line);
    }
  }

  async function carryOut(line: unknown): Promise<void> {
    const id = property(line, 'id');
    busy = true;
    let beat: ReturnType<typeof setInterval> | undefined;
    try {
      beat = setInterval(() => say({ id, working: true }), heartbeat).unref();
      const result = await answering.answer(property(line, 'call'), property(line, 'args'), gone.signal);
      say({ id, result: result ?? null });
    } catch (error) {
      say({ id, error: toldOf(error) });
    } finally {
      clearInterval(beat);
      busy = false;
    }
  }

  function say(answer: object): void {
    if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
  }
}

/** The error as the operator is told it: only errors of ours hold nothing that an operator may not know. */
function toldOf(thrown: unknown): { readonly code?: string; readonly message: string } {
  const error = asError(thrown);
  if (error instanceof OfflineImError) return { code: error.code, message: error.message };
  if (error instanceof CallError) return { code: 'SPOOL_NOT_OPERABLE', message: error.message };
  return { message: `The process that has the spool open failed (${error.name}).` };
}
