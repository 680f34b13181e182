/** The judge of Graph traffic itself: it must not accept everything. */
import { expect, it } from 'vitest';
import { GraphDoor } from '../../src/testing/simulator/graph/door.ts';
import { exchangeErrors } from './support/graph-schema.ts';

const headers = { 'content-type': 'application/json', 'return-client-request-id': 'true' };
const send = (body: unknown, answer: { status?: number; body?: string; type?: string } = {}) =>
  exchangeErrors(
    { method: 'POST', path: '/v1.0/users/a/sendMail', headers, body: typeof body === 'string' ? body : JSON.stringify(body) },
    {
      operation: 'sendMail',
      mailbox: 'a',
      code: undefined,
      fault: undefined,
      delay: 0,
      response: {
        kind: 'answer',
        status: answer.status ?? 202,
        headers: { 'content-type': answer.type ?? 'application/json' },
        body: answer.body ?? '',
      },
    },
  );
const message = { subject: 's', toRecipients: [{ emailAddress: { address: 'b@c.test' } }] };

it('accepts valid requests and responses', () => {
  expect(send({ message, saveToSentItems: true })).toEqual([]);
  expect(send({ message }, { status: 400, body: '{"error":{"code":"A","message":""}}' })).toEqual([]);
});

it.each([
  ['a property of the wrong type', send({ message: { ...message, subject: 7 } })],
  ['a recipient that is text', send({ message: { ...message, toRecipients: ['b@c.test'] } })],
  ['no message', send({})],
  ['a body that is no JSON', send('{')],
  ['an answer with another status', send({ message }, { status: 200 })],
  ['an answer with a body', send({ message }, { body: '{}' })],
  ['an error in another shape', send({ message }, { status: 400, body: '{"code":"A"}' })],
  ['an answer that is cut off', send({ message }, { status: 400, body: '{"error"' })],
  ['a page', send({ message }, { status: 400, body: '<html>', type: 'text/html' })],
])('detects %s', (_, errors) => {
  expect(errors).not.toEqual([]);
});

it('is part of every test door', () => {
  expect(GraphDoor.name).toBe('JudgedDoor');
});
