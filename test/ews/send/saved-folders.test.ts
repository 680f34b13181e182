/** Which folder takes the copy, what is asked for it, and what is remembered: by mailbox, and until when. */
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

/** @param look What GetFolder says, `find` what FindFolder says. */
function scene(
  look: Answer = getFolder(ok),
  find: Answer | ((request: Pick<SeenRequest, 'body'>) => Answer) = { body: foundFolders('f') },
) {
  let time = 0;
  const { client, settings, asked } = answeredBy(
    (request) => {
      if (request.operation === 'GetFolder') return look;
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

describe('the folder to write to', () => {
  it('is the one of the place, or Conversation History, without a question', async () => {
    const { folders, target, place, asked } = scene();
    expect(await folders.target({ ...place, folder: 'sentitems' }, asking)).toEqual({ folder: 'sentitems' });
    expect(await target()).toEqual({ folder: history });
    expect([folders.of(mailbox), asked()]).toEqual([history, []]);
  });

  it('is looked up where Conversation History was refused, once for a mailbox, however it is spelt', async () => {
    const { folders, target, refused, asked } = scene();
    expect(await refused(history, gone)).toMatchObject({ folder: history });
    const both = await Promise.all([target(), target('ALICE@contoso.test')]);
    expect([both, asked()]).toEqual([[{ folder: 'id:f' }, { folder: 'id:f' }], ['FindFolder']]);
    expect([await target('Alice@Contoso.test'), folders.of(mailbox), asked()]).toEqual([{ folder: 'id:f' }, 'id:f', []]);
    expect(await target('bob@contoso.test')).toEqual({ folder: history });
  });

  it('is Sent Items for an hour where there is none, and none can be made', async () => {
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

  it('can not be said where the look-up fails, and is looked up the next time, also by a probe', async () => {
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

  it('is looked up again, not Conversation History by its name, where the folder by id has gone', async () => {
    const { folders, target, refused, asked } = scene();
    await refused(history, gone);
    await target();
    folders.worked('id:f');
    expect(await refused('id:f', gone)).toMatchObject({ folder: 'id:f' });
    asked();
    expect([await target(), asked()]).toEqual([{ folder: 'id:f' }, ['FindFolder']]);
  });

  it('is Sent Items for a day where a folder was refused as soon as it had been found', async () => {
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

  it('is Conversation History once more where not even Sent Items are there', async () => {
    const { target, refused } = scene(undefined, { body: foundFolders() });
    await refused(history, gone);
    await target();
    expect(await refused('sentitems', gone)).toBeUndefined();
    expect(await target()).toEqual({ folder: history });
  });
});

describe('a refusal', () => {
  it('for the folder lets the notes go elsewhere only where their place does not name that very folder', async () => {
    const { refused, asked } = scene();
    expect(await refused('id:x', gone, 'id:x')).toBeUndefined();
    expect(await refused('sentitems', gone, 'sentitems')).toBeUndefined();
    expect(await refused('sentitems', gone)).toBeUndefined();
    expect(await refused(history, 'ErrorAccessDenied')).toBeUndefined();
    expect(asked()).toEqual([]);
  });

  it('by the schema is looked into: it may be for the name of the folder', async () => {
    const { target, refused, asked } = scene({ status: 500, body: fault('ErrorSchemaValidation') });
    expect(await refused(history, 'ErrorSchemaValidation')).toMatchObject({ folder: history });
    expect(asked()).toEqual(['GetFolder']);
    expect(await target()).toEqual({ folder: 'id:f' });
  });

  it('by the schema is the note’s where the folder is there', async () => {
    const { target, refused } = scene();
    expect(await refused(history, 'ErrorSchemaValidation')).toBeUndefined();
    expect(await target()).toEqual({ folder: history });
  });

  it('by the schema is not looked into where the folder has taken a copy, is another one, or nothing may be asked', async () => {
    const { folders, refused, batch, asked } = scene({ status: 500, body: fault('ErrorSchemaValidation') });
    const schema = 'ErrorSchemaValidation';
    expect(await refused('sentitems', schema)).toBeUndefined();
    const stopped = { ...always(), mayWrite: () => false };
    expect(await folders.refused(batch(history), errorOf(schema), stopped)).toBeUndefined();
    folders.worked(history);
    expect([await refused(history, schema), asked()]).toEqual([undefined, []]);
  });

  it('by the schema is looked into though another folder has taken a copy', async () => {
    const { folders, refused, asked } = scene({ status: 500, body: fault('ErrorSchemaValidation') });
    folders.worked('sentitems');
    expect(await refused(history, 'ErrorSchemaValidation')).toMatchObject({ folder: history });
    expect(asked()).toEqual(['GetFolder']);
  });

  it('makes a place stale that names a folder which has gone', () => {
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

describe('a fault of no known meaning', () => {
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

  it('is looked into: a folder that is there stays, one that is gone is forgotten', async () => {
    expect(await suspected(getFolder(ok), history)).toEqual({ asked: ['GetFolder'], folder: history });
    expect(await suspected(getFolder(ok), 'id:f')).toEqual({ asked: ['GetFolder'], folder: 'id:f' });
    expect(await suspected(getFolder(gone), 'id:f')).toEqual({ asked: ['GetFolder'], folder: history });
    expect(await suspected(getFolder('ErrorItemNotFound'), 'id:f')).toEqual({ asked: ['GetFolder'], folder: history });
    expect(await suspected({ body: response('FindFolder', []) }, 'id:f')).toEqual({ asked: ['GetFolder'], folder: history });
  });

  it.each([gone, 'ErrorSchemaValidation'])('gives up Conversation History by its name on the server’s word: %s', async (code) => {
    const { folders, target, batch } = scene(getFolder(code));
    await folders.suspect(batch(history), always());
    expect(await target()).toEqual({ folder: 'id:f' });
  });

  it.each(['ErrorServerBusy', 'ErrorItemNotFound', 'ErrorOfTheFuture'])('but not on another: %s', async (code) => {
    const { folders, target, batch } = scene(getFolder(code));
    await folders.suspect(batch(history), always());
    expect(await target()).toEqual({ folder: history });
  });

  it.each([gone, 'ErrorItemNotFound'])(
    'means Sent Items where it follows a folder that was just found, and is not there: %s',
    async (code) => {
      const { folders, target, refused, batch } = scene(getFolder(code));
      await refused(history, gone);
      await target();
      await folders.suspect(batch('id:f'), always());
      expect(folders.of(mailbox)).toBe('sentitems');
    },
  );

  it('is not looked into for Sent Items, or where nothing may be asked', async () => {
    const { folders, batch, asked } = scene(getFolder(gone));
    await folders.suspect(batch('sentitems'), always());
    await folders.suspect(batch(history), { ...always(), mayWrite: () => false });
    expect(asked()).toEqual([]);
  });

  it('asks before each look whether it may', async () => {
    const { folders, batch, asked } = scene(getFolder(gone));
    let may = 1;
    await folders.suspect(batch(history), { ...always(), mayWrite: () => may-- > 0 });
    expect(asked()).toEqual([]);
  });
});

describe('a probe', () => {
  it('asks the folder first that took the copies last', async () => {
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

  it('looks in the folder of the place, or in Conversation History by its name and by its id', async () => {
    const { folders, place, refused, asked } = scene();
    expect([await folders.copyFolders({ ...place, folder: 'id:x' }, asking), asked()]).toEqual([{ folders: ['id:x'] }, []]);
    expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history, 'id:f'] }, ['FindFolder']]);
    const again = await folders.copyFolders({ ...place, mailbox: 'ALICE@contoso.test' }, asking);
    expect([again, asked()]).toEqual([{ folders: [history, 'id:f'] }, []]);
    await refused(history, gone);
    expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history, 'id:f'] }, []]);
  });

  it('looks by the name alone where the search finds none or fails, which is told; the next one searches again', async () => {
    const { folders, place, asked } = scene(undefined, { body: foundFolders() });
    for (let probes = 0; probes < 2; probes++)
      expect([await folders.copyFolders(place, asking), asked()]).toEqual([{ folders: [history] }, ['FindFolder']]);
    const busy = scene(undefined, { status: 500, body: fault('ErrorServerBusy') });
    expect(await busy.folders.copyFolders(busy.place, asking)).toMatchObject({
      folders: [history],
      failed: { status: 'deferred' },
    });
  });

  it('that finds a folder gone has it looked up again, where it was known by its id', async () => {
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
  it('passes where the folder is there', async () => {
    const { folders, asked } = scene();
    await folders.verify(mailbox, signal);
    expect(asked()).toEqual(['GetFolder']);
  });

  it('rejects with what keeps the folder from being looked up', async () => {
    const busy = scene(getFolder(gone), { status: 500, body: fault('ErrorServerBusy') });
    await expect(busy.folders.verify(mailbox, signal)).rejects.toMatchObject({ details: { responseCode: 'ErrorServerBusy' } });
    const unreadable = scene({ body: response('FindFolder', []) });
    await expect(unreadable.folders.verify(mailbox, signal)).rejects.toMatchObject({
      code: 'RESPONSE_UNREADABLE',
      message: 'The response is not the answer to this GetFolder.',
      details: { requestId: expect.stringMatching(/./) },
    });
  });

  it('rejects where no folder is there, after each was asked for', async () => {
    const { folders, asked } = scene(getFolder(gone), { body: foundFolders() });
    await expect(folders.verify(mailbox, signal)).rejects.toMatchObject({ code: 'FOLDER_UNAVAILABLE', details: { mailbox } });
    expect(asked()).toEqual(['GetFolder', 'FindFolder', 'CreateFolder', 'GetFolder']);
  });
});
