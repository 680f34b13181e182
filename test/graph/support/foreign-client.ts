/**
 * A third-party Graph client with the simulator, used as in its own documentation: `node foreign-client.ts <graph-client|kiota>
 * <root> <token> <user>`. A process of its own, since Node reads NODE_EXTRA_CA_CERTS only at the start.
 */
import '@microsoft/msgraph-sdk-users';
import { BaseBearerTokenAuthenticationProvider } from '@microsoft/kiota-abstractions';
import { Client } from '@microsoft/microsoft-graph-client';
import { createGraphServiceClient, GraphRequestAdapter } from '@microsoft/msgraph-sdk';

const [kind = '', root = '', token = '', user = ''] = process.argv.slice(2);
const tagId = 'String {5f8e0c2a-6c3b-4d55-9d5e-0f1c9d3a7b10} Name ForeignTag';
const filter = `singleValueExtendedProperties/Any(ep: ep/id eq '${tagId}' and ep/value eq 'a:1')`;

/** What the test compares: the same for both clients. */
export interface ForeignReport {
  readonly user: string | undefined;
  readonly found: {
    readonly subject: string | undefined;
    readonly isDraft: boolean | undefined;
    readonly tag: string | undefined;
  };
  readonly byId: string | undefined;
  readonly folders: readonly (string | undefined)[];
  readonly pages: number;
  readonly movedTo: string | undefined;
  readonly missing: string | undefined;
}

async function withGraphClient(): Promise<ForeignReport> {
  const client = Client.init({
    baseUrl: `${root}/`,
    defaultVersion: 'v1.0',
    customHosts: new Set([new URL(root).hostname]),
    authProvider: (done) => done(null, token),
  });
  const me = `/users/${user}`;
  const message = (n: number): object => ({
    subject: `Note ${n}`,
    body: { contentType: 'Text', content: 'Are you there?' },
    toRecipients: [{ emailAddress: { address: 'bob@contoso.test' } }],
    singleValueExtendedProperties: [{ id: tagId, value: `a:${n}` }],
  });
  for (let n = 0; n < 3; n++) await client.api(`${me}/sendMail`).post({ message: message(n), saveToSentItems: true });
  const list = await client
    .api(`${me}/mailFolders/sentitems/messages`)
    .filter(filter)
    .select('id,subject,isDraft')
    .expand(`singleValueExtendedProperties($filter=id eq '${tagId}')`)
    .get();
  const [first] = list.value;
  let pages = 0;
  for (let page = await client.api(`${me}/messages`).top(1).select('subject').get(); page !== undefined; ) {
    pages += 1;
    const next: unknown = page['@odata.nextLink'];
    page = typeof next === 'string' ? await client.api(next).get() : undefined;
  }
  const byId = await client.api(`${me}/messages/${first.id}`).select('subject').get();
  const folders = await client.api(`${me}/mailFolders`).top(20).get();
  const moved = await client.api(`${me}/messages/${first.id}/move`).post({ destinationId: 'deleteditems' });
  const deleted = await client.api(`${me}/mailFolders/deleteditems`).get();
  const missing = await client
    .api(`${me}/messages/${first.id}`)
    .get()
    .catch((error: { code?: string }) => error.code);
  return {
    user: (await client.api(me).get()).userPrincipalName,
    found: { subject: first.subject, isDraft: first.isDraft, tag: first.singleValueExtendedProperties?.[0]?.value },
    byId: byId.subject,
    folders: folders.value.map(({ displayName }: { displayName?: string }) => displayName),
    pages,
    movedTo: moved.parentFolderId === deleted.id ? 'deleteditems' : undefined,
    missing,
  };
}

async function withKiota(): Promise<ForeignReport> {
  const provider = new BaseBearerTokenAuthenticationProvider({
    getAuthorizationToken: async () => token,
    getAllowedHostsValidator: () => ({ isUrlAllowed: () => true }) as never,
  });
  const adapter = new GraphRequestAdapter(provider);
  adapter.baseUrl = `${root}/v1.0`;
  const me = createGraphServiceClient(adapter).users.byUserId(user);
  for (let n = 0; n < 3; n++) {
    await me.sendMail.post({
      message: {
        subject: `Note ${n}`,
        body: { contentType: 'text', content: 'Are you there?' },
        toRecipients: [{ emailAddress: { address: 'bob@contoso.test' } }],
        singleValueExtendedProperties: [{ id: tagId, value: `a:${n}` }],
      },
      saveToSentItems: true,
    });
  }
  const sent = me.mailFolders.byMailFolderId('sentitems').messages;
  const list = await sent.get({
    queryParameters: {
      filter,
      select: ['id', 'subject', 'isDraft'],
      expand: [`singleValueExtendedProperties($filter=id eq '${tagId}')`],
    },
  });
  const first = list?.value?.[0];
  const id = first?.id ?? '';
  let pages = 0;
  for (let page = await me.messages.get({ queryParameters: { top: 1, select: ['subject'] } }); page !== undefined; ) {
    pages += 1;
    const next = page.odataNextLink;
    page = next === undefined || next === null ? undefined : await me.messages.withUrl(next).get();
  }
  const byId = await me.messages.byMessageId(id).get({ queryParameters: { select: ['subject'] } });
  const folders = await me.mailFolders.get({ queryParameters: { top: 20 } });
  const moved = await me.messages.byMessageId(id).move.post({ destinationId: 'deleteditems' });
  const deleted = await me.mailFolders.byMailFolderId('deleteditems').get();
  const missing = await me.messages
    .byMessageId(id)
    .get()
    .then(
      () => undefined,
      (error: { errorEscaped?: { code?: string } }) => error.errorEscaped?.code,
    );
  return {
    user: (await me.get())?.userPrincipalName ?? undefined,
    found: {
      subject: first?.subject ?? undefined,
      isDraft: first?.isDraft ?? undefined,
      tag: first?.singleValueExtendedProperties?.[0]?.value ?? undefined,
    },
    byId: byId?.subject ?? undefined,
    folders: (folders?.value ?? []).map(({ displayName }) => displayName ?? undefined),
    pages,
    movedTo: moved?.parentFolderId === deleted?.id ? 'deleteditems' : undefined,
    missing,
  };
}

process.stdout.write(JSON.stringify(await (kind === 'kiota' ? withKiota() : withGraphClient())));
