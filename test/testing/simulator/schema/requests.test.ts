import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { soapNs } from '../../../../src/ews/xml/namespaces.ts';
import { child, parseXml } from '../../../../src/ews/xml/read.ts';
import { deviations, tolerances } from '../../../../src/testing/simulator/schema/tolerances.ts';
import { violationIn } from '../../../../src/testing/simulator/schema/violation.ts';
import { createExchange } from '../../../../src/testing.ts';
import { schemaAvailable, validateBody } from '../../../support/ews-schema.ts';
import { createItem, envelope, findItem, message } from '../../support/raw-ews.ts';
import { recordedRequests } from '../../support/recorded-clients.ts';
import { grammarFiles } from './grammar-of-schema.ts';

const recorded = recordedRequests().map(({ client, file, body }) => ({ name: `${client}/${file}`, body }));
const violation = (soap: string): string | undefined => {
  const element = child(parseXml(soap), soapNs, 'Body')?.children[0];
  return element === undefined ? 'soap:Body has no element.' : violationIn(element);
};

describe('the grammar of requests', () => {
  it.skipIf(!schemaAvailable)('matches the schema of Microsoft, as does that of responses', () => {
    for (const [name, text] of Object.entries(grammarFiles())) {
      const stored = readFileSync(new URL(`../../../../src/testing/simulator/schema/${name}`, import.meta.url), 'utf8');
      expect([name, stored === text]).toEqual([name, true]);
    }
  });

  it.each(recorded)('accepts $name', ({ body }) => {
    expect(violation(body)).toBeUndefined();
  });

  // libxml2 with the schema itself judges every request that is damaged in one place.
  it.skipIf(!schemaAvailable).each(recorded)('judges mutations of $name as libxml2 does', ({ body }) => {
    const before = validateBody(body);
    if (before.length > 0) return; // One of the tolerances.
    const [head, inside = '', tail] = split(body);
    const differ: string[] = [];
    for (const spoilt of some(spoiltForms(inside), 12)) {
      if (/^\s*<[\w:]*Unheard/.test(spoilt)) continue; // Not a request at all: another fault.
      const ours = violation(head + spoilt + tail);
      const theirs = validateBody(head + spoilt + tail);
      if ((ours === undefined) !== (theirs.length === 0)) differ.push(`${spoilt}\n  ours: ${ours}\n  libxml2: ${theirs}`);
    }
    expect(differ).toEqual([]);
  });
});

describe('a violation', () => {
  const ns = 'http://schemas.microsoft.com/exchange/services/2006';
  it.each([
    [
      createItem([message()]).replace('<m:Items>', '<m:Folders/><m:Items>'),
      `The element 'CreateItem' in namespace '${ns}/messages' has invalid child element 'Folders' in namespace '${ns}/messages'.`,
    ],
    [findItem().replace(/ Traversal="\w+"/, ''), "The required attribute 'Traversal' is missing."],
    [findItem().replace('Traversal=', 'Colour="red" Traversal='), "The 'Colour' attribute is not declared."],
    [findItem().replace('Traversal="Shallow"', 'Traversal="Flat"'), 'The Enumeration constraint failed.'],
    ['<m:GetItem/>', `The element 'GetItem' in namespace '${ns}/messages' has incomplete content.`],
    ['<m:GetItem>text</m:GetItem>', "cannot contain text. List of possible elements expected: 'ItemShape'"],
  ])('%s', (body, expected) => {
    expect(violation(envelope(body))).toContain(expected);
  });

  it('is tolerated by name and reason only', () => {
    for (const { name, reason } of tolerances) expect([name !== '', reason.length > 30]).toEqual([true, true]);
  });
});

describe('a response', () => {
  it('deviates from the schema only where the list says so', async () => {
    const exchange = createExchange({ mailboxes: ['alice@contoso.test'] });
    const headers = { 'content-type': 'text/xml', authorization: `Basic ${btoa('alice@contoso.test:x')}` };
    const ask = (body: string) => exchange.fetch(exchange.url, { method: 'POST', headers, body: envelope(body) });
    const inbox =
      '<t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes>';
    const subscribed = await (
      await ask(`<m:Subscribe><m:StreamingSubscriptionRequest>${inbox}</m:StreamingSubscriptionRequest></m:Subscribe>`)
    ).text();
    const id = /<m:SubscriptionId>([^<]+)/.exec(subscribed)?.[1] ?? '';
    exchange.mailbox('alice@contoso.test').store('inbox', { subject: 'news' });
    const ids = `<m:SubscriptionIds><t:SubscriptionId>${id}</t:SubscriptionId></m:SubscriptionIds>`;
    const answer = await ask(`<m:GetStreamingEvents>${ids}<m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>`);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const pieces = [(await reader?.read())?.value ?? '', (await reader?.read())?.value ?? ''];
    await reader?.cancel();
    const { written, schema } = deviations.streamingNotification;
    expect(pieces.join('')).toContain(`<${written}>`);
    for (const piece of pieces)
      expect(validateBody(piece.replaceAll(`<${written}>`, `<${schema}>`).replaceAll(`</${written}>`, `</${schema}>`))).toEqual(
        [],
      );
  });
});

function split(soap: string): readonly [string, string, string] {
  const [, head = '', inside = '', tail = ''] =
    /^([\s\S]*?<(?:\w+:)?Body[^>]*>)([\s\S]*)(<\/(?:\w+:)?Body>[\s\S]*)$/.exec(soap) ?? [];
  return [head, inside, tail];
}

/** That many of them, spread over the list. */
function some<One>(list: readonly One[], most: number): readonly One[] {
  return list.filter((_, n) => n % Math.ceil(list.length / most) === 0);
}

/** Without each element in turn, each duplicated, each renamed, and without or with another value in each attribute. */
function spoiltForms(xml: string): readonly string[] {
  const forms: string[] = [];
  const elements = [...xml.matchAll(/<([\w:]+)((?:\s[^>]*?)?)\/>|<([\w:]+)((?:\s[^>]*?)?)>[^<]*<\/\3>/g)];
  for (const { 0: whole, 1: empty, 3: full, index } of elements) {
    const [before, after] = [xml.slice(0, index), xml.slice(index + whole.length)];
    const name = empty ?? full ?? '';
    const unheard = name.replace(/\w+$/, 'Unheard');
    const renamed = whole.replace(`<${name}`, `<${unheard}`).replace(`</${name}>`, `</${unheard}>`);
    forms.push(before + after, before + whole + whole + after, before + renamed + after);
    if (/>[^<]+</.test(whole)) forms.push(before + whole.replace(/>[^<]+</, '>no such value<') + after);
  }
  for (const { 0: whole, index } of xml.matchAll(/\s(?!xmlns)[\w]+="[^"]*"/g)) {
    const [before, after] = [xml.slice(0, index), xml.slice(index + whole.length)];
    forms.push(before + after, `${before}${whole.replace(/"[^"]*"/, '"no such value"')}${after}`);
  }
  return forms;
}
