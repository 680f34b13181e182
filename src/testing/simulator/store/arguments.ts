/** What tests in plain JavaScript call, by what it is called with: see `checkArguments()`. */
import { anyString, type CheckedMethod, maybeObject, objectWith } from '../../../core/arguments.ts';
import { property } from '../../../core/errors/thrown.ts';
import { callback, oneOf, optional, rule } from '../../../core/options.ts';

const address = anyString('the address of a mailbox');
const predicate = callback<(item: never) => boolean>('a function of a message');
const timeout = maybeObject('{ timeout } or nothing');
export const exchangeArguments: Readonly<Record<string, CheckedMethod>> = {
  mailbox: { refuses: 'throws', takes: { address } },
  addMailbox: {
    refuses: 'throws',
    takes: {
      options: rule('an address, or { address, … }', (given) => typeof (property(given, 'address') ?? given) === 'string'),
    },
  },
  moveMailbox: {
    refuses: 'throws',
    takes: {
      address,
      location: oneOf(['exchange-online', 'on-premises']),
      options: maybeObject('{ during } or nothing'),
    },
  },
  waitForMessage: { refuses: 'rejects', takes: { predicate, options: timeout } },
  idle: { refuses: 'rejects', takes: { options: timeout } },
  expectNone: { refuses: 'rejects', takes: { predicate: optional(predicate), options: timeout } },
  expectOnce: { refuses: 'rejects', takes: { predicate: optional(predicate), options: timeout } },
  seed: { refuses: 'throws', takes: { seed: objectWith('what to store, by mailbox', {}) } },
  load: { refuses: 'rejects', takes: { seed: objectWith('what to store, by mailbox', {}) } },
  answer: { refuses: 'throws', takes: { operation: anyString('an EWS operation'), handler: callback() } },
  restore: { refuses: 'throws', takes: { snapshot: objectWith('what snapshot() has returned', {}) } },
};

const item = objectWith('an item of this mailbox', { id: 'string', folderId: 'string', content: 'object' });
const folder = objectWith('a folder of this mailbox', { id: 'string', displayName: 'string', children: 'object' });
const folderOrName = rule('a folder of this mailbox, or the name of one', (given) => {
  return typeof (property(given, 'displayName') ?? given) === 'string';
});
const name = anyString('the name of a folder');
const content = objectWith('what the item has', {});
const next = objectWith('what to change', {});

export const mailboxArguments: Readonly<Record<string, CheckedMethod>> = {
  folder: { refuses: 'throws', takes: { name } },
  findFolder: { refuses: 'throws', takes: { name } },
  distinguished: { refuses: 'throws', takes: { name } },
  createFolder: { refuses: 'throws', takes: { parent: folder, displayName: name, folderClass: optional(anyString('IPF.…')) } },
  store: { refuses: 'throws', takes: { folder: folderOrName, content } },
  receive: { refuses: 'throws', takes: { content: optional(content) } },
  receiveMime: {
    refuses: 'rejects',
    takes: { eml: rule('a message as a string or bytes', (eml) => typeof eml === 'string' || ArrayBuffer.isView(eml)) },
  },
  update: { refuses: 'throws', takes: { item, next } },
  move: { refuses: 'throws', takes: { item, to: folderOrName } },
  copy: { refuses: 'throws', takes: { item, to: folderOrName } },
  remove: { refuses: 'throws', takes: { item } },
  updateFolder: { refuses: 'throws', takes: { folder, next } },
  moveFolder: { refuses: 'throws', takes: { folder, to: folder } },
  copyFolder: { refuses: 'throws', takes: { folder, to: folder } },
  removeFolder: { refuses: 'throws', takes: { folder } },
};

export const folderArguments: Readonly<Record<string, CheckedMethod>> = {
  withProperty: { refuses: 'throws', takes: { key: anyString('the key of a property'), value: anyString('its value') } },
  insert: { refuses: 'throws', takes: { item } },
  replace: { refuses: 'throws', takes: { item, next: item } },
  remove: { refuses: 'throws', takes: { item } },
};

const token = anyString('a token');

export const tokenArguments: Readonly<Record<string, CheckedMethod>> = {
  add: { refuses: 'throws', takes: { token: objectWith('{ token, … }', { token: 'string' }) } },
  issue: {
    refuses: 'throws',
    takes: { login: anyString('the address of a mailbox'), options: maybeObject('{ lifetime, permissions } or nothing') },
  },
  challenge: { refuses: 'throws', takes: { claims: anyString('claims as JSON') } },
  revoke: { refuses: 'throws', takes: { token: optional(token) } },
  refusalOf: { refuses: 'throws', takes: { token } },
  permissionsOf: { refuses: 'throws', takes: { token } },
  loginOf: { refuses: 'throws', takes: { token } },
};
