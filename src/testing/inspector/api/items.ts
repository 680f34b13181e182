import { composeMime } from '../../simulator/mime/compose.ts';
import { submit } from '../../simulator/operations/submit.ts';
import type { SimulatedItem } from '../../simulator/store/item.ts';
import type { MailboxOptions } from '../../simulator/store/mailbox-options.ts';
import { readSeed, type SeedContent } from '../../simulator/store/seeding/content.ts';
import { withMimeRead } from '../../simulator/store/seeding/seed.ts';
import { renderedBody } from '../page/rendered-body.ts';
import { type ApiCall, ApiError, type ApiRoute, itemsMeant, notFound } from './route.ts';
import { itemShape, mailboxShape, summaryShape } from './shapes.ts';

const which = {
  mailbox: { description: 'Only of that mailbox.' },
  folder: { description: 'Only in that folder: its name or id.' },
  search: { description: 'Only with that text in subject, body, class or addresses.' },
} as const;

function mailboxOf({ core }: ApiCall, address: string) {
  const mailbox = core.exchange.find(address);
  if (mailbox === undefined) throw notFound(`mailbox ${address}`);
  return mailbox;
}

function itemOf({ core, path }: ApiCall): SimulatedItem {
  const item = core.exchange.registry.items.get(path.id ?? '');
  if (item === undefined) throw notFound(`item ${path.id}`);
  return item;
}

/** Mailboxes and what lies in them. */
export const itemRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/mailboxes',
    operationId: 'listMailboxes',
    summary: 'Every mailbox with its folders.',
    status: 200,
    answer: 'Mailboxes',
    run: ({ core }) => ({ json: { mailboxes: core.exchange.mailboxes.map(mailboxShape) } }),
  },
  {
    method: 'POST',
    path: '/mailboxes',
    operationId: 'addMailbox',
    summary: 'Adds a mailbox.',
    body: 'NewMailbox',
    status: 201,
    answer: 'Mailbox',
    run: ({ exchange, body }) => ({ json: mailboxShape(exchange.addMailbox(body as MailboxOptions)) }),
  },
  {
    method: 'GET',
    path: '/mailboxes/{address}',
    operationId: 'getMailbox',
    summary: 'One mailbox with its folders.',
    status: 200,
    answer: 'Mailbox',
    errors: [404],
    run: (call) => ({ json: mailboxShape(mailboxOf(call, call.path.address ?? '')) }),
  },
  {
    method: 'GET',
    path: '/items',
    operationId: 'listItems',
    summary: 'Items, the newest first.',
    query: {
      ...which,
      limit: { description: 'The most items to return; 100 by default.', integer: true },
      offset: { description: 'How many items to skip.', integer: true },
    },
    status: 200,
    answer: 'Items',
    errors: [404],
    run(call) {
      const found = [...itemsMeant(call)].sort((one, other) => other.uid - one.uid);
      const { limit = 100, offset = 0 } = call.query;
      return {
        json: { total: found.length, items: found.slice(Number(offset), Number(offset) + Number(limit)).map(summaryShape) },
      };
    },
  },
  {
    method: 'POST',
    path: '/items',
    operationId: 'storeItem',
    summary: 'Stores an item; in an Inbox it arrives, as if somebody had sent it.',
    body: 'NewItem',
    status: 201,
    answer: 'Item',
    errors: [404],
    async run(call) {
      const { mailbox: address, folder: name, item } = call.body as { mailbox: string; folder: string; item: SeedContent };
      const mailbox = mailboxOf(call, address);
      const folder = mailbox.findFolder(name);
      if (folder === undefined) throw notFound(`folder ${name} in ${address}`);
      const read = (await withMimeRead(call.core.exchange, { [address]: { [name]: [item] } })) as Record<
        string,
        Record<string, SeedContent[]>
      >;
      const content = read[mailbox.address]?.[folder.label]?.[0] ?? item;
      return { json: itemShape(folder.distinguished === 'inbox' ? mailbox.receive(content) : mailbox.store(folder, content)) };
    },
  },
  {
    method: 'DELETE',
    path: '/items',
    operationId: 'deleteItems',
    summary: 'Deletes all matching items; without a parameter, all items.',
    query: which,
    status: 200,
    answer: 'Deleted',
    errors: [404],
    run(call) {
      const found = itemsMeant(call);
      for (const item of found) call.core.exchange.find(item.mailbox)?.remove(item);
      return { json: { deleted: found.length } };
    },
  },
  {
    method: 'GET',
    path: '/items/{id}',
    operationId: 'getItem',
    summary: 'One item with all its data.',
    status: 200,
    answer: 'Item',
    errors: [404],
    run: (call) => ({ json: itemShape(itemOf(call)) }),
  },
  {
    method: 'DELETE',
    path: '/items/{id}',
    operationId: 'deleteItem',
    summary: 'Deletes an item for good.',
    status: 204,
    errors: [404],
    run(call) {
      const item = itemOf(call);
      call.core.exchange.find(item.mailbox)?.remove(item);
      return undefined;
    },
  },
  {
    method: 'GET',
    path: '/items/{id}/source',
    operationId: 'getItemSource',
    summary: 'An item as a whole message (RFC 5322).',
    status: 200,
    answer: 'text/plain',
    errors: [404],
    run(call) {
      const bytes = Uint8Array.from(composeMime(itemOf(call)), (character) => character.charCodeAt(0));
      return { text: new TextDecoder().decode(bytes), type: 'text/plain' };
    },
  },
  {
    method: 'GET',
    path: '/items/{id}/body',
    operationId: 'getItemBody',
    summary: 'The body of an item as a page on which nothing runs and nothing is loaded.',
    status: 200,
    answer: 'text/html',
    errors: [404],
    run: (call) => renderedBody(itemOf(call)),
  },
  {
    method: 'POST',
    path: '/messages',
    operationId: 'sendMessage',
    summary: 'Sends a message from a mailbox, with a copy in its Sent Items.',
    body: 'NewMessage',
    status: 204,
    errors: [404],
    run(call) {
      const { from, to, cc = [], subject = '', body = '', html = false } = call.body as NewMessage;
      const sender = mailboxOf(call, from);
      if (to.length === 0) throw new ApiError(400, 'REQUEST_INVALID', 'A message needs a recipient in to.');
      const author = { address: sender.address, name: sender.name };
      const written: SeedContent = { from: author, to, cc, subject, body: { type: html ? 'html' : 'text', content: body } };
      const { content } = readSeed(written, 'sent-copy', sender.address, call.core.exchange.registry);
      const copy = { mailbox: sender, folder: sender.folder('sentitems') };
      submit(call.core.exchange, { sender, content, copy }, { do: 'everything' });
      return undefined;
    },
  },
];

interface NewMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly subject?: string;
  readonly body?: string;
  readonly html?: boolean;
}
