import { describe, expect, it } from 'vitest';
import { useHarness } from '../support/harness.ts';
import { created, envelope, fault, foundFolders, ok, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const page = '<!DOCTYPE html><html><body>Sorry</body></html>';

describe('an HTTP status', () => {
  const rows: [string, Answer, object][] = [
    ['401', { status: 401 }, { status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: 'AUTHENTICATION_FAILED' } }],
    [
      '401 that means busy',
      { status: 401, headers: { 'retry-after': '9' } },
      { status: 'deferred', scope: 'mailbox', retryAfter: 9000 },
    ],
    ['403', { status: 403 }, { status: 'blocked', scope: 'endpoint', sent: 'no', error: { code: 'EWS_DISABLED' } }],
    ['456', { status: 456 }, { status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: 'AUTHENTICATION_FAILED' } }],
    [
      '404',
      { status: 404, body: page },
      { status: 'blocked', scope: 'endpoint', sent: 'unknown', error: { code: 'HTTP_STATUS' } },
    ],
    // Of Exchange's front end, which looked up the mailbox to pass the request on to its server. Other statuses may come after it was passed on.
    ...(
      [
        [404, 'UserNotFound'],
        [404, 'MailboxGuidWithDomainNotFound'],
        [403, 'UserNotFound'],
      ] as const
    ).map(([status, code]): [string, Answer, object] => [
      `${status} with X-CasErrorCode: ${code}`,
      { status, headers: { 'x-caserrorcode': code } },
      {
        status: 'blocked',
        scope: 'mailbox',
        sent: 'unknown',
        error: { message: expect.stringMatching(/knows no such mailbox/) },
      },
    ]),
    [
      '404 with X-CasErrorCode: ServerNotFound',
      { status: 404, headers: { 'x-caserrorcode': 'ServerNotFound' } },
      { status: 'blocked', scope: 'endpoint', sent: 'unknown', error: { code: 'HTTP_STATUS' } },
    ],
    [
      '403 with X-CasErrorCode: EndpointNotFound',
      { status: 403, headers: { 'x-caserrorcode': 'EndpointNotFound' } },
      { status: 'blocked', scope: 'endpoint', sent: 'no', error: { code: 'EWS_DISABLED' } },
    ],
    ...(
      [
        [500, 'mailbox'],
        [503, 'endpoint'],
      ] as const
    ).map(([status, scope]): [string, Answer, object] => [
      `${status} with X-CasErrorCode: ServerNotFound`,
      { status, headers: { 'x-caserrorcode': 'ServerNotFound' } },
      { status: 'unconfirmed', scope },
    ]),
    ['413', { status: 413 }, { status: 'rejected', scope: 'note', splittable: true, draft: 'none' }],
    ['429', { status: 429 }, { status: 'deferred', scope: 'mailbox', error: { code: 'HTTP_STATUS', details: { status: 429 } } }],
    [
      '429 with a fault',
      { status: 429, body: fault('ErrorWhatever', { BackOffMilliseconds: '80' }) },
      { status: 'deferred', retryAfter: 80 },
    ],
    ['500 without a fault', { status: 500 }, { status: 'unconfirmed', scope: 'mailbox', error: { code: 'HTTP_STATUS' } }],
    ['500 with text', { status: 500, body: 'oops' }, { status: 'unconfirmed', scope: 'mailbox' }],
    ['502', { status: 502, body: page }, { status: 'unconfirmed', scope: 'endpoint' }],
    ['503', { status: 503 }, { status: 'unconfirmed', scope: 'endpoint' }],
    ['504', { status: 504 }, { status: 'unconfirmed', scope: 'endpoint' }],
    [
      '503 with a fault of the first group',
      { status: 503, body: fault('ErrorServerBusy') },
      { status: 'deferred', scope: 'mailbox' },
    ],
    ['503 with another fault', { status: 503, body: fault('ErrorOdd') }, { status: 'unconfirmed', scope: 'note' }],
    ['302', { status: 302, headers: { location: 'http://127.0.0.1:1/sorry' } }, { status: 'unconfirmed', scope: 'endpoint' }],
    ['400', { status: 400 }, { status: 'unconfirmed', scope: 'note' }],
    ['400 with a page', { status: 400, body: page }, { status: 'unconfirmed', scope: 'note' }],
    [
      '400 of http.sys',
      {
        status: 400,
        body: '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n<HTML><HEAD><TITLE>Bad Request</TITLE>\r\n<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n<BODY><h2>Bad Request - Invalid Header</h2>\r\n</BODY></HTML>',
      },
      {
        status: 'blocked',
        scope: 'endpoint',
        sent: 'no',
        by: 'login',
        error: { message: expect.stringMatching(/Invalid Header/) },
      },
    ],
    [
      '400 with a fault that quotes http.sys',
      {
        status: 400,
        body: fault('ErrorOdd').replace('<faultstring>', '<faultstring><!--<h2>Bad Request - Invalid Header</h2>-->'),
      },
      { status: 'unconfirmed', scope: 'note' },
    ],
    [
      '400 with an answer of EWS that quotes nginx',
      {
        status: 400,
        body: created(ok).replace('<me:Items/>', '<me:Items/><!--<title>400 Request Header Or Cookie Too Large</title>-->'),
      },
      { status: 'unconfirmed', scope: 'note' },
    ],
    ['414', { status: 414, body: page }, { status: 'blocked', scope: 'endpoint', sent: 'no' }],
    ['431', { status: 431 }, { status: 'blocked', scope: 'endpoint', sent: 'no' }],
    ['496', { status: 496 }, { status: 'blocked', scope: 'endpoint', sent: 'no' }],
    [
      '301 to the same path elsewhere',
      { status: 301, headers: { location: 'https://new.contoso.test/EWS/Exchange.asmx' } },
      {
        status: 'blocked',
        scope: 'endpoint',
        sent: 'no',
        error: { message: expect.stringMatching(/https:\/\/new\.contoso\.test/) },
      },
    ],
    ['308 to another path', { status: 308, headers: { location: '/sorry' } }, { status: 'unconfirmed', scope: 'endpoint' }],
    ['308 without a target', { status: 308 }, { status: 'unconfirmed', scope: 'endpoint' }],
    ['204', { status: 204 }, { status: 'unconfirmed', scope: 'note' }],
  ];

  it.each(rows)('%s', async (_, answer, expected) => {
    h.server.handler = () => answer;
    expect((await h.deliver(1))[0]).toMatchObject(expected);
    expect(h.server.requests).toHaveLength(1);
  });

  // Some fetches then ask over another connection by themselves, as their standard has it.
  it.each<[string, Answer, object]>([
    ['421', { status: 421, body: page }, { status: 'deferred', scope: 'endpoint' }],
    ['421 with a fault', { status: 421, body: fault('ErrorOdd') }, { status: 'unconfirmed', scope: 'note' }],
  ])('%s', async (_, answer, expected) => {
    h.server.handler = () => answer;
    expect((await h.deliver(1))[0]).toMatchObject(expected);
  });

  it('413 for several notes splits the request', async () => {
    h.server.handler = ({ body }) => {
      const notes = (body.match(/<t:Message>/g) ?? []).length;
      return notes > 2 ? { status: 413 } : { body: created(...Array<string>(notes).fill(ok)) };
    };
    expect((await h.deliver(5)).map((o) => o.status)).toEqual(Array(5).fill('delivered'));
  });
});

describe('a 200 that is not an EWS response', () => {
  const whole = created(ok, ok);
  const rows: [string, string, object][] = [
    ['empty', '', { error: { code: 'RESPONSE_UNREADABLE' }, scope: 'note' }],
    ['plain text', 'OK', { error: { code: 'RESPONSE_UNREADABLE' }, scope: 'endpoint' }],
    ['a web page', page, { error: { code: 'RESPONSE_UNREADABLE' }, scope: 'endpoint' }],
    ['a web page in XML', '<html><body>Sorry</body></html>', { error: { code: 'RESPONSE_UNREADABLE' }, scope: 'endpoint' }],
    ['JSON', '{"error":"gone"}', { error: { code: 'RESPONSE_UNREADABLE' }, scope: 'endpoint' }],
    ['an answer that is cut off', whole.slice(0, 400), { error: { code: 'RESPONSE_UNREADABLE' }, scope: 'note' }],
    ['another operation', response('FindItem', []), { error: { code: 'RESPONSE_UNREADABLE' } }],
    ['an empty body', envelope(''), { error: { code: 'RESPONSE_UNREADABLE' } }],
    ['no response messages', envelope('<me:CreateItemResponse/>'), { error: { code: 'RESPONSE_UNREADABLE' } }],
    ['more answers than notes', created(ok, ok, ok), { error: { code: 'RESPONSE_UNREADABLE' } }],
    ['entities', whole.replace('?>', '?><!DOCTYPE a [<!ENTITY x "NoError">]>'), { error: { code: 'RESPONSE_UNREADABLE' } }],
    ['deep nesting', envelope('<a>'.repeat(5000) + '</a>'.repeat(5000)), { error: { code: 'RESPONSE_UNREADABLE' } }],
    ['other namespaces', whole.replaceAll('/2006/messages', '/2006/massages'), { error: { code: 'RESPONSE_UNREADABLE' } }],
    ['__proto__', envelope('<__proto__><toString/></__proto__>'), { error: { code: 'RESPONSE_UNREADABLE' } }],
  ];
  it.each(rows)('%s', async (_, body, expected) => {
    h.server.handler = () => ({ body });
    for (const outcome of await h.deliver(2)) expect(outcome).toMatchObject({ status: 'unconfirmed', ...expected });
  });

  it('truncated anywhere: never delivered', async () => {
    for (let length = 1; length < whole.length; length += 23) {
      h.server.handler = () => ({ body: whole.slice(0, length) });
      for (const outcome of await h.deliver(2)) expect(outcome).toMatchObject({ status: 'unconfirmed' });
    }
  });

  it('fewer responses than notes: the rest is unknown', async () => {
    h.server.handler = () => ({ body: created(ok) });
    const outcomes = await h.deliver(3);
    expect(outcomes[0]).toEqual({ status: 'delivered', messageClass: 'IM.Note.MissedConversation' });
    for (const rest of outcomes.slice(1))
      expect(rest).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_INCOMPLETE' } });
  });
});

describe('a normal response in unusual syntax', () => {
  it('with default namespaces, a byte order mark, comments, CDATA', async () => {
    const m = 'http://schemas.microsoft.com/exchange/services/2006/messages';
    const body = `\ufeff<?xml version="1.0"?><!-- x --><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>
      <CreateItemResponse xmlns="${m}"><ResponseMessages><CreateItemResponseMessage ResponseClass='Success'>
      <ResponseCode><![CDATA[No]]>Err<!-- -->or</ResponseCode><Items/></CreateItemResponseMessage></ResponseMessages></CreateItemResponse></Body></Envelope>`;
    h.server.handler = () => ({ body });
    expect((await h.deliver(1))[0]?.status).toBe('delivered');
  });

  it.each(['\r\n', '\n  \n', '\ufeff\r\n', ' \ufeff'])('with blank lines before the declaration: %j', async (before) => {
    h.server.handler = () => ({ body: before + created(ok) });
    expect((await h.deliver(1))[0]?.status).toBe('delivered');
  });

  const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
  const types = 'http://schemas.microsoft.com/exchange/services/2006/types';
  const errors = 'http://schemas.microsoft.com/exchange/services/2006/errors';
  const bare = (detail: string, code = 'Server'): string =>
    `<Envelope xmlns="${soap}"><Body><Fault><faultcode>${code}</faultcode><faultstring>x</faultstring>${detail}</Fault></Body></Envelope>`;
  it.each<[string, string]>([
    ['in the namespace of SOAP', bare(`<detail><ResponseCode xmlns="${errors}">ErrorServerBusy</ResponseCode></detail>`)],
    ['with the code in faultcode only', bare('', 'ErrorServerBusy')],
    ['with the code among the types', bare(`<detail><ResponseCode xmlns="${types}">ErrorServerBusy</ResponseCode></detail>`)],
    ['with the code in no namespace', bare('<detail xmlns=""><ResponseCode>ErrorServerBusy</ResponseCode></detail>')],
  ])('a fault %s', async (_, body) => {
    h.server.handler = () => ({ status: 500, body });
    expect(await h.deliver(1)).toMatchObject([{ status: 'deferred', scope: 'mailbox' }]);
  });

  it('a fault code of another namespace is not an EWS code', async () => {
    h.server.handler = () => ({
      status: 500,
      body: bare('<detail><ResponseCode xmlns="urn:other">ErrorServerBusy</ResponseCode></detail>'),
    });
    expect(await h.deliver(1)).toMatchObject([{ status: 'unconfirmed' }]);
  });

  const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  it.each<[string, string, (text: string) => Buffer]>([
    ['UTF-16 by the header', 'text/xml; charset=utf-16le', (text) => Buffer.from(text, 'utf16le')],
    ['UTF-16 by its mark', 'text/xml', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['big-endian UTF-16 by its mark', 'text/xml; charset=utf-16', (text) => big(`\ufeff${text}`)],
    ['UTF-16 that nothing names', 'text/xml', (text) => Buffer.from(text, 'utf16le')],
    ['big-endian UTF-16 that nothing names', 'text/xml', big],
    ['UTF-8 that calls itself UTF-16', 'text/xml', (text) => Buffer.from(text)],
    ['UTF-8 that calls itself UTF-16 in the header too', 'text/xml; charset=utf-16', (text) => Buffer.from(text)],
    ['UTF-8 by its mark', 'text/xml; charset=iso-8859-1', (text) => Buffer.from(`\ufeff${text}`)],
    ['UTF-8 under a name that is none', 'text/xml', (text) => Buffer.from(text.replace('"utf-16"', '"klingon"'))],
    [
      'Latin 1 by the header',
      "text/xml; charset='iso-8859-1'",
      (text) => Buffer.from(text.replace('"utf-16"', '"iso-8859-1"'), 'latin1'),
    ],
  ])('%s', async (_, contentType, bytes) => {
    const messageText = '<me:MessageText>Größe</me:MessageText><me:ResponseCode>';
    h.server.handler = (_, response) => {
      response.writeHead(200, { 'content-type': contentType });
      response.end(bytes(created(ok).replace('utf-8', 'utf-16').replace('<me:ResponseCode>', messageText)));
      return undefined;
    };
    expect((await h.deliver(1))[0]?.status).toBe('delivered');
  });

  it('is read in the encoding that only its XML declaration names', async () => {
    h.server.handler = ({ operation, body }, answered) => {
      if (operation === 'CreateItem')
        return body.includes('conversationhistory') ? { body: fault('ErrorFolderNotFound') } : { body: created(ok) };
      const answer = foundFolders('Größe€');
      answered.writeHead(200, { 'content-type': 'text/xml' });
      answered.end(Buffer.from(answer.replace('utf-8', 'windows-1252').replace('€', '\x80'), 'latin1'));
      return undefined;
    };
    expect((await h.deliver(1))[0]?.status).toBe('delivered');
    expect(h.server.requests.at(-1)?.body).toContain('Id="Größe€"');
  });

  it.each(['klingon', 'utf-7', 'iso-2022-kr', '__proto__', 'x'.repeat(150)])(
    'in an encoding named %s is an error that says so',
    async (name) => {
      const text = created(ok).replace('utf-8', name).replace('<me:ResponseCode>', '<me:MessageText>Größe</me:MessageText>$&');
      h.server.handler = (_, answered) => {
        answered.writeHead(200, { 'content-type': 'text/xml' });
        answered.end(Buffer.from(text, 'latin1'));
        return undefined;
      };
      expect((await h.deliver(1))[0]).toMatchObject({
        status: 'unconfirmed',
        error: { code: 'RESPONSE_UNREADABLE', message: expect.stringContaining('an encoding that is not known') },
      });
    },
  );
});
