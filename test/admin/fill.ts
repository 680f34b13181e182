import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

/** One message of each kind; those that may have been sent have their attempt. */
export async function fill(spool: SpoolStorage): Promise<void> {
  const transport = new FakeTransport();
  const { sender } = aliceSends({ spool, transport, clock: new ManualClock(Date.now()) });
  const send = (messageId: string, to: string) => sender.send({ to: `sip:${to}@contoso.com`, text: messageId, messageId });
  await send('delivered', 'bob');
  await sender.flush();
  const error = new OfflineImError('CONNECTION_LOST', 'It broke.');
  transport.answer = () => ({ status: 'unconfirmed', ended: 'silence', scope: 'note', error }) as never;
  transport.answerProbe = () => ({ status: 'unknown', error });
  await send('unconfirmed', 'carol');
  await sender.flush();
  transport.answer = () => ({
    status: 'rejected',
    scope: 'note',
    splittable: false,
    draft: 'none',
    error: new OfflineImError('EWS_ERROR', 'No.'),
  });
  await send('dead', 'dora');
  await sender.flush();
  await send('waits', 'erin');
  await send('waits too', 'erin');
  await send('held', 'frank');
  await sender.hold('held');
  await send('cancelled', 'gina');
  await sender.cancel('cancelled');
  await sender.stop();
}
