import { expect, it } from 'vitest';
import { prometheusText } from '../../src/metrics/prometheus.ts';
import { aliceSends } from '../support/sender-fixture.ts';

it('exposes gauges of a sender in the text format, without any address', async () => {
  const { sender, clock } = aliceSends();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'm' });
  await sender.send({ to: 'sip:carol@contoso.com', text: 'x', messageId: 'n' });
  await sender.hold('n');
  await clock.advance(30_000);
  const text = await prometheusText(sender);
  expect(text).toContain('# TYPE offline_im_entries gauge\noffline_im_entries{state="spooled"} 1\n');
  expect(text).toContain('offline_im_entries{state="held"} 1\n');
  expect(text).toContain('\noffline_im_oldest_waiting_seconds 30\n');
  expect(text).toContain('\noffline_im_last_minute_entries{event="spooled"} 2\n');
  expect(text).not.toContain('contoso');
  // Every line is a comment or a sample, and every sample has its type.
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[a-z]+"\})? [\d.]+)$/);
  }
  await sender.stop();
});
