/** keepCopyIn: the copy is moved 5 s, 30 s or 2 min after the 202; a failure is a warning, and never an outcome. */
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing.ts';
import { type Answer, accepted, canned, type Handler, item, list, nothing } from '../support/canned.ts';

const tag = 'note-1:1';
const copy = list(item(tag));
const moved: Answer = { status: 201, json: { id: 'new', isDraft: false } };
const closes: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0)) await close();
});

interface Scene extends ReturnType<typeof canned> {
  readonly clock: ManualClock;
  readonly warnings: object[];
  /** `<ms since the 202> <request>` */
  readonly looks: string[];
}

/** Delivers a note whose copy Graph shows as `handler` says. */
async function sent(handler: Handler): Promise<Scene> {
  const clock = new ManualClock();
  const warnings: object[] = [];
  const looks: string[] = [];
  const log = (): void => {};
  const logger = { debug: log, info: log, warn: (fields: object) => void warnings.push(fields), error: log };
  const scene = canned(
    (asked, nth) => {
      if (asked.what === 'sendMail') return accepted;
      looks.push(`${clock.monotonic()} ${asked.what}`);
      return handler(asked, nth);
    },
    { clock, logger, keepCopyIn: 'conversationhistory' },
  );
  closes.push(() => scene.transport.close());
  expect(await scene.deliverOne()).toMatchObject({ status: 'delivered' });
  return { ...scene, clock, warnings, looks };
}

describe('the copy', () => {
  it.each([
    [5_000, ['5000 sentitems', '5000 move']],
    [30_000, ['5000 sentitems', '30000 sentitems', '30000 move']],
    [120_000, ['5000 sentitems', '30000 sentitems', '120000 sentitems', '120000 move']],
  ])('that is in Sent Items after %i ms is moved then, once', async (there, expected) => {
    const scene = await sent(({ what }) => (what === 'move' ? moved : scene.clock.monotonic() < there ? nothing : copy));
    await scene.clock.advance(600_000);
    expect(scene.looks).toEqual(expected);
    expect(scene.asked.find(({ what }) => what === 'move')?.body).toEqual({ destinationId: 'conversationhistory' });
    expect(scene.warnings).toEqual([]);
  });

  it('that is still unsent is not touched', async () => {
    const scene = await sent(() => list(item(tag, { isDraft: true })));
    await scene.clock.advance(600_000);
    expect(scene.looks).toEqual(['5000 sentitems', '30000 sentitems', '120000 sentitems']);
    expect(scene.warnings).toHaveLength(1);
  });

  it('of another note is not touched', async () => {
    const scene = await sent(() => list(item('another:1'), item(`${tag}0`)));
    await scene.clock.advance(600_000);
    expect(scene.looks).not.toContain('5000 move');
    expect(scene.warnings).toHaveLength(1);
  });

  it('moved by a request whose response is lost is not reported as missing', async () => {
    let asked = false;
    const scene = await sent(({ what }) => {
      if (what !== 'move') return asked ? nothing : copy;
      asked = true;
      return { status: 504 };
    });
    await scene.clock.advance(600_000);
    expect(scene.looks).toEqual(['5000 sentitems', '5000 move', '30000 sentitems']);
    expect(scene.warnings).toEqual([]);
  });
});

describe('a failure', () => {
  const failures: readonly (readonly [string, Handler])[] = [
    ['never there', () => nothing],
    ['may not be read', () => ({ status: 403, json: { error: { code: 'ErrorAccessDenied', message: '' } } })],
    ['may not be moved', ({ what }) => (what === 'move' ? { status: 403 } : copy)],
    [
      'moves away each time',
      ({ what }) => (what === 'move' ? { status: 404, json: { error: { code: 'ErrorItemNotFound' } } } : copy),
    ],
    ['a page', () => ({ text: '<!doctype html>' })],
    [
      'no connection',
      () => {
        throw new TypeError('fetch failed');
      },
    ],
  ];
  it.each(failures)('%s: one warning, with the id of the note and nothing else about it', async (_, handler) => {
    const scene = await sent(handler);
    await scene.clock.advance(119_999);
    expect(scene.warnings).toEqual([]);
    await scene.clock.advance(600_000);
    const why = 'it was not found in Sent Items, or could not be moved';
    expect(scene.warnings).toEqual([{ step: 'graph:copy-not-kept', noteId: 'note-1', why }]);
  });

  it.each([
    [
      'that throws',
      () => {
        throw new Error('the host');
      },
    ],
    ['whose promise rejects', () => Promise.reject(new Error('the host')) as never],
  ])('reported to a logger %s has no other effect', async (_, broken) => {
    const clock = new ManualClock();
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    const scene = canned(({ what }) => (what === 'sendMail' ? accepted : nothing), {
      clock,
      logger,
      keepCopyIn: 'conversationhistory',
    });
    closes.push(() => scene.transport.close());
    expect(await scene.deliverOne()).toMatchObject({ status: 'delivered' });
    await clock.advance(600_000);
  });
});

it('close() ends pending moves, without a warning or a remaining timer', async () => {
  const scene = await sent(() => copy);
  await scene.transport.close();
  await scene.clock.advance(600_000);
  expect({ looks: scene.looks, warnings: scene.warnings, timers: scene.clock.pending }).toEqual({
    looks: [],
    warnings: [],
    timers: 0,
  });
});

it('no copy is searched for if the note was not accepted', async () => {
  const clock = new ManualClock();
  const scene = canned(() => ({ status: 504 }), { clock, keepCopyIn: 'conversationhistory' });
  closes.push(() => scene.transport.close());
  expect(await scene.deliverOne()).toMatchObject({ status: 'unconfirmed' });
  await clock.advance(600_000);
  expect(scene.asked).toHaveLength(1);
});
