import type { EventName, OfflineImEvents } from '../../src/observability/events.ts';
import type { OfflineImSenderOptions } from '../../src/sender/options.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { eventNames } from './event-names.ts';
import { FakeTransport } from './fake-transport.ts';

/** A recorded event. */
type Seen = { [Name in EventName]: { readonly name: Name; readonly event: OfflineImEvents[Name] } }[EventName];

/** Alice with a memory spool, a fake transport and a stopped clock; all events are recorded. */
export function aliceSends<Client = never>(options: Partial<OfflineImSenderOptions<Client>> = {}) {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock();
  const transport = (options.transport as FakeTransport | undefined) ?? new FakeTransport();
  const spool = options.spool ?? new MemorySpool();
  const sender = new OfflineImSender<Client>({
    identity: { sip: 'sip:alice@contoso.com', displayName: 'Alice Example' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    random: () => 0.5,
    ...options,
    spool,
    transport,
    clock,
  });
  const seen: Seen[] = [];
  for (const name of eventNames) sender.on(name, (event) => seen.push({ name, event } as Seen));
  const eventsOf = <Name extends EventName>(name: Name): OfflineImEvents[Name][] =>
    seen.filter((one) => one.name === name).map((one) => one.event as OfflineImEvents[Name]);
  return { sender, clock, transport, spool, seen, eventsOf };
}
