import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { TypedEvents } from '../../src/observability/trace.ts';

const dead = { messageId: 'm', id: 'e', code: 'EXPIRED', text: 'too late' } as const;

describe('listeners', () => {
  it('registered with once are called once, and can be removed before', () => {
    const events = new TypedEvents();
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    events.once('message:dead', listener);
    events.emit('message:dead', dead);
    events.emit('message:dead', dead);
    expect(calls).toBe(1);
    events.once('message:dead', listener).off('message:dead', listener);
    events.emit('message:dead', dead);
    expect([calls, events.listens('message:dead')]).toEqual([1, false]);
  });

  it('may register the next one while called, and once removes no permanent listener', () => {
    const events = new TypedEvents();
    let calls = 0;
    const again = (): void => {
      calls += 1;
      if (calls < 3) events.once('message:dead', again);
    };
    events.once('message:dead', again);
    for (let n = 0; n < 5; n++) events.emit('message:dead', dead);
    expect(calls).toBe(3);
    const stays = (): void => {
      calls += 10;
    };
    events.on('message:dead', stays).once('message:dead', stays);
    for (let n = 0; n < 2; n++) events.emit('message:dead', dead);
    expect(calls).toBe(23);
    events.off('message:dead', stays);
    expect(events.listens('message:dead')).toBe(false);
  });

  it.each([
    ['a promise of another realm', runInNewContext(`(async () => { throw new Error('db is down'); })`)],
    [
      'any other thenable',
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      () => ({ then: (_done: unknown, failed: (error: unknown) => void) => failed(new Error('db is down')) }),
    ],
  ])('that fail by %s are reported as a warning, and end no process', async (_name, listener) => {
    const events = new TypedEvents();
    const warnings: string[] = [];
    events.on('warning', ({ error }) => warnings.push(String(error)));
    events.on('message:dead', listener as () => void);
    events.emit('message:dead', dead);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual(['Error: db is down']);
  });

  it('that throw affect neither other listeners nor the emitter, and are reported as warnings, up to a limit', async () => {
    const events = new TypedEvents();
    const warnings: unknown[] = [];
    const seen: string[] = [];
    events.on('warning', ({ error }) => {
      warnings.push(error);
      throw new Error('in the listener of warnings');
    });
    events.on('message:dead', () => {
      throw new Error('at once');
    });
    events.on('message:dead', (async () => {
      throw new Error('later');
    }) as () => void);
    events.on('message:dead', ({ messageId }) => seen.push(messageId));
    events.emit('message:dead', dead);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['m']);
    expect(warnings.map(String)).toEqual(['Error: at once', 'Error: later']);
  });

  it('may number thousands: each is called once per event, and all can be removed', () => {
    const events = new TypedEvents();
    let calls = 0;
    const listeners = Array.from({ length: 5_000 }, () => () => {
      calls += 1;
    });
    for (const listener of listeners) events.on('message:dead', listener).on('message:dead', listener);
    for (let n = 0; n < 20; n++) events.emit('message:dead', dead);
    expect(calls).toBe(100_000);
    for (const listener of listeners) events.off('message:dead', listener);
    expect(events.listens('message:dead')).toBe(false);
  });
});
