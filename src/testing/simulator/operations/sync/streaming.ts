import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf } from '../../../../ews/xml/read.ts';
import { deviations } from '../../schema/tolerances.ts';
import type { Subscription } from '../../store/change-log.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import type { Operation } from '../operation.ts';
import { eventsOf, writeEvent } from './events.ts';

const notification = deviations.streamingNotification.written;

/**
 * One answer that stays open, an envelope for each piece of news.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/getstreamingevents-operation
 */
export const getStreamingEvents: Operation = {
  count: (request) => child(request, messagesNs, 'SubscriptionIds')?.children.length ?? 0,
  run(request, context) {
    const { exchange } = context;
    const minutes = Number(textOf(request, messagesNs, 'ConnectionTimeout') ?? '');
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > 30) {
      throw schemaFault("the element 'ConnectionTimeout' must be a number of minutes from 1 to 30.");
    }
    const list = child(request, messagesNs, 'SubscriptionIds');
    const ids = [...childrenOf(list, typesNs, 'SubscriptionId'), ...childrenOf(list, messagesNs, 'SubscriptionId')];
    const subscriptions: Subscription[] = [];
    const wrong: string[] = [];
    for (const { text } of ids) {
      const found = exchange.registry.subscriptions.get(text);
      if (found?.kind === 'streaming') subscriptions.push(found);
      else wrong.push(text);
    }
    if (wrong.length > 0) {
      const content = `<m:ErrorSubscriptionIds>${wrong.map((id) => `<m:SubscriptionId>${id.replace(/[<&]/g, '')}</m:SubscriptionId>`).join('')}</m:ErrorSubscriptionIds>`;
      return [{ responseClass: 'Error', code: 'ErrorInvalidSubscription', content }];
    }
    return {
      stream: (sink) => {
        const say = (content: string): void => sink.write(envelopeOf(content));
        const tell = (): void => {
          for (const subscription of subscriptions) {
            const { events, seq } = newsOf(subscription);
            subscription.told = seq;
            if (events.length === 0) continue;
            const written = events.map((change) => writeEvent(change, exchange, false)).join('');
            say(
              `<m:Notifications><${notification}><t:SubscriptionId>${subscription.id}</t:SubscriptionId>${written}</${notification}></m:Notifications>`,
            );
          }
        };
        const newsOf = (subscription: Subscription): Pick<ReturnType<typeof eventsOf>, 'events' | 'seq'> => {
          try {
            return eventsOf(subscription, subscription.told, exchange);
          } catch (error) {
            if (!(error instanceof EwsItemError)) throw error;
            return { events: [], seq: exchange.registry.seq };
          }
        };
        say('<m:ConnectionStatus>OK</m:ConnectionStatus>');
        tell();
        const mailboxes = new Set(subscriptions.flatMap(({ mailbox }) => exchange.find(mailbox) ?? []));
        const silences = [...mailboxes].map(({ changes }) => changes.listen(tell));
        const close = (): void => {
          say('<m:ConnectionStatus>Closed</m:ConnectionStatus>');
          sink.end();
        };
        // A test that waits until nothing goes on any more does not wait for a client to be sent away.
        const stop = exchange.timers.after(minutes * 60_000, close, false);
        return () => {
          stop();
          for (const silence of silences) silence();
        };
      },
    };
  },
};

function envelopeOf(content: string): string {
  const message = `<m:GetStreamingEventsResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>${content}</m:GetStreamingEventsResponseMessage>`;
  return `<m:GetStreamingEventsResponse xmlns:m="${messagesNs}" xmlns:t="${typesNs}"><m:ResponseMessages>${message}</m:ResponseMessages></m:GetStreamingEventsResponse>`;
}
