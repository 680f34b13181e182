/** Answers in Graph's own form that mean harm, by path; those of the connection itself are shared with EWS. */
import { gzipSync } from 'node:zlib';
import type { Attack } from '../../ews/support/hostile-server.ts';

const whole = (status: string, text: string | Buffer, headers = ''): Attack => {
  const bytes = Buffer.from(text);
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${bytes.byteLength}\r\n${headers}\r\n`;
  return (socket) => {
    socket.write(head);
    socket.write(bytes);
  };
};

const tenMegabytes = `{"error":{"code":"ErrorInvalidRecipients","message":"${'x'.repeat(10 * 1024 * 1024)}"}}`;
const nested = (text: string, times: number): string => text.repeat(times);
const odd = '{"__proto__":{"value":[],"error":{"code":"ErrorInvalidRecipients"}},"constructor":{"value":[]},"toString":1}';

/** A message that has the very tag that is looked for. */
const own = (more?: string): string =>
  `{"id":"x",${more === undefined ? '' : `${more},`}"singleValueExtendedProperties":[{"id":"String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag","value":"n:1"}]}`;
const listOf = (values: string): string => `{"value":[${values}]}`;

/** By path: the attack, the status that a note ends in, and what a probe may say. */
export const jsonAttacks: Readonly<
  Record<string, { readonly attack: Attack; readonly status: string; readonly probe?: string }>
> = {
  good: { attack: whole('200 OK', '{}'), status: 'unconfirmed' },
  'error-of-10-MB-400': { attack: whole('400 Bad Request', tenMegabytes), status: 'unconfirmed' },
  'error-of-10-MB-403': { attack: whole('403 Forbidden', tenMegabytes), status: 'blocked' },
  'error-of-10-MB-503': { attack: whole('503 Busy', tenMegabytes), status: 'unconfirmed' },
  'accepted-with-10-MB': { attack: whole('202 Accepted', tenMegabytes), status: 'delivered' },
  'deep-arrays': { attack: whole('200 OK', nested('[', 1_000_000)), status: 'unconfirmed' },
  'deep-objects': { attack: whole('200 OK', `${nested('{"value":', 100_000)}[]${nested('}', 100_000)}`), status: 'unconfirmed' },
  'deep-inner-errors': {
    attack: whole(
      '400 Bad Request',
      `{"error":${nested('{"code":"A","message":"","innerError":', 6_000)}{}${nested('}', 6_001)}`,
    ),
    status: 'unconfirmed',
  },
  'many-values': { attack: whole('200 OK', `{"value":[${nested('{},', 300_000)}{}]}`), status: 'unconfirmed' },
  'many-codes': {
    attack: whole(
      '400 Bad Request',
      `{"error":{"code":"New","message":"","details":[${nested('{"code":"ErrorInvalidRecipients"},', 5_000)}{}]}}`,
    ),
    status: 'rejected',
  },
  'odd-keys': { attack: whole('200 OK', odd), status: 'unconfirmed' },
  'odd-keys-in-an-error': { attack: whole('400 Bad Request', odd), status: 'unconfirmed' },
  'odd-code': {
    attack: whole('400 Bad Request', '{"error":{"code":"__proto__","message":"constructor"}}'),
    status: 'unconfirmed',
  },
  'value-is-no-list': { attack: whole('200 OK', '{"value":{"length":0}}'), status: 'unconfirmed' },
  'value-is-null': { attack: whole('200 OK', '{"value":null}'), status: 'unconfirmed' },
  html: { attack: whole('200 OK', '<!doctype html><title>Sign in</title>'), status: 'unconfirmed' },
  redirect: { attack: whole('302 Found', '', 'location: http://127.0.0.1:1/\r\n'), status: 'unconfirmed' },
  'next-page-elsewhere': {
    attack: whole('200 OK', '{"value":[],"@odata.nextLink":"http://127.0.0.1:1/v1.0/x"}'),
    status: 'unconfirmed',
  },
  'wrong-ids': {
    attack: whole('200 OK', '{"value":[{"id":"x","isDraft":false,"internetMessageId":"<y@z>"}]}'),
    status: 'unconfirmed',
  },
  'own-but-no-word-of-sent': { attack: whole('200 OK', listOf(own())), status: 'unconfirmed' },
  'own-sent-by-text': { attack: whole('200 OK', listOf(own('"isDraft":"false"'))), status: 'unconfirmed' },
  'own-sent-by-prototype': { attack: whole('200 OK', listOf(own('"__proto__":{"isDraft":false}'))), status: 'unconfirmed' },
  'own-by-prototype': {
    attack: whole('200 OK', listOf(`{"__proto__":${own('"isDraft":false')},"id":"x"}`)),
    status: 'unconfirmed',
  },
  'own-without-id': { attack: whole('200 OK', listOf(own('"isDraft":false').replace('"id":"x",', ''))), status: 'unconfirmed' },
  // Each would be read, and moved, by requests of its own.
  'many-drafts-of-our-own': {
    attack: whole('200 OK', listOf(Array.from({ length: 900 }, () => own('"isDraft":true')).join())),
    status: 'unconfirmed',
  },
  'gzip-bomb': {
    attack: whole('200 OK', gzipSync('{"value":['.padEnd(200 * 1024 * 1024, ' ')), 'content-encoding: gzip\r\n'),
    status: 'unconfirmed',
  },
};
