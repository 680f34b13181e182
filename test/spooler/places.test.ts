import { describe, expect, it } from 'vitest';
import { Complaints } from '../../src/core/host-calls.ts';
import { Places } from '../../src/spooler/answers.ts';
import { spoolerSettings } from '../../src/spooler/options.ts';
import type { Place, Transport } from '../../src/transport/contract.ts';

const here: Place = { endpoint: 'https://a.test', mailbox: 'alice@a.test', folder: 'history' };

function placesOf(transport: Partial<Record<keyof Transport, unknown>>) {
  const warnings: unknown[] = [];
  const complaints = new Complaints((error) => warnings.push(error));
  const places = new Places({ placeOf: () => here, ...transport } as Transport, { probe: spoolerSettings().probe }, complaints);
  return { places, warnings };
}

describe("a transport's statements about places", () => {
  it.each([undefined, null, {}, 'here', { ...here, endpoint: 5 }, { endpoint: 'e', mailbox: 'm' }])(
    'an invalid place (%j) causes a warning, and the mailbox shares a circuit with all such',
    (told) => {
      const { places, warnings } = placesOf({ placeOf: () => told });
      expect(places.of({ address: 'x@a.test' })).toEqual({ endpoint: 'unknown', mailbox: 'x@a.test', folder: '' });
      expect(warnings).toMatchObject([{ code: 'TRANSPORT_FAILED' }]);
    },
  );

  it('a valid place is used unchanged', () => {
    expect(placesOf({}).places.of({ address: 'x@a.test' })).toEqual(here);
  });

  it('without canProbe, every place is probed', () => {
    expect(placesOf({}).places.canProbe(here)).toBe(true);
  });

  it.each([true, false])('canProbe decides: %s', (told) => {
    expect(placesOf({ canProbe: () => told }).places.canProbe(here)).toBe(told);
  });

  it('a canProbe that throws or returns no boolean excludes nothing', () => {
    const throwing = placesOf({
      canProbe: () => {
        throw new Error('broken');
      },
    });
    expect([throwing.places.canProbe(here), throwing.warnings.length]).toEqual([true, 1]);
    expect(placesOf({ canProbe: () => Promise.resolve(false) }).places.canProbe(here)).toBe(true);
  });

  it('the same complaint is reported once, however often it occurs', () => {
    const { places, warnings } = placesOf({
      canProbe: () => 'yes',
      minimumGrace: () => {
        throw new Error('broken');
      },
    });
    for (let look = 0; look < 50; look++) {
      places.canProbe(here);
      places.graceOf([{ tag: 'n:1', place: here }]);
    }
    expect(warnings).toMatchObject([{ code: 'TRANSPORT_FAILED' }, { message: 'broken' }]);
  });

  it('the longest grace of all places counts, and never less than the option', () => {
    const minimumGrace = ({ folder }: Place): number => (folder === 'sent' ? 600_000 : 1_000);
    const { places } = placesOf({ minimumGrace });
    expect(places.graceOf([{ tag: 'n:1', place: here }])).toBe(300_000);
    const sent = { tag: 'n:2', place: { ...here, folder: 'sent' } };
    expect(places.graceOf([{ tag: 'n:1', place: here }, sent])).toBe(600_000);
  });

  it.each([Number.NaN, -1, '5', Number.POSITIVE_INFINITY])('a grace of %s is ignored, with a warning', (told) => {
    const { places, warnings } = placesOf({ minimumGrace: () => told });
    expect([places.graceOf([{ tag: 'n:1', place: here }]), warnings.length]).toEqual([300_000, 1]);
  });
});

describe('the longest duration of a request', () => {
  it('is stated by the transport, else derived from the lease', () => {
    expect(spoolerSettings({}).requestTimeout).toBe(60_000);
    expect(spoolerSettings({ lease: { duration: 1_000, renewEvery: 100 } }).requestTimeout).toBe(600);
    expect(spoolerSettings({}, 10_000).requestTimeout).toBe(10_000);
  });

  it('is below the lease, to the ms, together with the time between two renewals', () => {
    expect(spoolerSettings({}, 89_999).requestTimeout).toBe(89_999);
    for (const stated of [90_000, Number.NaN, -1, 1.5, '5' as unknown as number]) {
      expect(() => spoolerSettings({}, stated)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    }
    expect(() => spoolerSettings({ lease: { duration: 2_000, renewEvery: 1_500 } }, 1_999)).toThrow(
      "lease.renewEvery (1500 ms) and the transport's requestTimeout (1999 ms) together must be less than lease.duration (2000 ms)",
    );
    expect(() => spoolerSettings({ lease: { renewEvery: 120_000 } })).toThrow(
      expect.objectContaining({ details: { option: 'lease.renewEvery' } }),
    );
  });
});
