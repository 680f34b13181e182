/** Every attack once, in the terms of either service. */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { created, envelope, ok } from '../../ews/support/responses.ts';
import { type Attack, drip, flood, headOf, type Text, whole } from './server.ts';
import type { Tongue } from './tongues.ts';

/** An attack, and the expected outcome of the note. */
export interface Matter {
  readonly attack: Attack;
  /** @default 'unconfirmed' */
  readonly status?: string;
  /** The expected error codes. @default any */
  readonly codes?: readonly string[];
  /** The expected result of a probe, unless it is `unknown` or `pending`. */
  readonly probe?: string;
  /** Intended to cost memory: measured in a process with few others. */
  readonly heavy?: true;
}

const megabytes = 1024 * 1024;
const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf', 'then'];
const unreadable = ['RESPONSE_UNREADABLE'];

/** The output of `gzipSync()` for the text and so many megabytes of blanks, of which only one is compressed: all would take seconds. */
function gzipBomb(text: string, times: number): Buffer {
  const blanks = Buffer.alloc(megabytes, ' ');
  const piece = (of: string | Buffer): Buffer => deflateRawSync(of, { finishFlush: constants.Z_FULL_FLUSH });
  const blank = piece(blanks);
  const trailer = Buffer.alloc(8);
  let crc = crc32(text);
  for (let n = 0; n < times; n++) crc = crc32(blanks, crc);
  trailer.writeUInt32LE(crc);
  trailer.writeUInt32LE(Buffer.byteLength(text) + times * megabytes, 4);
  // Its header: deflated, without name or time.
  const header = Buffer.from('1f8b0800000000000003', 'hex');
  return Buffer.concat([header, piece(text), ...Array.from({ length: times }, () => blank), deflateRawSync(''), trailer]);
}

/** An encoding that no reader knows, whatever it is called. */
function utf32(text: string): Buffer {
  return Buffer.from([...text].flatMap((character) => [character.charCodeAt(0), 0, 0, 0]));
}

/** Of the connection: what is written is in no tongue. */
function connections({ type }: Tongue): Record<string, Matter> {
  const head = (headers = ''): string => headOf({ type, headers });
  const tooLarge = ['RESPONSE_TOO_LARGE'];
  const lost = ['CONNECTION_LOST', 'REQUEST_TIMEOUT'];
  return {
    'endless-body': {
      heavy: true,
      attack: (socket) => {
        socket.write(head());
        flood(socket, `<a>${'x'.repeat(65_536)}`);
      },
      codes: tooLarge,
    },
    'announced-gigabytes': {
      heavy: true,
      attack: (socket) => {
        socket.write(head('content-length: 8589934592\r\n'));
        flood(socket, 'x'.repeat(65_536));
      },
      codes: tooLarge,
    },
    'endless-chunks': {
      heavy: true,
      attack: (socket) => {
        socket.write(head('transfer-encoding: chunked\r\n'));
        flood(socket, `10000\r\n${'y'.repeat(65_536)}\r\n`);
      },
      codes: tooLarge,
    },
    'one-byte-chunks': {
      heavy: true,
      attack: (socket) => {
        socket.write(head('transfer-encoding: chunked\r\n'));
        flood(socket, '1\r\n \r\n'.repeat(1_000));
      },
      codes: [...tooLarge, 'REQUEST_TIMEOUT'],
    },
    'broken-chunks': { attack: (socket) => void socket.write(`${head('transfer-encoding: chunked\r\n')}zz\r\nx`), codes: lost },
    'length-and-chunks': {
      attack: (socket) => void socket.write(`${head('content-length: 3\r\ntransfer-encoding: chunked\r\n')}0\r\n\r\n`),
      codes: [...lost, ...unreadable],
    },
    'gzip-broken': {
      attack: (socket) => socket.end(`${head('content-encoding: gzip\r\n')}not gzip at all`),
      codes: ['CONNECTION_LOST', ...unreadable],
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
      heavy: true,
      attack: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        flood(socket, 'x-header: '.padEnd(4_000, 'v').concat('\r\n'));
      },
      codes: lost,
    },
    'endless-informational': {
      heavy: true,
      attack: (socket) => flood(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)),
      codes: lost,
    },
    'not-http': { heavy: true, attack: (socket) => flood(socket, Buffer.alloc(65_536, 7)), codes: ['CONNECTION_LOST'] },
    silence: { attack: () => {}, codes: ['REQUEST_TIMEOUT'] },
    'closed-at-once': { attack: (socket) => void socket.destroy(), codes: ['CONNECTION_LOST'] },
  };
}

/** Attacks in the response, for either service. */
function answers(tongue: Tongue): Record<string, Matter> {
  const { type, around, nested, beside, error, oddNames, another } = tongue;
  const says = (body: string | Buffer, more: Partial<Text> = {}): Attack => whole({ type, body, ...more });
  const zipped = (bytes: Buffer): Attack => says(bytes, { headers: 'content-encoding: gzip\r\n' });
  // A refusal that comes with ten megabytes, created once, is the refusal that its status says.
  const large = error('', 'ErrorInvalidRecipients', 10 * megabytes);
  const bytes = Buffer.from(large.body);
  const byStatus = (status: string): Attack => whole({ ...large, status, body: bytes });
  return {
    'gzip-bomb': {
      heavy: true,
      attack: zipped(gzipBomb(around(''), 200)),
      codes: ['RESPONSE_TOO_LARGE'],
    },
    'deep-and-open': { heavy: true, attack: says(around(nested(60_000, false))), codes: unreadable },
    'deep-and-closed': { heavy: true, attack: says(around(nested(60_000, true))), codes: unreadable },
    'many-values': {
      heavy: true,
      attack: says(around(beside(300_000))),
      ...(tongue.kind === 'ews' ? { codes: unreadable } : {}),
    },
    'odd-names': { attack: says(around(oddNames(odd))) },
    'odd-names-at-the-top': { attack: says(oddNames(odd)) },
    'odd-code': { attack: whole(error('500 Internal Server Error', '__proto__')) },
    'long-code': { heavy: true, attack: whole(error('500 Internal Server Error', 'E'.repeat(1_000_000))) },
    'ten-megabytes-400': { heavy: true, attack: byStatus('400 Bad Request') },
    'ten-megabytes-403': { heavy: true, attack: byStatus('403 Forbidden'), status: 'blocked' },
    'ten-megabytes-500': { heavy: true, attack: byStatus('500 Internal Server Error') },
    'ten-megabytes-503': { heavy: true, attack: byStatus('503 Busy') },
    'another-question': { attack: says(another) },
    'a-page': { attack: says('<!doctype html><title>Please wait</title>', { type: 'text/html' }) },
    'a-page-in-disguise': { attack: says('<!doctype html><title>Please wait</title>') },
    redirect: { attack: says('', { status: '302 Found', headers: 'location: http://127.0.0.1:1/x\r\n' }) },
    'redirect-that-keeps-the-method': {
      attack: says('', { status: '307 Moved', headers: 'location: http://127.0.0.1:1/x\r\n' }),
    },
    'nothing-204': { attack: (socket) => void socket.write('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n') },
    'nothing-200': { attack: says('') },
    blanks: { attack: says(' \r\n\t ') },
    'reset-content': {
      attack: (socket) => void socket.write('HTTP/1.1 205 Reset\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
    },
    'a-part-206': { attack: says(around(''), { status: '206 Partial Content' }) },
    'not-modified': { attack: (socket) => void socket.write('HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n') },
    'odd-status': { attack: says(around(''), { status: '999 Whatever' }) },
    'other-charset': { attack: says(Buffer.from(another, 'utf16le'), { type: `${type.split(';')[0]}; charset=utf-16` }) },
    'wrong-charset': { attack: says(utf32(around(''))) },
    'unknown-charset': {
      attack: says(utf32(around('')), { type: `${type.split(';')[0]}; charset="__proto__"` }),
    },
    'broken-utf-8': { attack: says(Buffer.concat([Buffer.from(around('')), Buffer.from([0xff, 0xfe, 0xc3])])) },
    'nul-bytes': { attack: says(around('\u0000\u0000')) },
  };
}

/**
 * Attacks in a search: a message was found, and nothing may be concluded from it. In EWS every part of an item but its tag is
 * optional, and a server may list what the restriction did not ask for; docs/server-compatibility.md says which do.
 */
function searches({ kind, searched }: Tongue): Record<string, Matter> {
  const own = 'n:1';
  const inEws = (probe: string): { readonly probe?: string } => (kind === 'ews' ? { probe } : {});
  return {
    'own-but-no-word-of-sent': { attack: searched([{ tag: own }]), ...inEws('found') },
    'own-and-perhaps-sent': { attack: searched([{ tag: own, isDraft: 'perhaps' }]) },
    'own-without-id': { attack: searched([{ tag: own, isDraft: 'false', id: undefined }]), ...inEws('found') },
    'of-another-attempt': { attack: searched([{ tag: 'n:2', isDraft: 'false' }]), ...inEws('absent') },
    'of-nobody': { attack: searched([{ tag: '', isDraft: 'false' }]) },
    'many-drafts-of-our-own': {
      heavy: true,
      attack: searched(Array.from({ length: 900 }, () => ({ tag: own, isDraft: 'true' }))),
    },
  };
}

const laughs = `<!DOCTYPE x [<!ENTITY a0 "ha">${Array.from({ length: 30 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join('')}]>`;
const external = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>';
const parameter = '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p">%p;]>';

/** Only possible in XML. */
function ofXml({ type }: Tongue): Record<string, Matter> {
  const says = (text: string, doctype = ''): Attack =>
    whole({ type, body: text.replace('<soap11:Envelope', `${doctype}<soap11:Envelope`) });
  const withCode = (code: string): string => created(ok).replace(`>${ok}<`, `>${code}<`);
  const attributes = Array.from({ length: 150_000 }, (_, n) => `a${n}="1"`).join(' ');
  const namespaces = Array.from({ length: 2_000 }, (_, n) => `<a xmlns:p${n}="u">`).join('') + '</a>'.repeat(2_000);
  return {
    'billion-laughs': { heavy: true, attack: says(withCode('&a30;'), laughs), codes: unreadable },
    'external-entity': { attack: says(withCode('&e;'), external), codes: unreadable },
    'parameter-entity': { attack: says(created(ok), parameter), codes: unreadable },
    'many-attributes': { heavy: true, attack: says(envelope(`<a ${attributes}/>`)), codes: unreadable },
    'many-namespaces': { heavy: true, attack: says(envelope(namespaces)), codes: unreadable },
    'one-long-tag': { heavy: true, attack: says(envelope(`<a ${'b'.repeat(1_900_000)}`)), codes: unreadable },
    'many-references': { heavy: true, attack: says(withCode('&#65;'.repeat(300_000))), codes: ['EWS_ERROR', ...unreadable] },
    'one-long-text': { heavy: true, attack: says(withCode('x'.repeat(1_900_000))), codes: unreadable },
    'one-long-attribute': { heavy: true, attack: says(envelope(`<a b="${'c'.repeat(1_900_000)}"/>`)), codes: unreadable },
    'odd-attributes': {
      attack: says(created(ok).replace('ResponseClass=', '__proto__="x" constructor="y" ResponseClass=')),
      status: 'delivered',
    },
  };
}

/** Only possible in JSON, and in the way Graph uses it. */
function ofJson({ type }: Tongue): Record<string, Matter> {
  const says = (body: string, status = '200 OK'): Attack => whole({ status, type, body });
  const next = (link: string): Matter => ({ attack: says(`{"value":[],"@odata.nextLink":${JSON.stringify(link)}}`) });
  const tag =
    '"singleValueExtendedProperties":[{"id":"String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag","value":"n:1"}]';
  const inner = `{"error":${'{"code":"A","message":"","innerError":'.repeat(6_000)}{}${'}'.repeat(6_001)}`;
  const codes = `{"error":{"code":"New","message":"","details":[${'{"code":"ErrorInvalidRecipients"},'.repeat(5_000)}{}]}}`;
  return {
    'accepted-with-ten-megabytes': { heavy: true, attack: says('x'.repeat(10 * megabytes), '202 Accepted'), status: 'delivered' },
    'accepted-with-an-error': {
      attack: says('{"error":{"code":"ErrorInvalidRecipients","message":""}}', '202 Accepted'),
      status: 'delivered',
    },
    'created-201': { attack: says('{"id":"x","isDraft":false}', '201 Created') },
    'deep-inner-errors': { heavy: true, attack: says(inner, '400 Bad Request') },
    'many-codes': { heavy: true, attack: says(codes, '400 Bad Request'), status: 'rejected' },
    'error-that-is-a-list': { attack: says('{"error":[{"code":"ErrorInvalidRecipients"}]}', '400 Bad Request') },
    'error-that-is-text': { attack: says('{"error":"ErrorInvalidRecipients"}', '400 Bad Request') },
    'code-that-is-a-list': { attack: says('{"error":{"code":["ErrorInvalidRecipients"]}}', '400 Bad Request') },
    'code-by-the-prototype': {
      attack: says('{"error":{"__proto__":{"code":"ErrorInvalidRecipients"}}}', '400 Bad Request'),
    },
    'value-is-no-list': { attack: says('{"value":{"length":0}}') },
    'value-is-null': { attack: says('{"value":null}') },
    'value-is-a-list-of-lists': { attack: says('{"value":[[],[]]}') },
    'value-by-the-prototype': { attack: says('{"__proto__":{"value":[]}}') },
    'a-list-alone': { attack: says('[]') },
    'next-page-elsewhere': next('http://127.0.0.1:1/v1.0/x'),
    'next-page-outside': next('/etc/passwd'),
    'next-page-of-a-script': next('javascript:alert(1)'),
    'own-sent-by-the-prototype': { attack: says(`{"value":[{"id":"x","__proto__":{"isDraft":false},${tag}}]}`) },
    'own-by-the-prototype': { attack: says(`{"value":[{"__proto__":{"isDraft":false,${tag}},"id":"x"}]}`) },
    'own-with-an-id-that-leads-away': { attack: says(`{"value":[{"id":"..","isDraft":true,${tag}}]}`) },
    'own-with-half-a-character-for-id': { attack: says(`{"value":[{"id":"\\ud800","isDraft":true,${tag}}]}`) },
  };
}

/** All attacks on a transport, by path. */
export function attacksOn(tongue: Tongue): Readonly<Record<string, Matter>> {
  const own = tongue.kind === 'ews' ? ofXml(tongue) : ofJson(tongue);
  return { ...connections(tongue), ...answers(tongue), ...searches(tongue), ...own };
}
