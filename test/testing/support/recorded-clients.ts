/** Requests of real EWS clients, recorded on 2026-11-28 (those of Evolution with this simulator, the others with a real server), and the substitutes for the ids in them. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ExchangeSimulator, SimulatedItem, SimulatedMailbox } from '../../../src/testing.ts';
import { post } from './raw-ews.ts';

const folder = new URL('../../recordings/clients/', import.meta.url);

export interface RecordedRequest {
  readonly client: string;
  readonly file: string;
  readonly operation: string;
  readonly step: string;
  readonly body: string;
  /** Distinguished folders for which the same request was sent. */
  readonly alsoAskedOf: readonly string[];
}

/** Every recorded POST, in the order of its client. */
export function recordedRequests(): readonly RecordedRequest[] {
  return readdirSync(folder).flatMap((client) => {
    const index = JSON.parse(readFileSync(new URL(`${client}/index.json`, folder), 'utf8'));
    return index.requests.flatMap(({ file, operation, step, alsoAskedOf = [] }: Omit<RecordedRequest, 'client' | 'body'>) =>
      file === null
        ? []
        : [{ client, file, operation, step, alsoAskedOf, body: readFileSync(new URL(`${client}/${file}`, folder), 'utf8') }],
    );
  });
}

/** The user as whom the recorded clients logged in. */
export const logins: Readonly<Record<string, string>> = {
  davmail: 'erin@contoso.test',
  evolution: 'erin@contoso.test',
  thunderbird: 'erin@contoso.test',
  exchangelib: 'dave@contoso.test',
  'ews-javascript-api': 'dave@contoso.test',
  'node-ews': 'dave@contoso.test',
};
export const mailboxes = ['dave', 'erin', 'carol', 'bob', 'postmaster'].map((name) => `${name}@contoso.test`);

const draftWanted = /^(?:SendItem|CreateAttachment)$/;
const folderWanted = /^(?:UpdateFolder|DeleteFolder|MoveFolder|CopyFolder|EmptyFolder)$/;
const items = /(<(?:t:|m:|messages:)?(?:ItemId|ParentItemId|ReferenceItemId) Id=")[^"]*"(?: ChangeKey="[^"]*")?/g;

/** The request with ids of this simulator instead of those of the server where it was recorded. */
export async function atHome(request: RecordedRequest, exchange: ExchangeSimulator): Promise<string> {
  const login = logins[request.client] ?? '';
  const mailbox = exchange.mailbox(login);
  let made = 0;
  const fresh = (): SimulatedItem => {
    made += 1;
    const from = { address: 'postmaster@contoso.test', name: 'Postmaster' };
    const content = { subject: `fresh ${made}`, body: 'text', from, to: [login] };
    const { from: _nobody, ...unsent } = content;
    return draftWanted.test(request.operation) ? mailbox.store('drafts', unsent, 'draft') : mailbox.store('inbox', content);
  };
  const newFolder = (name: string): string =>
    mailbox.createFolder(mailbox.folder('msgfolderroot'), `${name} of ${request.file} ${mailbox.folders.length}`).id;
  let body = request.body.replace(items, (_, start: string) => {
    const item = fresh();
    return `${start}${item.id}" ChangeKey="${item.changeKey}"`;
  });
  const target = newFolder('target');
  body = body.replace(/(<(?:m:|messages:)?ToFolderId>\s*<(?:t:)?FolderId Id=")[^"]*"(?: ChangeKey="[^"]*")?/g, `$1${target}"`);
  const about = folderIdFor(request, mailbox, newFolder);
  body = body.replace(/(<(?:t:)?FolderId Id=")(?!AAMkAGFolder)[^"]*"(?: ChangeKey="[^"]*")?/g, `$1${about}"`);
  body = body.replace(/(<(?:t:)?AlternateId [^>]*\bId=")[^"]*"/g, (_, start: string) => `${start}${fresh().id}"`);
  if (/SubscriptionId>/.test(body))
    body = body.replace(/(<(?:m|t):SubscriptionId>)[^<]*/g, `$1${await subscriptionIn(exchange, login)}`);
  if (/SyncState>/.test(body))
    body = body.replace(/(<(?:m:|messages:)?SyncState>)[^<]*/g, `$1${await syncStateOf(body, exchange, login)}`);
  return body;
}

function folderIdFor({ operation }: RecordedRequest, mailbox: SimulatedMailbox, newFolder: (name: string) => string): string {
  if (folderWanted.test(operation)) return newFolder('subject');
  const aboutFolders = /^(?:FindFolder|CreateFolder|GetFolder|SyncFolderHierarchy)$/.test(operation);
  return mailbox.folder(aboutFolders ? 'msgfolderroot' : 'inbox').id;
}

async function subscriptionIn(exchange: ExchangeSimulator, login: string): Promise<string> {
  const request = recordedRequests().find(({ file, client }) => client === 'exchangelib' && file === '35-subscribe.xml');
  const text = await (await post(exchange.url, request?.body ?? '', { as: login })).text();
  return /SubscriptionId>([^<]*)</.exec(text)?.[1] ?? '';
}

/** The state returned to the same request when it is sent for the first time. */
async function syncStateOf(body: string, exchange: ExchangeSimulator, login: string): Promise<string> {
  const first = body.replace(/<(?:m:|messages:)?SyncState>[^<]*<\/(?:m:|messages:)?SyncState>/, '');
  const text = await (await post(exchange.url, first, { as: login })).text();
  return /SyncState>([^<]*)</.exec(text)?.[1] ?? '';
}
