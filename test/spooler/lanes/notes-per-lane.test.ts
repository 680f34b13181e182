import { describe, expect, it } from 'vitest';
import { Lanes } from '../../../src/spooler/lanes/lanes.ts';
import { spoolerSettings } from '../../../src/spooler/options.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

function lanes(): Lanes {
  const silent = () => undefined;
  return new Lanes({
    clock: new ManualClock(),
    random: () => 0.5,
    options: spoolerSettings(),
    observer: { blocked: silent, resumed: silent, unavailable: silent, available: silent },
    endpointOf: () => 'https://exchange.test',
  });
}

describe('the number of notes claimed per mailbox', () => {
  it('is one batch while none is in progress: there may be many mailboxes', () => {
    expect(lanes().notesPerLane(500)).toBe(50);
  });

  it('is the maximum of a mailbox while no other is in progress', () => {
    const one = lanes();
    one.begin('alice@contoso.com', 'deliver');
    expect(one.notesPerLane(500)).toBe(150);
    one.begin('alice@contoso.com', 'deliver');
    expect(one.notesPerLane(500)).toBe(100);
  });

  it('is one batch again if many are in progress, or little capacity is left', () => {
    const many = lanes();
    for (let index = 0; index < 20; index++) many.begin(`s${index}@contoso.com`, 'deliver');
    expect(many.notesPerLane(500)).toBe(50);
    const one = lanes();
    one.begin('alice@contoso.com', 'deliver');
    expect(one.notesPerLane(70)).toBe(70);
  });

  it('does not depend on the number of known mailboxes, as after an outage of a whole fleet', () => {
    const fleet = lanes();
    for (let index = 0; index < 200_000; index++) fleet.admission(`s${index}@contoso.com`);
    expect(fleet.notesPerLane(500)).toBe(50);
  });
});

it('several batches of one claim are delivered concurrently, each of at most notesPerClaim notes, within the limit of the mailbox', async () => {
  const { sender, transport, clock } = aliceSends({ notesPerClaim: 10 });
  let atWork = 0;
  let most = 0;
  transport.answer = async ({ messageClass }) => {
    atWork += 1;
    most = Math.max(most, atWork);
    await new Promise<void>((resolve) => clock.setTimer(resolve, 1_000));
    atWork -= 1;
    return { status: 'delivered', messageClass };
  };
  await sender.start();
  for (let index = 0; index < 200; index++) await sender.send({ to: `sip:u${index}@contoso.com`, text: 'x' });
  await clock.advance(120_000);
  await clock.advance(60_000);
  expect(most).toBe(40);
  expect(transport.batches.every((batch) => batch.length <= 10)).toBe(true);
  expect((await sender.stats()).states.delivered).toBe(200);
  await sender.stop();
});
