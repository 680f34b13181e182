import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import {
  call,
  child,
  childrenOf,
  createItem,
  findItem,
  history,
  isTag,
  itemsIn,
  message,
  messagesNs,
  missedClass,
  tagUri,
  textOf,
  typesNs,
} from '../support/raw-ews.ts';

let exchange: ExchangeSimulator;
beforeAll(async () => {
  exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
});
afterEach(() => exchange.reset());
afterAll(() => exchange.close());

const sendAll = (...messages: string[]) => call(exchange.url, createItem(messages));
const find = async (options: Parameters<typeof findItem>[0]) => call(exchange.url, findItem(options));
const subject = (value: string, operator = 'IsEqualTo') =>
  `<t:${operator}><t:FieldURI FieldURI="item:Subject"/><t:FieldURIOrConstant><t:Constant Value="${value}"/></t:FieldURIOrConstant></t:${operator}>`;
const withSubject = { properties: '<t:FieldURI FieldURI="item:Subject"/>' };
const subjectsOf = (answer: Awaited<ReturnType<typeof find>>, at = 0) =>
  itemsIn(answer.messages[at]).map((i) => textOf(i, typesNs, 'Subject'));
const inbox = '<t:DistinguishedFolderId Id="inbox"/>';
const flags = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>';

describe('restrictions', () => {
  it('match a named property, several at once, and written in another case', async () => {
    await sendAll(...['a', 'b', 'c'].map((tag) => message({ subject: tag, tag: `note-${tag}/1` })));
    expect(subjectsOf(await find({ ...withSubject, restriction: isTag('NOTE-B/1') }))).toEqual(['b']);
    const or = `<t:Or>${isTag('note-c/1')}${isTag('note-a/1')}${isTag('nothing')}</t:Or>`;
    expect(subjectsOf(await find({ ...withSubject, restriction: or })).sort()).toEqual(['a', 'c']);
    expect(subjectsOf(await find({ ...withSubject, restriction: isTag('note-') }))).toEqual([]);
  });

  it('And, Not, IsNotEqualTo, Exists, Contains, also on FieldURIs', async () => {
    await sendAll(message({ subject: 'one', tag: 't' }), message({ subject: 'two' }), message({ subject: 'twenty', tag: 't' }));
    const contains =
      '<t:Contains ContainmentMode="Prefixed" ContainmentComparison="IgnoreCase"><t:FieldURI FieldURI="item:Subject"/><t:Constant Value="TW"/></t:Contains>';
    const itemClass = `<t:IsEqualTo><t:FieldURI FieldURI="item:ItemClass"/><t:FieldURIOrConstant><t:Constant Value="${missedClass.toLowerCase()}"/></t:FieldURIOrConstant></t:IsEqualTo>`;
    const found = async (restriction: string) => subjectsOf(await find({ ...withSubject, restriction }));
    expect(await found(`<t:And>${isTag('t')}${contains}</t:And>`)).toEqual(['twenty']);
    expect(await found(`<t:Not>${subject('one')}</t:Not>`)).toEqual(['two', 'twenty']);
    expect(await found(subject('one', 'IsNotEqualTo'))).toEqual(['two', 'twenty']);
    expect(await found(`<t:Exists>${tagUri}</t:Exists>`)).toEqual(['one', 'twenty']);
    expect(await found(itemClass)).toHaveLength(3);
  });

  it('that are unknown cause a fault', async () => {
    const unknown = findItem({ restriction: '<t:SearchExpression/>' });
    expect((await call(exchange.url, unknown, { unchecked: true })).fault).toBe('ErrorSchemaValidation');
  });

  it('return at most 250 items, and all without a restriction', async () => {
    await sendAll(...Array.from({ length: 300 }, () => message({ tag: 'same' })));
    const restricted = await find({ restriction: isTag('same') });
    expect(itemsIn(restricted.messages[0])).toHaveLength(250);
    expect(itemsIn((await find({})).messages[0])).toHaveLength(300);
  });
});

describe('the result', () => {
  it('has a bare t:Item for a foreign class: no From, no recipients; extended properties if requested', async () => {
    await sendAll(message({ tag: 'n/1' }));
    const answer = await find({ base: 'AllProperties', properties: `${tagUri}${flags}<t:FieldURI FieldURI="item:IsDraft"/>` });
    const [item] = itemsIn(answer.messages[0]);
    expect(item?.name).toBe('Item');
    expect(child(item, typesNs, 'From')).toBeUndefined();
    expect(child(item, typesNs, 'IsRead')).toBeUndefined();
    expect(textOf(item, typesNs, 'IsDraft')).toBe('false');
    const values = childrenOf(item, typesNs, 'ExtendedProperty').map((p) => textOf(p, typesNs, 'Value'));
    expect(values).toEqual(['n/1', '33']);
  });

  it('has t:Message below IPM.Note; GetItem adds body and recipients', async () => {
    await sendAll(message({ itemClass: 'IPM.Note.Microsoft.Missed', text: 'a <b>\r\n"c"' }));
    const found = await find({ base: 'Default' });
    const [item] = itemsIn(found.messages[0]);
    expect([item?.name, child(item, typesNs, 'Body')]).toEqual(['Message', undefined]);
    const id = child(item, typesNs, 'ItemId')?.attributes.get('Id');
    const got = await call(
      exchange.url,
      `<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ItemIds><t:ItemId Id="${id}"/><t:ItemId Id="gone"/></m:ItemIds></m:GetItem>`,
    );
    expect(got.codes).toEqual(['NoError', 'ErrorItemNotFound']);
    const [whole] = itemsIn(got.messages[0]);
    expect(textOf(whole, typesNs, 'Body')).toBe('a <b>\r\n"c"');
    expect(child(whole, typesNs, 'ToRecipients')?.children).toHaveLength(1);
  });

  it('shows a draft by IsDraft and by its message flags', async () => {
    await call(exchange.url, createItem([message()], '', 'SaveOnly'));
    const drafts = await find({
      folders: ['<t:DistinguishedFolderId Id="drafts"/>'],
      properties: `${flags}<t:FieldURI FieldURI="item:IsDraft"/>`,
    });
    const [draft] = itemsIn(drafts.messages[0]);
    expect(textOf(draft, typesNs, 'IsDraft')).toBe('true');
    expect(Number(textOf(child(draft, typesNs, 'ExtendedProperty'), typesNs, 'Value')) & 8).toBe(8);
  });
});

describe('folders, pages, order', () => {
  it('one response per folder; an unreadable folder has its own error', async () => {
    await sendAll(message());
    exchange.mailbox('alice@contoso.test').folder('recoverableitemsdeletions').readable = false;
    const folders = [history, inbox, '<t:DistinguishedFolderId Id="recoverableitemsdeletions"/>', '<t:FolderId Id="gone"/>'];
    const answer = await find({ folders });
    expect(answer.codes).toEqual(['NoError', 'NoError', 'ErrorAccessDenied', 'ErrorFolderNotFound']);
    expect(answer.messages.map((m) => itemsIn(m).length)).toEqual([1, 0, 0, 0]);
  });

  it('pages by index, from either end', async () => {
    await sendAll(...['1', '2', '3', '4', '5'].map((s) => message({ subject: s })));
    const page = async (offset: number, basePoint = 'Beginning') => {
      const view = `<m:IndexedPageItemView MaxEntriesReturned="2" Offset="${offset}" BasePoint="${basePoint}"/>`;
      const answer = await find({ ...withSubject, view });
      const root = child(answer.messages[0], messagesNs, 'RootFolder');
      const attribute = (name: string) => root?.attributes.get(name);
      return [
        subjectsOf(answer),
        attribute('IndexedPagingOffset'),
        attribute('IncludesLastItemInRange'),
        attribute('TotalItemsInView'),
      ];
    };
    expect(await page(0)).toEqual([['1', '2'], '2', 'false', '5']);
    expect(await page(4)).toEqual([['5'], '5', 'true', '5']);
    expect(await page(9)).toEqual([[], '5', 'true', '5']);
    expect(await page(0, 'End')).toEqual([['4', '5'], '2', 'false', '5']);
  });

  it('sorts as requested', async () => {
    await sendAll(...['b', 'c', 'a'].map((s) => message({ subject: s })));
    const sort =
      '<m:SortOrder><t:FieldOrder Order="Descending"><t:FieldURI FieldURI="item:Subject"/></t:FieldOrder></m:SortOrder>';
    expect(subjectsOf(await find({ ...withSubject, sort }))).toEqual(['c', 'b', 'a']);
  });

  it('stays fast among thousands of items', async () => {
    for (let batch = 0; batch < 100; batch++) {
      await call(exchange.url, createItem(Array.from({ length: 50 }, (_, i) => message({ tag: `${batch}-${i}` }))), {
        unchecked: true,
      });
    }
    const restriction = `<t:Or>${Array.from({ length: 50 }, (_, i) => isTag(`77-${i}`)).join('')}</t:Or>`;
    const started = performance.now();
    for (let i = 0; i < 20; i++) {
      const answer = await call(exchange.url, findItem({ restriction, properties: tagUri }), { unchecked: true });
      expect(itemsIn(answer.messages[0])).toHaveLength(50);
    }
    expect((performance.now() - started) / 20).toBeLessThan(2_000);
  });
});
