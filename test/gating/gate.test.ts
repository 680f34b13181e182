import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { evaluateGate, type GateInput, type GateReason, GateRefusedError, type MailboxLocation } from '../../src/gating/gate.ts';

function reasons(input: GateInput): readonly GateReason[] {
  const decision = evaluateGate(input);
  return decision.allowed ? [] : decision.reasons;
}

const client = { version: '16.0.6920.1000', mailboxLocation: 'on-premises' } as const;

describe('evaluateGate', () => {
  const builds: readonly [MailboxLocation, string, boolean][] = [
    ['on-premises', '16.0.6920.999', false],
    ['on-premises', '16.0.6920.1000', true],
    ['on-premises', '16.0.6701.1000', false],
    ['on-premises', '16.0.12527.20194', true],
    ['exchange-online', '16.0.6701.999', false],
    ['exchange-online', '16.0.6701.1000', true],
    ['exchange-online', 'UCCAPI/16.0.6965.5308 OC/16.0.6001.1073', false],
    ['exchange-online', '15.0.9999.9999', false],
    ['exchange-online', '17.0.0.0', true],
  ];
  for (const [mailboxLocation, version, allowed] of builds) {
    it(`${allowed ? 'lets' : 'refuses'} ${version} ${allowed ? 'pass' : ''} with a mailbox ${mailboxLocation}`, () => {
      expect(evaluateGate({ client: { version, mailboxLocation } }).allowed).toBe(allowed);
    });
  }

  it('says what was found and what is needed', () => {
    expect(reasons({ client: { version: '16.0.6701.1000', mailboxLocation: 'on-premises' } })).toEqual([
      {
        code: 'client-too-old',
        text: 'The client is 16.0.6701.1000. For an on-premises mailbox the client must be Click-to-Run build 16.0.6920.1000 or higher.',
        found: 'The client is 16.0.6701.1000.',
        needed: 'For an on-premises mailbox the client must be Click-to-Run build 16.0.6920.1000 or higher.',
      },
    ]);
  });

  it('identifies an MSI install', () => {
    const [reason] = reasons({
      client: { version: 'UCCAPI/16.0.4417.1000 OC/16.0.4417.1000', mailboxLocation: 'exchange-online' },
    });
    expect(reason).toMatchObject({ code: 'client-too-old', found: expect.stringContaining('an MSI install') });
    const [old] = reasons({ client: { version: '15.0.4971.1000', mailboxLocation: 'exchange-online' } });
    expect(old?.found).not.toContain('MSI');
  });

  it('returns every reason that applies, in a fixed order', () => {
    const found = reasons({
      client: { version: 'unknown', mailboxLocation: 'on-premises' },
      policy: { serverVersion: '6.0.9319.0', enableImAutoArchiving: false },
      domainsNotFederated: ['fabrikam.com', 'tailspin.com', 'fabrikam.com'],
    });
    expect(found.map((reason) => (reason.code === 'domain-not-federated' ? reason.domain : reason.code))).toEqual([
      'offline-im-disabled',
      'im-auto-archiving-disabled',
      'client-version-unreadable',
      'fabrikam.com',
      'tailspin.com',
    ]);
    expect(found[0]?.found).toContain('6.0.9319.0');
  });

  it('names the setting that is switched off', () => {
    const [reason] = reasons({ client, policy: { enableOfflineIm: false } });
    expect(reason).toMatchObject({ code: 'offline-im-disabled', found: 'EnableOfflineIm is False.' });
  });

  it.each([
    () => {
      throw new Error('directory down');
    },
    () => Promise.reject(new Error('directory down')),
    () => undefined,
  ])('reports a code if mailboxLocation throws, returns a promise or returns nothing: %s', (tell) => {
    const mailboxLocation = tell as unknown as () => 'on-premises';
    expect(() => evaluateGate({ client: { version: '16.0.6920.1000', mailboxLocation }, mailbox: 'a@b.test' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  it('refuses an unknown mailbox location as an option', () => {
    const input = { client: { version: '16.0.6920.1000', mailboxLocation: 'cloud' } } as unknown as GateInput;
    expect(() => evaluateGate(input)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('GateRefusedError', () => {
  it('carries every reason, as data and as text', () => {
    const error = new GateRefusedError(reasons({ client, policy: { enableOfflineIm: false, enableImAutoArchiving: false } }));
    expect(error).toBeInstanceOf(OfflineImError);
    expect(error).toMatchObject({ name: 'GateRefusedError', code: 'GATE_REFUSED' });
    expect(error.reasons).toHaveLength(2);
    expect(error.details).toEqual({ reasons: ['offline-im-disabled', 'im-auto-archiving-disabled'] });
    expect(error.message).toContain('EnableOfflineIm is False.');
  });
});
