import type { XmlElement } from '../../../ews/xml/read.ts';
import type { Login } from '../access/access.ts';
import type { Exchange } from '../exchange.ts';
import type { ItemPlan } from '../faults/fault.ts';
import type { SchemaVersion } from '../schema/profile.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import type { ResponseMessage } from '../xml/soap-response.ts';
import type { ReadingContext } from './items/item-content.ts';

/** An answer that is not a list of response messages. */
export type WholeAnswer =
  /** The children and attributes of the response element, as XML. */
  | { readonly element: string; readonly attributes?: string; readonly content: string; readonly code: string }
  /** An answer that stays open: `open` writes to it until it ends it, or until what `open` returned is called. */
  | { readonly stream: (sink: StreamSink) => () => void };

/** Where a streaming operation writes its envelopes. */
interface StreamSink {
  /** Writes the child of `soap:Body`. */
  write(body: string): void;
  end(): void;
}

/** What an operation works with. */
export interface OperationContext extends ReadingContext {
  readonly exchange: Exchange;
  readonly login: Login;
  /** The mailbox it acts for; a service account without impersonation has none. */
  readonly acting: SimulatedMailbox | undefined;
  readonly version: SchemaVersion;
  /** What the faults of this request make of its nth item. */
  plan(index: number): ItemPlan;
}

/** An EWS operation. */
export interface Operation {
  /** How many items, ids or folders the request has. */
  count(request: XmlElement): number;
  /** Carries it out; throws `EwsFault` for what concerns the whole request. */
  run(request: XmlElement, context: OperationContext): readonly ResponseMessage[] | WholeAnswer;
}

/** Answers every part of a request by itself: one that fails leaves the others alone. `empty` is the content of an error. */
export function answerEach<T>(
  parts: readonly T[],
  context: OperationContext,
  empty: string,
  step: (part: T, plan: ItemPlan) => string,
): readonly ResponseMessage[] {
  const messages: ResponseMessage[] = [];
  for (const [index, part] of parts.entries()) {
    const plan = context.plan(index);
    if (plan.do === 'silence') continue;
    if (plan.do === 'nothing') {
      messages.push({ ...plan.answer, content: empty });
      continue;
    }
    try {
      const content = step(part, plan);
      const answer = 'answer' in plan ? plan.answer : undefined;
      messages.push(
        answer === undefined ? { responseClass: 'Success', code: 'NoError', content } : { ...answer, content: empty },
      );
    } catch (error) {
      if (!(error instanceof EwsItemError)) throw error;
      const { code, message: text, backOff } = error;
      messages.push({ responseClass: 'Error', code, text, content: empty, ...(backOff === undefined ? {} : { backOff }) });
    }
  }
  return messages;
}
