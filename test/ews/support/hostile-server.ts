/** Servers that mean harm, one a path, over a raw socket: HTTP as no library would write it. */
import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { created, envelope, ok } from './responses.ts';

/** What is done to whoever connects. */
export type Attack = (socket: Socket) => void;

const head = (headers = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/xml; charset=utf-8\r\nconnection: close\r\n${headers}\r\n`;
/**
 * A whole answer. The client closes the connection: where a server did, while the answer is still being taken in, the fetch of Node 24.21 would end the process
 * (nodejs/undici#5360), and no library could help it; see docs/server-compatibility.md.
 */
const whole = (bytes: Buffer, headers = ''): Attack => {
  const start = head(`content-length: ${bytes.byteLength}\r\n${headers}`);
  return (socket) => {
    socket.write(start);
    socket.write(bytes);
  };
};
const body = (text: string, doctype = ''): Attack =>
  whole(Buffer.from(text.replace('<soap11:Envelope', `${doctype}<soap11:Envelope`)));

/** Writes a piece again and again, as fast as it is taken. */
function flood(socket: Socket, piece: string | Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

/** Writes a piece every so often. */
function drip(socket: Socket, piece: string, every: number): void {
  const timer = setInterval(() => socket.write(piece), every);
  socket.on('close', () => clearInterval(timer));
}

const laughs = `<!DOCTYPE x [<!ENTITY a0 "ha">${Array.from({ length: 30 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join('')}]>`;
const external = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>';
const parameter = '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p">%p;]>';
const withCode = (code: string): string => created(ok).replace(`>${ok}<`, `>${code}<`);
const gzip = (text: string): Attack => whole(gzipSync(text), 'content-encoding: gzip\r\n');
const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];

/** By path: the attack, and the error codes it may end in. `none`: the note is delivered, and nothing else happens. */
export const attacks: Readonly<Record<string, { readonly attack: Attack; readonly codes: readonly string[] }>> = {
  good: { attack: body(created(ok)), codes: ['none'] },
  'endless-body': {
    attack: (socket) => {
      socket.write(head());
      flood(socket, `<a>${'x'.repeat(65_536)}`);
    },
    codes: ['RESPONSE_TOO_LARGE'],
  },
  'announced-gigabytes': {
    attack: (socket) => {
      socket.write(head('content-length: 8589934592\r\n'));
      flood(socket, 'x'.repeat(65_536));
    },
    codes: ['RESPONSE_TOO_LARGE'],
  },
  'endless-chunks': {
    attack: (socket) => {
      socket.write(head('transfer-encoding: chunked\r\n'));
      flood(socket, `10000\r\n${'y'.repeat(65_536)}\r\n`);
    },
    codes: ['RESPONSE_TOO_LARGE'],
  },
  'gzip-bomb': { attack: gzip('<a>'.padEnd(200 * 1024 * 1024, ' ')), codes: ['RESPONSE_TOO_LARGE'] },
  'gzip-broken': {
    attack: (socket) => socket.end(`${head('content-encoding: gzip\r\n')}not gzip at all`),
    codes: ['CONNECTION_LOST', 'RESPONSE_UNREADABLE'],
  },
  'billion-laughs': { attack: body(withCode('&a30;'), laughs), codes: ['RESPONSE_UNREADABLE'] },
  'external-entity': { attack: body(withCode('&e;'), external), codes: ['RESPONSE_UNREADABLE'] },
  'parameter-entity': { attack: body(created(ok), parameter), codes: ['RESPONSE_UNREADABLE'] },
  'deep-nesting': { attack: body(envelope('<a>'.repeat(300_000) + '</a>'.repeat(250_000))), codes: ['RESPONSE_UNREADABLE'] },
  'deep-and-closed': { attack: body(envelope('<a>'.repeat(200_000) + '</a>'.repeat(200_000))), codes: ['RESPONSE_UNREADABLE'] },
  'many-elements': { attack: body(envelope('<a/>'.repeat(400_000))), codes: ['RESPONSE_UNREADABLE'] },
  'many-attributes': {
    attack: body(envelope(`<a ${Array.from({ length: 150_000 }, (_, n) => `a${n}="1"`).join(' ')}/>`)),
    codes: ['RESPONSE_UNREADABLE'],
  },
  'many-namespaces': {
    attack: body(envelope(Array.from({ length: 2_000 }, (_, n) => `<a xmlns:p${n}="u">`).join('') + '</a>'.repeat(2_000))),
    codes: ['RESPONSE_UNREADABLE'],
  },
  'one-long-tag': { attack: body(envelope(`<a ${'b'.repeat(1_900_000)}`)), codes: ['RESPONSE_UNREADABLE'] },
  'many-references': { attack: body(withCode('&#65;'.repeat(300_000))), codes: ['EWS_ERROR', 'RESPONSE_UNREADABLE'] },
  'one-long-text': { attack: body(withCode('x'.repeat(1_900_000))), codes: ['RESPONSE_UNREADABLE'] },
  'one-long-attribute': { attack: body(envelope(`<a b="${'c'.repeat(1_900_000)}"/>`)), codes: ['RESPONSE_UNREADABLE'] },
  'odd-names': {
    attack: body(envelope(odd.map((name) => `<${name} ${name}="x"><${name}>polluted</${name}></${name}>`).join(''))),
    codes: ['RESPONSE_UNREADABLE'],
  },
  'odd-attributes': {
    attack: body(created(ok).replace('ResponseClass=', '__proto__="x" constructor="y" ResponseClass=')),
    codes: ['none'],
  },
  'drip-body': {
    attack: (socket) => {
      socket.write(head());
      drip(socket, ' ', 20);
    },
    codes: ['REQUEST_TIMEOUT'],
  },
  'drip-headers': {
    attack: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, 'x-a: b\r\n', 20);
    },
    codes: ['REQUEST_TIMEOUT'],
  },
  'endless-headers': {
    attack: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood(socket, 'x-header: '.padEnd(4_000, 'v').concat('\r\n'));
    },
    codes: ['CONNECTION_LOST', 'REQUEST_TIMEOUT'],
  },
  'endless-informational': {
    attack: (socket) => flood(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
    codes: ['CONNECTION_LOST', 'REQUEST_TIMEOUT'],
  },
  'not-http': { attack: (socket) => flood(socket, Buffer.alloc(65_536, 7)), codes: ['CONNECTION_LOST'] },
  silence: { attack: () => {}, codes: ['REQUEST_TIMEOUT'] },
};

/** Starts it on the loopback interface. */
export async function startHostileServer(
  table: Readonly<Record<string, { readonly attack: Attack }>> = attacks,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (data) => table[/^\w+ \/([\w-]+)/.exec(data.toString('latin1'))?.[1] ?? '']?.attack(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
