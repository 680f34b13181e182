import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchRequest } from '../../src/transport/request-watch.ts';
import { hostileValues } from '../support/hostile-values.ts';

const channels = [
  'undici:request:create',
  'undici:client:sendHeaders',
  'undici:request:bodySent',
  'undici:request:headers',
  'undici:request:error',
  'http.client.request.created',
];
const unhandled: unknown[] = [];
const remember = (error: unknown): void => void unhandled.push(error);
beforeEach(() => void process.on('uncaughtException', remember));
afterEach(() => void process.off('uncaughtException', remember));

it('foreign messages on the diagnostics channels of Node and undici end no process, and prove nothing', async () => {
  const watch = watchRequest('an-id', true);
  for (const name of channels) {
    for (const make of Object.values(hostileValues)) {
      for (const message of [
        make(),
        { request: make() },
        { request: { headers: make() } },
        { request: make(), socket: make() },
      ]) {
        channel(name).publish(message);
      }
    }
  }
  // Node throws the error of a subscriber in the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  expect(watch.fact()).toBe('unseen');
  watch.end();
});

it('a request that looks like ours but cannot be tracked does not prove that nothing was sent', () => {
  const watch = watchRequest('an-id', true);
  const request = {
    getHeader: () => 'an-id',
    destroy: () => undefined,
    once: () => {
      throw new Error('not an emitter');
    },
  };
  channel('http.client.request.created').publish({ request });
  expect(watch.fact()).toBe('written');
  watch.end();
});
