export const address = 'dave@contoso.test';

/** The expected result of each step of scripts/exchangelib_everyday.py. */
export const expected: Readonly<Record<string, unknown>> = {
  'send and save': [true, 1],
  'full items': [['one', 'text é 😀', address]],
  unread: ['one', 'two'],
  'mark read': ['two'],
  'by date': [2, 0],
  'by text and or': ['one', 'two'],
  order: ['two', 'one'],
  categories: ['Red', 'Blue'],
  mime: true,
  reply: 1,
  forward: 1,
  'draft with attachments, sent': [
    ['a.txt', 'abc'],
    ['b.txt', 'def'],
  ],
  folders: ['Old projects', ['one', 'two']],
  'walk the tree': true,
  synchronise: [true, [['create', 'three']]],
  'pull notifications': ['CreatedEvent', 'NewMailEvent'],
  bulk: 20,
  'delete in three ways': [0, 1],
  'out of office': 'Disabled',
  'resolve names': [address],
  'open a list': ['carol@contoso.test', address],
  'write to a list': 1,
};
