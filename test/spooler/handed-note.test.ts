import { expect, it } from 'vitest';
import type { Note } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

/** All mutable values inside a note, except dates. */
function objectsOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  return [value, ...Object.values(value).flatMap(objectsOf)];
}

it('a note passed to a hook or a transport is deeply frozen', async () => {
  const handed: Note[] = [];
  const { sender, transport, clock } = aliceSends({
    beforeDelivery: (note) => {
      handed.push(note);
      return 'deliver';
    },
  });
  transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: failed });
  const failed = Object.assign(new Error('No.'), { code: 'EWS_ERROR' }) as never;
  await sender.start();
  await sender.send({ to: ['sip:bob@contoso.com', 'sip:carol@contoso.com'], text: 'x' });
  await clock.advance(130_000);
  handed.push(...transport.delivered, ...transport.probed);
  expect(handed.length).toBeGreaterThan(2);
  expect(transport.probed[0]?.unknownAttempts).toHaveLength(1);
  for (const note of handed) for (const one of objectsOf(note)) expect(Object.isFrozen(one)).toBe(true);
  await sender.stop();
});

it('a hook that changes the date of its note does not affect what is sent, now or later', async () => {
  const { sender, transport, clock } = aliceSends({
    beforeDelivery: (note) => {
      note.sentAt.setTime(0);
      return 'deliver';
    },
  });
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x', sentAt: new Date(86_400_000) });
  await clock.advance(120_000);
  expect(transport.delivered[0]?.sentAt).toEqual(new Date(86_400_000));
  await sender.stop();
});
