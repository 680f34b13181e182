import { describe, expect, it } from 'vitest';
import { aliceSends } from '../support/sender-fixture.ts';

const minute = 60_000;

describe('the two-minute timer', () => {
  it('picks a message up at 120 s, not at 119.9 s', async () => {
    const { sender, clock, transport } = aliceSends();
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });

    await clock.advance(119_900);
    expect(transport.delivered).toHaveLength(0);

    await clock.advance(100);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('continues across a restart: after 60 s and a new process, 60 s remain', async () => {
    const first = aliceSends();
    await first.sender.start();
    await first.sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
    await first.clock.advance(minute);
    await first.sender.stop();

    const second = aliceSends({ clock: first.clock, spool: first.spool });
    await second.sender.start();
    await second.clock.advance(59_900);
    expect(second.transport.delivered).toHaveLength(0);
    await second.clock.advance(100);
    expect(second.transport.delivered).toHaveLength(1);
    await second.sender.stop();
  });

  it('takes at most one pickup delay if the clock is set back a day while nothing runs', async () => {
    const first = aliceSends();
    await first.sender.start();
    await first.sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
    await first.clock.advance(minute);
    await first.sender.stop();
    first.clock.setWall(first.clock.now() - 24 * 60 * minute);

    const second = aliceSends({ clock: first.clock, spool: first.spool });
    await second.sender.start();
    await second.clock.advance(2 * minute);
    expect(second.transport.delivered).toHaveLength(1);
    await second.sender.stop();
  });

  it('is not affected by a clock set back or forward while it runs', async () => {
    const { sender, clock, transport } = aliceSends();
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
    await clock.advance(minute);
    clock.setWall(clock.now() - 24 * 60 * minute);
    await clock.advance(59_900);
    expect(transport.delivered).toHaveLength(0);
    clock.setWall(clock.now() + 48 * 60 * minute);
    await clock.advance(100);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('merges the messages of one conversation into one note', async () => {
    const { sender, clock, transport } = aliceSends();
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
    await clock.advance(minute);
    await sender.send({ to: 'sip:bob@contoso.com', text: 'It is about tomorrow.' });
    await clock.advance(minute);

    expect(transport.delivered.map((note) => note.subject)).toEqual(['Missed conversation with Alice Example']);
    expect(transport.delivered[0]?.body.content).toContain('It is about tomorrow.');
    await sender.stop();
  });
});
