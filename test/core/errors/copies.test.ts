/** A process may load the library twice: by `import` and `require()`, or once per bundle, as Next.js does with its instrumentation and its routes. */
import { expect, it, vi } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { GateRefusedError } from '../../../src/gating/gate.ts';

const reason = { code: 'offline-im-disabled', text: 'It is off.', found: 'off', needed: 'on' } as const;

async function otherCopy() {
  vi.resetModules();
  const [errors, gate] = await Promise.all([
    import('../../../src/core/errors/offline-im-error.ts'),
    import('../../../src/gating/gate.ts'),
  ]);
  expect(errors.OfflineImError).not.toBe(OfflineImError);
  return { ...errors, ...gate };
}

it('instanceof knows the errors of another copy of the library, each class its own', async () => {
  const other = await otherCopy();
  const [plain, refused] = [new other.OfflineImError('SPOOL_FULL', 'Full.'), new other.GateRefusedError([reason])];
  expect([plain instanceof OfflineImError, refused instanceof OfflineImError]).toEqual([true, true]);
  expect([plain instanceof GateRefusedError, refused instanceof GateRefusedError]).toEqual([false, true]);
  class Mine extends OfflineImError {}
  class MyRefusal extends GateRefusedError {}
  expect([plain instanceof Mine, refused instanceof Mine, refused instanceof MyRefusal]).toEqual([false, false, false]);
  const [mine, mineRefused] = [new Mine('SPOOL_FULL', 'Full.'), new MyRefusal([reason])];
  expect([mine instanceof other.OfflineImError, mine instanceof Mine]).toEqual([true, true]);
  expect([mineRefused instanceof other.GateRefusedError, mineRefused instanceof MyRefusal]).toEqual([true, true]);
});

it('instanceof knows no error of others that has the code or the name of one of ours', () => {
  const alike = Object.assign(new Error('Full.'), { code: 'GATE_REFUSED', name: 'GateRefusedError', reasons: [reason] });
  expect([alike instanceof OfflineImError, alike instanceof GateRefusedError]).toEqual([false, false]);
});
