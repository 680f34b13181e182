/** Wraps everything of Node and of pg that our code may call. Loaded before any file of `src`. */
import childProcess from 'node:child_process';
import channels from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import sqlite from 'node:sqlite';
import { Readable, Writable } from 'node:stream';
import timers from 'node:timers/promises';
import tls from 'node:tls';
import threads from 'node:worker_threads';
import { patch, patchChannels, patchClass, patchSignals, patchSubscriptions, systemError } from './boundary.ts';

const eio = () => systemError('EIO');
const sqliteError = () =>
  Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10, errstr: 'disk I/O error' });
const pgError = () => Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
const fetchError = () => new TypeError('fetch failed', { cause: systemError('ECONNRESET') });
const thrown = () => new Error('injected');

async function patchFiles(): Promise<void> {
  const handle = await fs.promises.open(import.meta.filename);
  const methods = Object.getPrototypeOf(handle) as object;
  await handle.close();
  for (const name of Object.getOwnPropertyNames(methods)) {
    if (/^(?:read|write|append|sync|datasync|truncate|stat|close|chmod|utimes)/i.test(name) && !name.includes('Stream')) {
      patch(`FileHandle.${name}`, methods, name, eio, 'promise');
    }
  }
  for (const name of Object.keys(fs.promises)) {
    if (name !== 'constants' && name !== 'watch' && name !== 'glob')
      patch(`fs.promises.${name}`, fs.promises, name, eio, 'promise');
  }
  for (const name of Object.keys(fs)) {
    const inner: unknown = Reflect.get(fs, name);
    if (typeof inner !== 'function' || /^[A-Z_]/.test(name) || name === 'existsSync') continue; // This one never throws.
    const style = name.endsWith('Sync') || /^(?:watch|create)/.test(name) ? 'sync' : 'callback';
    patch(`fs.${name}`, fs, name, eio, style);
  }
}

function patchSockets(): void {
  const reset = () => systemError('ECONNRESET');
  for (const name of ['connect', 'createConnection', 'createServer']) patch(`net.${name}`, net, name, reset, 'sync');
  for (const name of ['write', 'end', 'connect', 'setTimeout']) {
    patch(`Socket.${name}`, net.Socket.prototype, name, reset, 'sync');
  }
  for (const name of ['listen', 'close']) patch(`Server.${name}`, net.Server.prototype, name, reset, 'sync');
  for (const name of ['connect']) patch(`tls.${name}`, tls, name, reset, 'sync');
  for (const [kind, module] of Object.entries({ http, https })) {
    for (const name of ['request', 'get', 'createServer']) patch(`${kind}.${name}`, module, name, reset, 'sync');
  }
  for (const name of ['write', 'end', 'writeHead']) {
    patch(`ServerResponse.${name}`, http.ServerResponse.prototype, name, reset, 'sync');
  }
}

function patchDatabases(): void {
  for (const name of ['run', 'get', 'all', 'iterate']) {
    patch(`statement.${name}`, sqlite.StatementSync.prototype, name, sqliteError, 'sync');
  }
  for (const name of ['exec', 'prepare', 'open', 'close', 'function']) {
    patch(`database.${name}`, sqlite.DatabaseSync.prototype, name, sqliteError, 'sync');
  }
  patchClass('DatabaseSync', sqlite, 'DatabaseSync', sqliteError);
  patch('sqlite.backup', sqlite, 'backup', sqliteError, 'promise');
}

function patchRest(): void {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) {
    patch(name, globalThis, name, thrown, 'sync');
  }
  for (const name of ['setTimeout', 'setImmediate']) patch(`timers.${name}`, timers, name, thrown, 'promise');
  for (const name of ['execFile', 'exec']) patch(`child_process.${name}`, childProcess, name, eio, 'callback');
  patch('child_process.spawn', childProcess, 'spawn', eio, 'sync');
  patchClass('Worker', threads, 'Worker', thrown);
  for (const name of ['encrypt', 'importKey', 'sign', 'digest', 'deriveBits', 'deriveKey']) {
    patch(`subtle.${name}`, Object.getPrototypeOf(globalThis.crypto.subtle) as object, name, thrown, 'promise');
  }
  for (const name of ['userInfo', 'hostname', 'networkInterfaces', 'tmpdir']) patch(`os.${name}`, os, name, thrown, 'sync');
  patch('fetch', globalThis, 'fetch', fetchError, 'promise');
  for (const name of ['text', 'arrayBuffer', 'json']) patch(`Response.${name}`, Response.prototype, name, fetchError, 'promise');
  patch('reader.read', ReadableStreamDefaultReader.prototype, 'read', fetchError, 'promise');
  patch('reader.cancel', ReadableStreamDefaultReader.prototype, 'cancel', fetchError, 'promise');
  patch('stream.cancel', ReadableStream.prototype, 'cancel', fetchError, 'promise');
}

/** @param pg The driver's module, if a scene uses it. */
export async function layBoundary(pg?: {
  readonly Client: { prototype: object };
  readonly Pool: { prototype: object };
}): Promise<void> {
  await patchFiles();
  patchSockets();
  patchDatabases();
  patchRest();
  if (pg !== undefined) {
    for (const name of ['query', 'connect', 'end']) {
      patch(`Client.${name}`, pg.Client.prototype, name, pgError, 'promise');
      patch(`Pool.${name}`, pg.Pool.prototype, name, pgError, 'promise');
    }
    patch('Client.release', pg.Client.prototype, 'release', pgError, 'sync');
  }
  for (const holder of [EventEmitter.prototype, Readable.prototype, Writable.prototype]) {
    if (Object.hasOwn(holder, 'on')) patchSubscriptions(holder, 'emitter');
  }
  patchSignals();
  patchChannels(channels);
  syncBuiltinESMExports();
}
