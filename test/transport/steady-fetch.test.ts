import { afterEach, describe, expect, it, vi } from 'vitest';
import { repeatsOf, steadyFetch } from '../../src/transport/fetch.ts';

afterEach(() => vi.restoreAllMocks());

const node = { process: { versions: { node: '24.0.0' } } };
const page = { window: {}, document: {}, navigator: {} };
const way = { relay: false, answersClose: false };

describe('whether a fetch may resend', () => {
  it.each<[string, object, string]>([
    ['Node', node, 'never'],
    ['Bun', { Bun: {}, process: { versions: { node: '24', bun: '1' } } }, 'never'],
    ['Jest with a DOM on Node', { ...page, ...node }, 'never'],
    ['Deno', { Deno: {}, process: { versions: { node: '24' } } }, 'on-idle-connections'],
    ['a page', page, 'unknown'],
    ['a page with a polyfill of process', { ...page, process: { versions: {} } }, 'unknown'],
    ['a page of Electron with Node in it', { ...page, process: { type: 'renderer', versions: { node: '24' } } }, 'unknown'],
    ['the main process of Electron', { process: { type: 'browser', versions: { node: '24' } } }, 'never'],
    ['a worker', { WorkerGlobalScope: {} }, 'unknown'],
  ])('%s', (_, runtime, repeats) => {
    expect(repeatsOf(runtime)).toBe(repeats);
  });
});

describe('the fetch of', () => {
  it.each<[string, object]>([
    ['a page', page],
    ['a Deno without a client of its own', { Deno: {} }],
    [
      'a Deno whose client wants a flag',
      {
        Deno: {
          createHttpClient: () => {
            throw new TypeError('--unstable');
          },
        },
      },
    ],
  ])('%s is refused, with the reason', (_, runtime) => {
    const refused = expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/arrive twice.*relay: true/),
    });
    expect(() => steadyFetch('EwsTransport', way, runtime)).toThrow(refused);
    expect(typeof steadyFetch('EwsTransport', { relay: true }, runtime)).toBe('function');
    expect(typeof steadyFetch('EwsTransport', { answersClose: true }, runtime)).toBe('function');
  });

  it('Deno uses a client without idle connections', async () => {
    const client = {};
    const asked: unknown[] = [];
    const createHttpClient = (options: unknown): unknown => {
      asked.push(options);
      return client;
    };
    const inits: unknown[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (_, init) => {
      inits.push(init);
      return new Response('');
    });
    await steadyFetch('EwsTransport', way, { Deno: { createHttpClient } })('http://127.0.0.1/', { method: 'POST' });
    expect(asked).toEqual([{ poolMaxIdlePerHost: 0 }]);
    expect(inits).toEqual([{ method: 'POST', client }]);
  });
});
