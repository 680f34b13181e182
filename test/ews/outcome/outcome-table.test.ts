import { describe, expect, it } from 'vitest';
import type { DeliveryOutcome } from '../../../src/transport/contract.ts';
import { useHarness } from '../support/harness.ts';
import { created, createdFolder, fault, found, foundFolders, message, ok, response } from '../support/responses.ts';
import type { SeenRequest } from '../support/server.ts';

const h = useHarness();

/** The verdict of a row, without error and back-off. */
type Short = string;

function short(outcome: DeliveryOutcome | undefined): Short {
  switch (outcome?.status) {
    case undefined:
      return 'nothing';
    case 'delivered':
      return 'delivered';
    case 'deferred':
    case 'unconfirmed':
      return `${outcome.status} ${outcome.scope}`;
    case 'rejected':
      return `rejected ${outcome.scope}${outcome.splittable ? ' splittable' : ''}`;
    case 'blocked':
      return `blocked ${outcome.scope} ${outcome.sent}`;
  }
}

const table: Record<Short, string[]> = {
  'deferred mailbox': ['ErrorServerBusy', 'ErrorExceededConnectionCount', 'ErrorSubmissionQuotaExceeded'],
  'deferred note': ['ErrorBatchProcessingStopped', 'ErrorSavedItemFolderNotFound', 'ErrorFolderNotFound'],
  'unconfirmed mailbox': ['ErrorMailboxStoreUnavailable', 'ErrorMailboxMoveInProgress', 'ErrorMailboxFailover'],
  'unconfirmed note': [
    'ErrorInternalServerTransientError',
    'ErrorConnectionFailed',
    'ErrorTooManyObjectsOpened',
    'ErrorInsufficientResources',
    'ErrorNotEnoughMemory',
    'ErrorADUnavailable',
    'ErrorADOperation',
    'ErrorNoRespondingCASInDestinationSite',
    'ErrorTimeoutExpired',
    'ErrorClientDisconnected',
    'ErrorInternalServerError',
    'ErrorNobodyHasHeardOf',
    '',
  ],
  'rejected note': [
    'ErrorInvalidRecipients',
    'ErrorMissingRecipients',
    'ErrorInvalidSmtpAddress',
    'ErrorNonExistentMailbox',
    'ErrorCreateItemAccessDenied',
    'ErrorAccessDenied',
    'ErrorInvalidItemForOperationCreateItem',
    'ErrorInvalidServerVersion',
    'ErrorIncorrectSchemaVersion',
    'ErrorInvalidSchemaVersionForMailboxVersion',
  ],
  'rejected mailbox': ['ErrorSendAsDenied'],
  'rejected note splittable': [
    'ErrorMessageSizeExceeded',
    'ErrorDataSizeLimitExceeded',
    'ErrorRequestStreamTooBig',
    'ErrorInvalidPropertySet',
    'ErrorInvalidExtendedProperty',
    'ErrorInvalidExtendedPropertyValue',
    'ErrorSchemaValidation',
    'ErrorVirusDetected',
    'ErrorItemSavePropertyError',
  ],
  'blocked mailbox no': [
    'ErrorAccountDisabled',
    'ErrorMailboxConfiguration',
    'ErrorImpersonateUserDenied',
    'ErrorImpersonationDenied',
    'ErrorImpersonationFailed',
    'ErrorInvalidAuthorizationContext',
    'ErrorPasswordExpired',
    'ErrorPasswordChangeRequired',
  ],
  'blocked mailbox unknown': ['ErrorQuotaExceeded'],
  'blocked endpoint no': ['ErrorOrganizationAccessBlocked'],
};

const rows = Object.entries(table).flatMap(([expected, codes]) => codes.map((code) => [code, expected] as const));
/** The response of an empty mailbox without Conversation History under any name. */
function emptyFolders({ operation, body }: SeenRequest): string {
  if (operation === 'FindFolder') return foundFolders();
  if (operation === 'CreateFolder') return createdFolder(undefined, 'ErrorAccessDenied');
  return found(body, [[], []]);
}

describe.each(['', 'soap:', 'S_1.x:'])('with any prefix, such as "%s"', (prefix) => {
  const uri = 'http://schemas.xmlsoap.org/soap/envelope/';
  const wrap = (xml: string): string => {
    const declared = prefix === '' ? `xmlns="${uri}"` : `xmlns:${prefix.slice(0, -1)}="${uri}"`;
    return `<${prefix}Envelope ${declared}><${prefix}Body>${xml}</${prefix}Body></${prefix}Envelope>`;
  };

  it('a response is read', async () => {
    const inner = `<CreateItemResponse xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><ResponseMessages><CreateItemResponseMessage ResponseClass="Success"><ResponseCode>NoError</ResponseCode></CreateItemResponseMessage></ResponseMessages></CreateItemResponse>`;
    h.server.handler = () => ({ body: wrap(inner) });
    expect(short((await h.deliver(1))[0])).toBe('delivered');
  });

  it('names of other namespaces are ignored', async () => {
    h.server.handler = () => ({ body: wrap('<CreateItemResponse xmlns="urn:other"/>') });
    expect(short((await h.deliver(1))[0])).toBe('unconfirmed note');
  });

  it('a fault is read', async () => {
    const code =
      '<q:ResponseCode xmlns:q="http://schemas.microsoft.com/exchange/services/2006/errors">ErrorServerBusy</q:ResponseCode>';
    const inner = `<${prefix}Fault><faultcode xmlns="">x</faultcode><detail xmlns="">${code}</detail></${prefix}Fault>`;
    h.server.handler = () => ({ status: 500, body: wrap(inner) });
    expect(short((await h.deliver(1))[0])).toBe('deferred mailbox');
  });
});

describe('a code in the body of a 200', () => {
  it.each(rows)('%s: %s', async (code, expected) => {
    h.server.handler = (request) => ({ body: request.operation === 'CreateItem' ? created(code) : emptyFolders(request) });
    const [outcome] = await h.deliver(1);
    expect(short(outcome)).toBe(expected);
    expect(outcome).toMatchObject({ error: { code: 'EWS_ERROR', details: { responseCode: code } } });
  });

  it('leaves the other notes of the batch alone', async () => {
    h.server.handler = (request) => ({
      body:
        request.operation === 'CreateItem'
          ? created(ok, 'ErrorInvalidRecipients', 'ErrorTimeoutExpired', ok)
          : emptyFolders(request),
    });
    expect((await h.deliver(4)).map(short)).toEqual(['delivered', 'rejected note', 'unconfirmed note', 'delivered']);
  });
});

describe.each([500, 200])('a SOAP fault with HTTP %i', (status) => {
  it.each(rows.filter(([code]) => code !== 'ErrorSchemaValidation'))('for a single note, %s: %s', async (code, expected) => {
    h.server.handler = (request) =>
      request.operation === 'CreateItem' ? { status, body: fault(code) } : { body: emptyFolders(request) };
    const [outcome] = await h.deliver(1);
    expect(short(outcome)).toBe(expected);
  });
});

describe('a fault for several notes', () => {
  const whole = ['ErrorServerBusy', 'ErrorExceededConnectionCount', 'ErrorInvalidServerVersion', 'ErrorIncorrectSchemaVersion'];
  it.each(whole)('%s comes before the first item, and applies to all', async (code) => {
    h.server.handler = () => ({ status: 500, body: fault(code) });
    const expected = rows.find(([known]) => known === code)?.[1];
    expect((await h.deliver(3)).map(short)).toEqual([expected, expected, expected]);
    expect(new Set(h.server.operations())).toContain('CreateItem');
  });

  it.each(['ErrorFolderNotFound', 'ErrorSavedItemFolderNotFound'])('%s proves that nothing was processed', async (code) => {
    h.server.handler = () => ({ status: 500, body: fault(code) });
    for (const outcome of await h.deliver(2)) expect(outcome.status).not.toBe('unconfirmed');
  });

  const others = rows.filter(
    ([code, expected]) => !whole.includes(code) && expected.startsWith('rejected') && code !== 'ErrorSchemaValidation',
  );
  it.each(
    [...others.map(([code]) => code), 'ErrorBatchProcessingStopped', 'ErrorSubmissionQuotaExceeded'].filter(
      (code) => code !== 'ErrorInvalidSchemaVersionForMailboxVersion',
    ),
  )('%s may follow a partial send', async (code) => {
    h.server.handler = () => ({ status: 500, body: fault(code) });
    expect((await h.deliver(2)).map(short)).toEqual(['unconfirmed note', 'unconfirmed note']);
  });

  it('that someone must act on blocks, and reports the send as unknown', async () => {
    h.server.handler = () => ({ status: 500, body: fault('ErrorAccountDisabled') });
    expect((await h.deliver(2)).map(short)).toEqual(['blocked mailbox unknown', 'blocked mailbox unknown']);
  });

  it('ErrorSchemaValidation: the note at fault is found by halving, and the others are sent', async () => {
    h.server.handler = ({ operation, body }) => {
      if (operation === 'GetFolder') return { body: response('GetFolder', [message('GetFolder', ok, { content: '' })]) };
      if (body.includes('secret text 5')) return { status: 500, body: fault('ErrorSchemaValidation') };
      return { body: created(...(body.match(/<t:Message>/g) ?? []).map(() => ok)) };
    };
    const outcomes = (await h.deliver(8)).map(short);
    expect(outcomes).toEqual(Array.from({ length: 8 }, (_, n) => (n === 5 ? 'rejected note splittable' : 'delivered')));
  });
});

describe('a response class', () => {
  const answer = (responseClass: string, code: string) =>
    response('CreateItem', [message('CreateItem', code, { responseClass })]);

  it('Warning is not a success', async () => {
    h.server.handler = () => ({ body: answer('Warning', ok) });
    expect(short((await h.deliver(1))[0])).toBe('unconfirmed note');
  });

  it.each(['Warning', 'success', '', 'Unknown'])(
    '%j beside NoError is not an error: a copy found later proves the send',
    async (given) => {
      h.server.handler = () => ({ body: answer(given, ok).replace(' ResponseClass=""', '') });
      const [outcome] = await h.deliver(1);
      expect(outcome).toMatchObject({ status: 'unconfirmed', error: { details: { responseCode: ok } } });
      expect(outcome).not.toHaveProperty('ended');
    },
  );

  it.each([
    ['Error', ok],
    ['Warning', 'ErrorInvalidRecipients'],
    ['success', 'ErrorTimeoutExpired'],
  ])('%s beside %s is an error: a copy found later is weak proof', async (given, code) => {
    h.server.handler = () => ({ body: answer(given, code) });
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'unconfirmed', ended: 'fault' });
  });

  it('ErrorBatchProcessingStopped arrives as a warning, and means not processed', async () => {
    h.server.handler = () => ({ body: answer('Warning', 'ErrorBatchProcessingStopped') });
    expect(short((await h.deliver(1))[0])).toBe('deferred note');
  });

  it('any other warning proves nothing', async () => {
    h.server.handler = () => ({ body: answer('Warning', 'ErrorInvalidRecipients') });
    expect(short((await h.deliver(1))[0])).toBe('unconfirmed note');
  });

  it('Success with an error code proves nothing', async () => {
    h.server.handler = () => ({ body: answer('Success', 'ErrorServerBusy') });
    expect(short((await h.deliver(1))[0])).toBe('unconfirmed note');
  });
});

describe('ErrorInternalServerError', () => {
  it('is treated as its InnerErrorResponseCode, if that is known', async () => {
    const values = { InnerErrorResponseCode: 'ErrorServerBusy', BackOffMilliseconds: '7000' };
    h.server.handler = () => ({ body: response('CreateItem', [message('CreateItem', 'ErrorInternalServerError', { values })]) });
    expect((await h.deliver(1))[0]).toMatchObject({
      status: 'deferred',
      scope: 'mailbox',
      retryAfter: 7000,
      error: { details: { responseCode: 'ErrorInternalServerError', innerResponseCode: 'ErrorServerBusy' } },
    });
  });

  it('says nothing about the other notes of a request, whatever it wraps', async () => {
    h.server.handler = () => ({
      status: 500,
      body: fault('ErrorInternalServerError', { InnerErrorResponseCode: 'ErrorServerBusy' }),
    });
    expect((await h.deliver(2)).map(short)).toEqual(['unconfirmed note', 'unconfirmed note']);
    expect(short((await h.deliver(1))[0])).toBe('deferred mailbox');
  });

  it.each([
    ['ErrorSendAsDenied', 'rejected mailbox'],
    ['ErrorQuotaExceeded', 'blocked mailbox unknown'],
    ['ErrorMailboxFailover', 'unconfirmed mailbox'],
  ])('wraps %s: %s', async (inner, expected) => {
    const values = { InnerErrorResponseCode: inner };
    h.server.handler = (request) => ({
      body:
        request.operation === 'CreateItem'
          ? response('CreateItem', [message('CreateItem', 'ErrorInternalServerError', { values })])
          : emptyFolders(request),
    });
    expect(short((await h.deliver(1))[0])).toBe(expected);
  });

  it('is the only code treated as its inner code', async () => {
    const values = { InnerErrorResponseCode: 'ErrorServerBusy' };
    h.server.handler = () => ({ body: response('CreateItem', [message('CreateItem', 'ErrorTimeoutExpired', { values })]) });
    expect(short((await h.deliver(1))[0])).toBe('unconfirmed note');
  });

  it('stays unconfirmed when the inner code is unknown', async () => {
    h.server.handler = () => ({
      status: 500,
      body: fault('ErrorInternalServerError', { InnerErrorResponseCode: 'ErrorOddThing' }),
    });
    expect(short((await h.deliver(1))[0])).toBe('unconfirmed note');
  });
});
