import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import { readItemShape, writeItem } from '../../xml/item-shape.ts';
import { itemIdsIn, resolveItem } from '../ids.ts';
import { answerEach, type Operation } from '../operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getitem-operation */
export const getItem: Operation = {
  count: (request) => child(request, messagesNs, 'ItemIds')?.children.length ?? 0,
  run(request, context) {
    const shape = readItemShape(child(request, messagesNs, 'ItemShape'), 'GetItem');
    return answerEach(itemIdsIn(request), context, '<m:Items/>', (id) => {
      const { item } = resolveItem(id, context);
      return `<m:Items>${writeItem(item, shape, context.exchange.profile)}</m:Items>`;
    });
  },
};
