import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SimulatorCore } from '../../../src/testing/simulator/core.ts';
import type { FrontRequest } from '../../../src/testing.ts';
import { validateBody } from '../../support/ews-schema.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const folder = new URL('../../../src/testing/simulator/', import.meta.url);
const request = (body: string): FrontRequest => ({
  method: 'POST',
  path: '/EWS/Exchange.asmx',
  headers: { 'content-type': 'text/xml', authorization: `Basic ${btoa('alice@contoso.test:x')}` },
  body: envelope(body),
});

describe('the platform-independent core', () => {
  it('responds without a server', async () => {
    const core = new SimulatorCore({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
    const answer = await core.handle(request(createItem([message()])));
    expect(answer).toMatchObject({ kind: 'answer', status: 200 });
    expect(answer.kind === 'answer' ? validateBody(answer.body) : ['no answer']).toEqual([]);
    core.faults.on('*').nth(1).resetBefore();
    core.faults.on('*').nth(2).hang();
    expect(await core.handle(request(findItem()))).toEqual({ kind: 'reset' });
    expect(await core.handle(request(findItem()))).toEqual({ kind: 'silence' });
    core.close();
  });

  it('informs an observer of each request', async () => {
    const seen: string[] = [];
    const core = new SimulatorCore({ mailboxes: ['alice@contoso.test'], onRequest: (e) => seen.push(e.operation) });
    await core.handle(request(findItem()));
    expect(seen).toEqual(['FindItem']);
  });

  it('imports no platform module, except in the HTTP front and the NTLM login that only it offers', () => {
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const platform = sources.filter((name) =>
      /from 'node:|\bBuffer\b|\bprocess\??\.[a-z]/.test(readFileSync(new URL(name, folder), 'utf8')),
    );
    expect(sources.length).toBeGreaterThan(40);
    expect(platform.sort()).toEqual([
      'access/ntlm-login.ts',
      'access/ntlm-messages.ts',
      'access/ntlm-tolerance.ts',
      'http/certificate.ts',
      'http/node-module.ts',
      'http/server.ts',
    ]);
  });
});
