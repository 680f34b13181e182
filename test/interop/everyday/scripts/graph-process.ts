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
  await step('finds a folder by its name, or makes it', async () => {
    const find = async () => (await list('mailFolders').filter("displayName eq 'Projects'").get()).value.length;
    const before = await find();
    await list('mailFolders').post({ displayName: 'Projects' });
    return [before, await find()];
  });
  await step('writes a draft and sends it', async () => {
    const draft = await list('messages').post({ subject: 'draft', toRecipients: [{ emailAddress: { address: user } }] });
    await list(`messages/${draft.id}`).patch({ body: { contentType: 'text', content: 'later' } });
    await list(`messages/${draft.id}/send`).post({});
    const [got] = (await list('mailFolders/inbox/messages').filter("subject eq 'draft'").get()).value;
    await list(`messages/${got.id}`).delete();
    return [got.isDraft, got.body.content];
  });
  await step('attaches', async () => {
    const draft = await list('messages').post({ subject: 'with a file' });
    const file = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'b.txt', contentBytes: btoa('bytes') };
    const { id } = await list(`messages/${draft.id}/attachments`).post(file);
    const content = await new Response(await list(`messages/${draft.id}/attachments/${id}/$value`).getStream()).text();
    await list(`messages/${draft.id}`).delete();
    return content;
  });
  await step('reads an attachment', async () => {
    const [two] = (await list('mailFolders/inbox/messages').filter("subject eq 'two'").expand('attachments').get()).value;
    return [two.hasAttachments, two.attachments[0].name, atob(two.attachments[0].contentBytes)];
  });
  await step('marks as read, categorises, flags', async () => {
    const [one] = (await list('mailFolders/inbox/messages').filter("subject eq 'one'").get()).value;
    const changes = { isRead: true, categories: ['Red'], flag: { flagStatus: 'flagged' } };
    const { isRead, categories, flag } = await list(`messages/${one.id}`).patch(changes);
    return [isRead, categories, flag.flagStatus];
  });
  await step('replies, and answers by a draft', async () => {
    const [one] = (await list('mailFolders/inbox/messages').filter("subject eq 'one'").get()).value;
    await list(`messages/${one.id}/reply`).post({ comment: 'yes' });
    const draft = await list(`messages/${one.id}/createReply`).post({});
    await list(`messages/${draft.id}/send`).post({});
    return [draft.subject, draft.toRecipients[0].emailAddress.address];
  });
  await step('reads as text and as MIME', async () => {
    const [one] = (await list('mailFolders/sentitems/messages').filter("subject eq 'from graph'").get()).value;
    const { body } = await list(`messages/${one.id}`).header('Prefer', 'outlook.body-content-type="text"').get();
    const mime = await new Response(await list(`messages/${one.id}/$value`).getStream()).text();
    return [body.content, /^Subject: from graph/m.test(mime)];
  });
  await step('searches for words', async () => subjectsOf((await list('messages').search('"subject:two"').get()).value));
  await step('follows changes', async () => {
    const first = await list('mailFolders/inbox/messages/delta').select('subject').get();
    const [one] = first.value.filter(({ subject }: { subject: string }) => subject === 'one');
    await list(`messages/${one.id}`).patch({ isRead: false });
    return subjectsOf((await client.api(first['@odata.deltaLink']).get()).value);
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
  await step('finds a folder by its name, or makes it', async () => {
    const find = async () =>
      (await me.mailFolders.get({ queryParameters: { filter: "displayName eq 'Projects'" } }))?.value?.length;
    const before = await find();
    await me.mailFolders.post({ displayName: 'Projects' });
    return [before, await find()];
  });
  await step('writes a draft and sends it', async () => {
    const draft = await me.messages.post({ subject: 'draft', toRecipients: [{ emailAddress: { address: user } }] });
    const own = me.messages.byMessageId(draft?.id ?? '');
    await own.patch({ body: { contentType: 'text', content: 'later' } });
    await own.send.post();
    const [got] = await inInbox("subject eq 'draft'");
    await me.messages.byMessageId(got?.id ?? '').delete();
    return [got?.isDraft, got?.body?.content];
  });
  await step('reads an attachment', async () => {
    const [two] = await inInbox("subject eq 'two'");
    const { attachments } = me.messages.byMessageId(two?.id ?? '');
    const [attached] = (await attachments.get())?.value ?? [];
    const file = (await attachments.byAttachmentId(attached?.id ?? '').get()) as { contentBytes?: ArrayBuffer };
    return [two?.hasAttachments, attached?.name, new TextDecoder().decode(file.contentBytes)];
  });
  await step('marks as read, categorises, flags', async () => {
    const [one] = await inInbox("subject eq 'one'");
    const changed = await me.messages
      .byMessageId(one?.id ?? '')
      .patch({ isRead: true, categories: ['Red'], flag: { flagStatus: 'flagged' } });
    return [changed?.isRead, changed?.categories, changed?.flag?.flagStatus];
  });
  await step('replies, and answers by a draft', async () => {
    const [one] = await inInbox("subject eq 'one'");
    const own = me.messages.byMessageId(one?.id ?? '');
    await own.reply.post({ comment: 'yes' });
    const draft = await own.createReply.post({});
    await me.messages.byMessageId(draft?.id ?? '').send.post();
    return [draft?.subject, draft?.toRecipients?.[0]?.emailAddress?.address];
  });
  await step('reads as text and as MIME', async () => {
    const [one] =
      (await me.mailFolders.byMailFolderId('sentitems').messages.get())?.value?.filter((m) => m.subject === 'from graph') ?? [];
    const own = me.messages.byMessageId(one?.id ?? '');
    const message = await own.get({ headers: { Prefer: 'outlook.body-content-type="text"' } as never });
    const mime = new TextDecoder().decode(await own.content.get());
    return [message?.body?.content, /^Subject: from graph/m.test(mime)];
  });
  await step('searches for words', async () =>
    subjectsOf((await me.messages.get({ queryParameters: { search: '"subject:two"' } }))?.value),
  );
  await step('follows changes', async () => {
    const first = await inbox.delta.get({ queryParameters: { select: ['subject'] } });
    const one = first?.value?.find(({ subject }) => subject === 'one');
    await me.messages.byMessageId(one?.id ?? '').patch({ isRead: false });
    return subjectsOf((await inbox.delta.withUrl(first?.odataDeltaLink ?? '').get())?.value);
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
