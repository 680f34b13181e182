/** Which folder takes the copy, which requests that needs, and what is remembered: by mailbox, and for how long. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { Batch } from '../../../src/ews/send/batches.ts';
import { SavedFolders } from '../../../src/ews/send/saved-folders.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { answeredBy } from '../support/by-hand.ts';
import { always } from '../support/note.ts';
import { createdFolder, fault, foundFolders, message, ok, response } from '../support/responses.ts';
import type { Answer, SeenRequest } from '../support/server.ts';

const mailbox = 'alice@contoso.test';
const history = 'conversationhistory';
const signal = new AbortController().signal;
const asking = { mailbox, notes: [], signal };
const hour = 3_600_000;
const getFolder = (code: string): Answer => ({
  body: response('GetFolder', [message('GetFolder', code, { content: '<me:Folders/>' })]),
});
const gone = 'ErrorFolderNotFound';
const errorOf = (responseCode: string) => new OfflineImError('EWS_ERROR', 'x', { details: { responseCode } });

/** @param look The response of GetFolder, `find` that of FindFolder. */
function scene(
  look: Answer = getFolder(ok),
  find: Answer | ((request: Pick<SeenRequest, 'body'>) => Answer) = { body: foundFolders('f') },
) {
  let time = 0;
  const { client, settings, asked } = answeredBy(
    (request) => {
      // By it the client asks whether the schema knows its version.
      if (request.operation === 'GetFolder') return request.body.includes('msgfolderroot') ? getFolder(ok) : look;
      if (request.operation === 'CreateFolder') return { body: createdFolder(undefined, 'ErrorAccessDenied') };
      return typeof find === 'function' ? find(request) : find;
    },
    { clock: { ...hastyClock, monotonic: () => time } },
  );
  const folders = new SavedFolders(client, settings);
  const place = { endpoint: settings.url, mailbox, folder: history };
  const batch = (folder: string, frozen = history): Batch => ({
    positions: [],
    notes: [],
    items: [],
    place: { ...place, folder: frozen },
    folder,
    refusals: 0,
  });
  return {
    folders,
    asked,
    place,
    batch,
    pass: (ms: number) => {
      time += ms;
    },
    target: async (of = mailbox) => folders.target({ ...place, mailbox: of }, { ...asking, mailbox: of }),
    refused: (folder: string, code: string, frozen?: string) => folders.refused(batch(folder, frozen), errorOf(code), always()),
  };
}

describe('the folder of the copy', () => {
  it('is that of the place, or Conversation History, without a request', async () => {
    const { folders, target, place, asked } = scene();
    expect(await folders.target({ ...place, folder: 'sentitems' }, asking)).toEqual({ folder: 'sentitems' });
    expect(await target()).toEqual({ folder: history });
    expect([folders.of(mailbox), asked()]).toEqual([history, []]);
  });

  it('is looked up once per mailbox, in any spelling, after Conversation History was refused', async () => {
    const { folders, target, refused, asked } = scene();
    expect(await refused(history, gone)).toMatchObject({ folder: history });
    const both = await Promise.all([target(), target('ALICE@contoso.test')]);
    expect([both, asked()]).toEqual([[{ folder: 'id:f' }, { folder: 'id:f' }], ['FindFolder']]);
    expect([await target('Alice@Contoso.test'), folders.of(mailbox), asked()]).toEqual([{ folder: 'id:f' }, 'id:f', []]);
    expect(await target('bob@contoso.test')).toEqual({ folder: history });
  });

  it('is Sent Items for an hour if there is none and none can be created', async () => {
    const { target, refused, asked, pass } = scene(undefined, { body: foundFolders() });
    await refused(history, gone);
    expect([await target(), await target(), asked()]).toEqual([
      { folder: 'sentitems' },
      { folder: 'sentitems' },
      ['FindFolder', 'CreateFolder'],
    ]);
    pass(hour - 1);
    expect([await target(), asked()]).toEqual([{ folder: 'sentitems' }, []]);
    pass(1);
    expect([await target(), asked()]).toEqual([{ folder: 'sentitems' }, ['FindFolder', 'CreateFolder']]);
  });

  it('is unknown if the look-up fails, and is looked up next time, also by a probe', async () => {
    let isBusy = true;
    const { folders, place, target, refused } = scene(undefined, () =>
      isBusy ? { status: 500, body: fault('ErrorServerBusy') } : { body: foundFolders('f') },
    );
    await refused(history, gone);
    expect(await target()).toMatchObject({ outcome: { status: 'deferred' } });
    isBusy = false;
    expect(await folders.copyFolders(place, asking)).toEqual({ folders: [history, 'id:f'] });
    expect(await target()).toEqual({ folder: 'id:f' });
  });

  it('is looked up again, without trying Conversation History by name, if the folder with the id has disappeared', async () => {
    const { folders, target, refused, asked } = scene();
    await refused(history, gone);
    await target();
    folders.worked('id:f');
    expect(await refused('id:f', gone)).toMatchObject({ folder: 'id:f' });
    asked();
    expect([await target(), asked()]).toEqual([{ folder: 'id:f' }, ['FindFolder']]);
  });

  it('is Sent Items for a day if a folder was refused right after it was found', async () => {
    const { target, refused, pass, asked } = scene();
    await refused(history, gone);
    await target();
    await refused('id:f', gone);
    asked();
    pass(24 * hour - 1);
    expect([await target(), asked()]).toEqual([{ folder: 'sentitems' }, []]);
    pass(1);
    expect([await target(), asked()]).toEqual([{ folder: 'id:f' }, ['FindFolder']]);
  });

  it('is Conversation History again if not even Sent Items exist', async () => {
    const { target, refused } = scene(undefined, { body: foundFolders() });
    await refused(history, gone);
    await target();
    expect(await refused('sentitems', gone)).toBeUndefined();
    expect(await target()).toEqual({ folder: history });
  });
});

describe('a refusal', () => {
  it('because of the folder lets notes use another only if their place does not name that folder', async () => {
    const { refused, asked } = scene();
    expect(await refused('id:x', gone, 'id:x')).toBeUndefined();
    expect(await refused('sentitems', gone, 'sentitems')).toBeUndefined();
    expect(await refused('sentitems', gone)).toBeUndefined();
    expect(await refused(history, 'ErrorAccessDenied')).toBeUndefined();
    expect(asked()).toEqual([]);
  });

  it('because of the schema is checked: it may be due to the name of the folder', async () => {
    const { target, refused, asked } = scene({ status: 500, body: fault('ErrorSchemaValidation') });
    expect(await refused(history, 'ErrorSchemaValidation')).toMatchObject({ folder: history });
    expect(asked()).toEqual(['GetFolder', 'GetFolder']);
    expect(await target()).toEqual({ folder: 'id:f' });
  });

  it('because of the schema is due to the note if the folder exists', async () => {
    const { target, refused } = scene();
    expect(await refused(history, 'ErrorSchemaValidation')).toBeUndefined();
    expect(await target()).toEqual({ folder: history });
  });

  it('because of the schema is not checked if the folder has taken a copy, is another one, or nothing may be sent', async () => {
    const { folders, refused, batch, asked } = scene({ status: 500, body: fault('ErrorSchemaValidation') });
    const schema = 'ErrorSchemaValidation';
    expect(await refused('sentitems', schema)).toBeUndefined();
    const stopped = { ...always(), mayWrite: () => false };
    expect(await folders.refused(batch(history), errorOf(schema), stopped)).toBeUndefined();
    folders.worked(history);
    expect([await refused(history, schema), asked()]).toEqual([undefined, []]);
  });

  it('because of the schema is checked even if another folder has taken a copy', async () => {
    const { folders, refused, asked } = scene({ status: 500, body: fault('ErrorSchemaValidation') });
    folders.worked('sentitems');
    expect(await refused(history, 'ErrorSchemaValidation')).toMatchObject({ folder: history });
    expect(asked()).toEqual(['GetFolder', 'GetFolder']);
  });

  it('makes a place stale that names a missing folder', () => {
    const { folders, batch } = scene();
    const isStale = (folder: string, frozen: string, code = gone) =>
      folders.isStale(batch(folder, frozen), { error: errorOf(code) });
    expect([
      isStale('id:x', 'id:x'),
      isStale('id:x', 'id:x', 'ErrorServerBusy'),
      isStale('id:f', history),
      isStale('sentitems', 'sentitems'),
    ]).toEqual([true, false, false, false]);
  });
});

describe('an unknown fault', () => {
  const suspected = async (look: Answer, folder: string) => {
    const all = scene(look);
    const { folders, target, refused, batch, asked } = all;
    if (folder !== history) {
      await refused(history, gone);
      await target();
      folders.worked('id:f');
    }
    asked();
    await folders.suspect(batch(folder), always());
    return { asked: asked(), folder: folders.of(mailbox) };
  };

  it('is checked: an existing folder is kept, a missing one forgotten', async () => {
    expect(await suspected(getFolder(ok), history)).toEqual({ asked: ['GetFolder'], folder: history });
    expect(await suspected(getFolder(ok), 'id:f')).toEqual({ asked: ['GetFolder'], folder: 'id:f' });
    expect(await suspected(getFolder(gone), 'id:f')).toEqual({ asked: ['GetFolder'], folder: history });
    expect(await suspected(getFolder('ErrorItemNotFound'), 'id:f')).toEqual({ asked: ['GetFolder'], folder: history });
    expect(await suspected({ body: response('FindFolder', []) }, 'id:f')).toEqual({ asked: ['GetFolder'], folder: history });
  });

  // What a login may not see is not there for it.
  it.each([gone, 'ErrorSchemaValidation', 'ErrorItemNotFound'])(
    'drops Conversation History by name on the word of the server: %s',
    async (code) => {
      const { folders, target, batch } = scene(getFolder(code));
      await folders.suspect(batch(history), always());
      expect(await target()).toEqual({ folder: 'id:f' });
    },
  );

  it.each(['ErrorServerBusy', 'ErrorAccessDenied', 'ErrorOfTheFuture'])('but not because of any other: %s', async (code) => {
    const { folders, target, batch } = scene(getFolder(code));
    await folders.suspect(batch(history), always());
    expect(await target()).toEqual({ folder: history });
  });

  it.each([gone, 'ErrorItemNotFound'])('means Sent Items if a folder that was just found is missing: %s', async (code) => {
    const { folders, target, refused, batch } = scene(getFolder(code));
    await refused(history, gone);
    await target();
    await folders.suspect(batch('id:f'), always());
    expect(folders.of(mailbox)).toBe('sentitems');
  });

  it('is not checked for Sent Items, or if nothing may be sent', async () => {
    const { folders, batch, asked } = scene(getFolder(gone));
    await folders.suspect(batch('sentitems'), always());
    await folders.suspect(batch(history), { ...always(), mayWrite: () => false });
    expect(asked()).toEqual([]);
  });

  it('asks for permission before each check', async () => {
    const { folders, batch, asked } = scene(getFolder(gone));
    let may = 1;
    await folders.suspect(batch(history), { ...always(), mayWrite: () => may-- > 0 });
    expect(asked()).toEqual([]);
  });
});

describe('a probe', () => {
  it('searches the folder first that took the last copies', async () => {
    const { folders, target, refused, place } = scene();
    expect(folders.askedFirst({ ...place, folder: 'id:x' })).toBe('id:x');
    expect(folders.askedFirst(place)).toBe(history);
    await folders.copyFolders(place, asking);
    expect(folders.askedFirst(place)).toBe(history);
    folders.isGone('ALICE@contoso.test', history);
    expect(folders.askedFirst(place)).toBe('id:f');
    await refused(history, gone);
    await target();
    expect(folders.askedFirst({ ...place, mailbox: 'Alice@contoso.test' })).toBe('id:f');
  });

  it('searches the folder of the place, or Conversation History by name and by id', async () => {
    const { folders, place, refused, asked } = scene();
    expect([await folders.copyFolders({ ...place, folder: 'id:x' }, asking), asked()]).toEqual([{ folders: ['id:x'] }, []]);
    expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history, 'id:f'] }, ['FindFolder']]);
    const again = await folders.copyFolders({ ...place, mailbox: 'ALICE@contoso.test' }, asking);
    expect([again, asked()]).toEqual([{ folders: [history, 'id:f'] }, []]);
    await refused(history, gone);
    expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history, 'id:f'] }, []]);
  });

  it('searches by name alone if the look-up finds none or fails, which is reported; the next probe looks it up again', async () => {
    const { folders, place, asked } = scene(undefined, { body: foundFolders() });
    for (let probes = 0; probes < 2; probes++)
      expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history] }, ['FindFolder']]);
    const busy = scene(undefined, { status: 500, body: fault('ErrorServerBusy') });
    expect(await busy.folders.copyFolders(busy.place, asking)).toMatchObject({
      folders: [history],
      failed: { status: 'deferred' },
    });
  });

  it('that finds a folder missing has it looked up again if it was known by id', async () => {
    const { folders, place, target, asked } = scene();
    await folders.copyFolders(place, asking);
    expect(folders.isGone(mailbox, 'id:x')).toBe(false);
    expect(folders.isGone(mailbox, 'sentitems')).toBe(false);
    expect(await target()).toEqual({ folder: history });
    expect(folders.isGone('ALICE@contoso.test', 'id:f')).toBe(true);
    asked();
    expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history, 'id:f'] }, ['FindFolder']]);
    expect(folders.isGone(mailbox, history)).toBe(false);
    expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history, 'id:f'] }, []]);
    expect(await target()).toEqual({ folder: 'id:f' });
  });
});

describe('verify()', () => {
  it('passes if the folder exists', async () => {
    const { folders, asked } = scene();
    await folders.verify(mailbox, signal);
    expect(asked()).toEqual(['GetFolder']);
  });

  it('rejects with the reason why the folder cannot be looked up', async () => {
    const busy = scene(getFolder(gone), { status: 500, body: fault('ErrorServerBusy') });
    await expect(busy.folders.verify(mailbox, signal)).rejects.toMatchObject({ details: { responseCode: 'ErrorServerBusy' } });
    const unreadable = scene({ body: response('FindFolder', []) });
    await expect(unreadable.folders.verify(mailbox, signal)).rejects.toMatchObject({
      code: 'RESPONSE_UNREADABLE',
      message: 'The response does not answer this GetFolder.',
      details: { requestId: expect.stringMatching(/./) },
    });
  });

  it('rejects if no folder exists, after requesting each', async () => {
    const { folders, asked } = scene(getFolder(gone), { body: foundFolders() });
    await expect(folders.verify(mailbox, signal)).rejects.toMatchObject({ code: 'FOLDER_UNAVAILABLE', details: { mailbox } });
    expect(asked()).toEqual(['GetFolder', 'FindFolder', 'CreateFolder', 'GetFolder']);
  });
});
