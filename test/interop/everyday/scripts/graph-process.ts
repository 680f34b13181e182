/**
 * What an application does with a Graph client every day: `node graph-process.ts <graph-client|kiota> <root> <token> <user>
 * <colleague>`. Prints one line of JSON: a result for each step. A process of its own, since Node reads NODE_EXTRA_CA_CERTS only
 * at the start.
 */
import '@microsoft/msgraph-sdk-users';
import { BaseBearerTokenAuthenticationProvider } from '@microsoft/kiota-abstractions';
import { BatchRequestContent, Client, PageIterator } from '@microsoft/microsoft-graph-client';
import { createGraphServiceClient, GraphRequestAdapter } from '@microsoft/msgraph-sdk';

const [kind = '', root = '', token = '', user = '', colleague = ''] = process.argv.slice(2);
const steps: Record<string, unknown> = {};

async function step(name: string, run: () => Promise<unknown>): Promise<void> {
  try {
    steps[name] = await run();
  } catch (error) {
    steps[name] = `${error}`.slice(0, 300);
  }
}

const subjectsOf = (list: readonly { subject?: string | null }[] | null | undefined): readonly unknown[] =>
  (list ?? []).map(({ subject }) => subject).sort();

async function withGraphClient(): Promise<void> {
  const client = Client.init({
    baseUrl: `${root}/`,
    defaultVersion: 'v1.0',
    customHosts: new Set([new URL(root).hostname]),
    authProvider: (done) => done(null, token),
  });
  const me = client.api('/me');
  const list = (path: string) => client.api(`/me/${path}`);
  await step('who am I', async () => (await me.get()).userPrincipalName);
  await step('sends', () =>
    list('sendMail').post({
      message: {
        subject: 'from graph',
        body: { contentType: 'HTML', content: '<p>text é</p>' },
        toRecipients: [{ emailAddress: { address: colleague } }],
      },
    }),
  );
  await step('finds its copy', async () => subjectsOf((await list('mailFolders/sentitems/messages').get()).value));
  await step('lists the inbox', async () => subjectsOf((await list('mailFolders/inbox/messages').top(10).get()).value));
  await step('searches', async () =>
    subjectsOf((await list('mailFolders/inbox/messages').filter("subject eq 'one'").select('id,subject').get()).value),
  );
  await step('turns pages', async () => {
    const found: string[] = [];
    const first = await list('mailFolders/inbox/messages').top(1).select('subject').get();
    await new PageIterator(client, first, (one: { subject: string }) => {
      found.push(one.subject);
      return true;
    }).iterate();
    return found.sort();
  });
  await step('moves', async () => {
    const [one] = (await list('mailFolders/inbox/messages').filter("subject eq 'one'").get()).value;
    const moved = await list(`messages/${one.id}/move`).post({ destinationId: 'deleteditems' });
    return [moved.subject, moved.id !== one.id];
  });
  await step('deletes', async () => {
    const [two] = (await list('mailFolders/inbox/messages').filter("subject eq 'two'").get()).value;
    await list(`messages/${two.id}`).delete();
    return subjectsOf((await list('mailFolders/inbox/messages').get()).value);
  });
  await step('asks several things at once', async () => {
    // Without a version, as in Microsoft's documentation: the client strips only the host.
    const batch = new BatchRequestContent([
      { id: '1', request: new Request(`${root}/me`) },
      { id: '2', request: new Request(`${root}/me/mailFolders/inbox`) },
    ]);
    const { responses } = await client.api('/$batch').post(await batch.getContent());
    return responses.map(({ status }: { status: number }) => status);
  });
  await step('hears what is wrong', () =>
    list('messages/nothing')
      .get()
      .catch((error: { statusCode?: number }) => error.statusCode),
  );
}

async function withKiota(): Promise<void> {
  const provider = new BaseBearerTokenAuthenticationProvider({
    getAuthorizationToken: async () => token,
    getAllowedHostsValidator: () => ({ isUrlAllowed: () => true }) as never,
  });
  const adapter = new GraphRequestAdapter(provider);
  adapter.baseUrl = `${root}/v1.0`;
  const me = createGraphServiceClient(adapter).users.byUserId(user);
  const inbox = me.mailFolders.byMailFolderId('inbox').messages;
  const inInbox = async (filter?: string) =>
    (await inbox.get(filter === undefined ? {} : { queryParameters: { filter } }))?.value ?? [];
  await step('who am I', async () => (await me.get())?.userPrincipalName);
  await step('sends', () =>
    me.sendMail.post({
      message: {
        subject: 'from graph',
        body: { contentType: 'html', content: '<p>text é</p>' },
        toRecipients: [{ emailAddress: { address: colleague } }],
      },
      saveToSentItems: true,
    }),
  );
  await step('finds its copy', async () => subjectsOf((await me.mailFolders.byMailFolderId('sentitems').messages.get())?.value));
  await step('lists the inbox', async () => subjectsOf(await inInbox()));
  await step('searches', async () => subjectsOf(await inInbox("subject eq 'one'")));
  await step('turns pages', async () => {
    const found: unknown[] = [];
    for (let page = await inbox.get({ queryParameters: { top: 1 } }); page !== undefined; ) {
      found.push(...subjectsOf(page.value));
      const next = page.odataNextLink;
      page = next === undefined || next === null ? undefined : await inbox.withUrl(next).get();
    }
    return found.sort();
  });
  await step('moves', async () => {
    const [one] = await inInbox("subject eq 'one'");
    const moved = await me.messages.byMessageId(one?.id ?? '').move.post({ destinationId: 'deleteditems' });
    return [moved?.subject, moved?.id !== one?.id];
  });
  await step('deletes', async () => {
    const [two] = await inInbox("subject eq 'two'");
    await me.messages.byMessageId(two?.id ?? '').delete();
    return subjectsOf(await inInbox());
  });
  await step('hears what is wrong', () =>
    me.messages
      .byMessageId('nothing')
      .get()
      .then(
        () => 'nothing is wrong',
        (error: { responseStatusCode?: number }) => error.responseStatusCode,
      ),
  );
}

await (kind === 'kiota' ? withKiota() : withGraphClient());
process.stdout.write(JSON.stringify(steps));
