import type { Clock } from '../../../../core/clock.ts';
import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import type { PushTarget, Subscription } from '../../store/change-log.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { isTrue } from '../../xml/written-element.ts';
import { mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { eventsOf, readWatermark, writeEvent, writeWatermark } from './events.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/subscribe-operation */
export const subscribe: Operation = {
  count: () => 1,
  run(request, context) {
    const [asked] = request.children;
    return answerEach([asked], context, '', (element) => {
      const kind = /^(Pull|Push|Streaming)SubscriptionRequest$/.exec(element?.name ?? '')?.[1]?.toLowerCase();
      if (element === undefined || (kind !== 'pull' && kind !== 'push' && kind !== 'streaming')) {
        throw schemaFault("the element 'Subscribe' has incomplete content.");
      }
      const { folderIds, mailbox } = watched(element, context);
      const types = childrenOf(child(element, typesNs, 'EventTypes'), typesNs, 'EventType').map(({ text }) => text);
      if (types.length === 0) throw new EwsItemError('ErrorInvalidSubscriptionRequest', 'No event type is named.');
      const { registry, throttle, clock } = context.exchange;
      for (const one of registry.subscriptions.values()) if (isOver(one, clock)) registry.subscriptions.delete(one.id);
      throttle.subscription([...registry.subscriptions.values()].filter((one) => one.mailbox === mailbox.address).length);
      const id = registry.newSubscriptionId();
      const given = textOf(element, typesNs, 'Watermark');
      const since = given === undefined || given === '' ? registry.seq : readWatermark(given);
      const common: Subscription = { id, kind, mailbox: mailbox.address, folderIds, types: new Set(types), told: since };
      const timeout = Number(textOf(element, typesNs, 'Timeout') ?? '30') * 60_000;
      const lasting = kind === 'pull' ? { ...common, timeout, until: clock.monotonic() + timeout } : common;
      const subscription = kind === 'push' ? { ...common, push: targetOf(element) } : lasting;
      registry.subscriptions.set(id, subscription);
      context.exchange.push.serve(subscription);
      const watermark = kind === 'streaming' ? '' : `<m:Watermark>${writeWatermark(since)}</m:Watermark>`;
      return `<m:SubscriptionId>${id}</m:SubscriptionId>${watermark}`;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/unsubscribe-operation */
export const unsubscribe: Operation = {
  count: () => 1,
  run(request, context) {
    return answerEach([textOf(request, messagesNs, 'SubscriptionId') ?? ''], context, '', (id) => {
      subscriptionOf(id, context);
      context.exchange.registry.subscriptions.delete(id);
      context.exchange.push.forget(id);
      return '';
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getevents-operation */
export const getEvents: Operation = {
  count: () => 1,
  run(request, context) {
    const watermark = textOf(request, messagesNs, 'Watermark') ?? '';
    return answerEach([textOf(request, messagesNs, 'SubscriptionId') ?? ''], context, '', (id) => {
      const subscription = subscriptionOf(id, context);
      if (subscription.kind !== 'pull')
        throw new EwsItemError('ErrorInvalidPullSubscriptionId', 'That is not a pull subscription.');
      const since = readWatermark(watermark);
      const { events, seq, more } = eventsOf(subscription, since, context.exchange);
      const written =
        events.length === 0 ? `<t:StatusEvent><t:Watermark>${writeWatermark(seq)}</t:Watermark></t:StatusEvent>` : '';
      return (
        `<m:Notification><t:SubscriptionId>${id}</t:SubscriptionId><t:PreviousWatermark>${writeWatermark(since)}</t:PreviousWatermark>` +
        `<t:MoreEvents>${more}</t:MoreEvents>${written}${events.map((change) => writeEvent(change, context.exchange, true)).join('')}</m:Notification>`
      );
    });
  },
};

/** @throws ErrorInvalidPushSubscriptionUrl */
function targetOf(element: XmlElement): PushTarget {
  const url = textOf(element, typesNs, 'URL') ?? '';
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new EwsItemError('ErrorInvalidPushSubscriptionUrl', 'The URL of a push subscription must be absolute, http or https.');
  }
  // The schema's limits hold where requests are not validated either: 0 would post without a pause.
  const minutes = Number(textOf(element, typesNs, 'StatusFrequency') ?? '30');
  return { url, statusFrequency: (minutes >= 1 && minutes <= 1_440 ? minutes : 30) * 60_000 };
}

/** Whether nobody has asked for its events for as long as it lasts. */
function isOver({ until }: Subscription, clock: Pick<Clock, 'monotonic'>): boolean {
  return until !== undefined && until <= clock.monotonic();
}

/** A subscription of the mailbox that acts. */
function subscriptionOf(id: string, context: OperationContext): Subscription {
  const { registry, clock } = context.exchange;
  const found = registry.subscriptions.get(id);
  if (found !== undefined && isOver(found, clock)) registry.subscriptions.delete(id);
  else if (found?.timeout !== undefined) found.until = clock.monotonic() + found.timeout;
  if (found === undefined || !registry.subscriptions.has(id))
    throw new EwsItemError('ErrorSubscriptionNotFound', 'The subscription does not exist.');
  return found;
}

function watched(
  element: XmlElement,
  context: OperationContext,
): { readonly folderIds: ReadonlySet<string> | undefined; readonly mailbox: SimulatedMailbox } {
  const folders = (child(element, typesNs, 'FolderIds')?.children ?? []).map((id) => resolveFolder(id, context));
  const [first] = folders;
  const mailbox = first === undefined ? context.acting : mailboxOf(first, context);
  if (mailbox === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  const all = isTrue(element.attributes.get('SubscribeToAllFolders'));
  if (all && folders.length > 0)
    throw new EwsItemError(
      'ErrorInvalidSubscriptionRequest',
      'All folders are those of the own mailbox: name no folder as well.',
    );
  if (!all && folders.length === 0) throw new EwsItemError('ErrorInvalidSubscriptionRequest', 'Name a folder, or all of them.');
  return { folderIds: all ? undefined : new Set(folders.map(({ id }) => id)), mailbox };
}
