import { equal, isTrue, present } from '../assert.ts';
import type { Test } from '../scene.ts';

export function appendTests(test: Test): void {
  test('an appended entry is spooled with all its fields', async (scene) => {
    const given = scene.entry('m', { pickupIn: scene.units(4) });
    const [result] = await scene.append(given);
    equal(result?.status === 'appended' ? result.entries.map(({ id }) => id) : [], ['m'], 'entries of the result');
    const entry = await scene.expectState('m', 'spooled');
    const { pickupIn, expiresIn, message, ...fixed } = given;
    const shown = Object.fromEntries(Object.keys(fixed).map((key) => [key, entry[key as keyof typeof entry]]));
    equal(shown, fixed, 'what never changes');
    equal(entry.message, message, 'the message');
    equal(entry.to, message.to, 'the recipients');
    equal(entry.pickupAt - entry.acceptedAt, pickupIn, 'pickupAt counts from the acceptance');
    equal(entry.expiresAt - entry.acceptedAt, expiresIn, 'expiresAt counts from the acceptance');
    equal([entry.attempt, entry.unknownAttempts, entry.cancelRequested], [0, [], false], 'attempts and cancel');
    equal([entry.noteId, entry.reason, entry.endedAt], [undefined, undefined, undefined], 'what an entry gets later');
  });

  test('appending nothing returns no results', async (scene) => {
    equal(await scene.storage.append([]), [], 'results');
  });

  test('append returns one result per message, in order of first appearance', async (scene) => {
    const results = await scene.append(
      scene.entry('b', { messageId: 'B' }),
      scene.entry('a1', { messageId: 'A' }),
      scene.entry('a2', { messageId: 'A', audience: 'federated' }),
    );
    equal(
      results.map((one) => [one.messageId, 'entries' in one ? one.entries.map(({ id }) => id) : []]),
      [
        ['B', ['b']],
        ['A', ['a1', 'a2']],
      ],
      'results',
    );
  });

  test('entries keep the order in which they were appended', async (scene) => {
    await scene.append('z', 'a');
    await scene.append('m');
    equal(
      (await scene.claimOne()).entries.map(({ id }) => id),
      ['z', 'a', 'm'],
      'order in the note',
    );
  });

  test('concurrent appends are all kept', async (scene) => {
    const ids = Array.from({ length: 50 }, (_, index) => `m${index}`);
    await Promise.all(ids.map((id) => scene.append(id)));
    equal((await scene.storage.counts()).spooled, 50, 'spooled');
    equal((await scene.claimOne()).entries.map(({ id }) => id).sort(), [...ids].sort(), 'entries of the note');
  });

  test('repeating a message with the same content is a duplicate: returns the first entries, adds nothing', async (scene) => {
    const [first] = await scene.append(
      scene.entry('m1', { messageId: 'M', contentHash: 'h' }),
      scene.entry('m2', { messageId: 'M', contentHash: 'h', audience: 'federated' }),
    );
    await scene.advance(1);
    const [again] = await scene.storage.append([scene.entry('m3', { messageId: 'M', contentHash: 'h' })]);
    equal(again?.status, 'duplicate', 'status');
    const receipt = (result: typeof again) =>
      result !== undefined && 'entries' in result ? result.entries.map(({ id, pickupAt }) => ({ id, pickupAt })) : [];
    equal(receipt(again), receipt(first), 'the receipt is the first one');
    equal(await scene.storage.get('m3'), undefined, 'the entry of the repetition');
    equal((await scene.storage.counts()).spooled, 2, 'spooled');
  });

  test('reusing a message id with other content is a conflict, and leaves the first message unchanged', async (scene) => {
    await scene.append('m');
    const before = await scene.get('m');
    const [result] = await scene.storage.append([scene.entry('other', { messageId: 'm' })]);
    equal(result, { messageId: 'm', status: 'conflict' }, 'result');
    equal(await scene.get('m'), before, 'the first message');
    equal(await scene.storage.get('other'), undefined, 'the entry in conflict');
  });

  test('a duplicate and a conflict do not affect the rest of the append', async (scene) => {
    await scene.append('m', 'n');
    const results = await scene.storage.append([
      scene.entry('new1'),
      scene.entry('m'),
      scene.entry('x', { messageId: 'n' }),
      scene.entry('new2'),
    ]);
    equal(
      results.map(({ status }) => status),
      ['appended', 'duplicate', 'conflict', 'appended'],
      'results',
    );
    equal((await scene.storage.counts()).spooled, 4, 'spooled');
  });

  test('concurrent appends of the same message keep it once', async (scene) => {
    const results = await Promise.all(
      ['a', 'b', 'c'].map((id) => scene.storage.append([scene.entry(id, { messageId: 'M', contentHash: 'h' })])),
    );
    const statuses = results.flat().map(({ status }) => status);
    equal(statuses.filter((status) => status === 'appended').length, 1, 'appended');
    equal(statuses.filter((status) => status === 'duplicate').length, 2, 'duplicates');
    equal((await scene.storage.findMessage('M')).length, 1, 'entries of the message');
  });

  test('findMessage returns all entries of a message, in order', async (scene) => {
    await scene.append(scene.entry('m1', { messageId: 'M' }), scene.entry('m2', { messageId: 'M', audience: 'federated' }), 'n');
    const found = await scene.storage.findMessage('M');
    equal(
      found.map(({ id, audience }) => [id, audience]),
      [
        ['m1', 'same-organization'],
        ['m2', 'federated'],
      ],
      'entries',
    );
    equal(await scene.storage.findMessage('unknown'), [], 'an unknown message');
    isTrue(present(found[0], 'm1').acceptedAt === present(found[1], 'm2').acceptedAt, 'accepted at one time');
  });

  test('text comes back unchanged', async (scene) => {
    const text = 'a\r\nb\t"quoted" </t:Body> ]]> \u202E \u{1F469}\u200D\u{1F680} \u4E2D e\u0301';
    const entry = scene.entry('m');
    await scene.append({ ...entry, message: { ...entry.message, text, html: `<p>${text}</p>` } });
    await scene.reopen();
    const { message } = await scene.get('m');
    equal([message?.text, message?.html], [text, `<p>${text}</p>`], 'text and html');
  });

  test('the trace context is kept with its message, and does not make a repeated message a new one', async (scene) => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const traced = (id: string, context: string) => {
      const entry = scene.entry(id, { messageId: 'M', contentHash: 'h' });
      return { ...entry, message: { ...entry.message, traceparent: context } };
    };
    await scene.append(traced('m', traceparent));
    const [again] = await scene.storage.append([traced('m2', traceparent.replace('4bf9', 'ffff'))]);
    equal(again?.status, 'duplicate', 'the same message under another trace context');
    await scene.reopen();
    equal((await scene.get('m')).message?.traceparent, traceparent, 'the trace context after a restart');
    const { entries } = await scene.claimOne();
    equal(
      entries.map(({ message }) => message?.traceparent),
      [traceparent],
      'the trace context of the first, in the note that is claimed',
    );
  });

  test('text that is hard to store is kept unchanged, or fails alone and leaves nothing behind', async (scene) => {
    const text = 'a NUL \0, a lone surrogate \uD800, and the rest';
    const hard = scene.entry('hard');
    const results = await scene.storage.append([
      scene.entry('m1'),
      { ...hard, message: { ...hard.message, text } },
      scene.entry('m2'),
    ]);
    const [first, odd, last] = results;
    equal([first?.status, last?.status], ['appended', 'appended'], 'the others');
    if (odd?.status === 'appended') {
      await scene.reopen();
      isTrue((await scene.get('hard')).message?.text === text, 'the text is unchanged');
    } else {
      equal(odd?.status === 'failed' ? odd.kept : odd?.status, 'no', 'how it failed');
      equal(await scene.storage.findMessage('hard'), [], 'what was kept of it');
    }
  });
}
