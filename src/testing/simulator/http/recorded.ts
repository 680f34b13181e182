import type { SentNotification } from '../operations/sync/push.ts';
import type { FrontRequest, FrontResponse } from './front.ts';
import type { JournalEntry } from './journal.ts';
import { outcomeOf, statusOf } from './refusals.ts';

/** What the journal is told of a request; what is left out, nobody knows. */
export type Recorded = Pick<JournalEntry, 'at' | 'operation'> &
  Partial<Omit<JournalEntry, 'number'>> & {
    readonly request: Pick<FrontRequest, 'path' | 'headers' | 'body'>;
    readonly response?: FrontResponse;
  };

/** The entry of a request that was answered, or left without an answer. */
export function entryOf({ request, response, ...known }: Recorded): Omit<JournalEntry, 'number'> {
  return {
    path: request.path,
    clientRequestId: request.headers['client-request-id'],
    mailbox: undefined,
    itemCount: 0,
    outcome: response === undefined ? 'silence' : outcomeOf(response),
    status: response && statusOf(response),
    responseCode: undefined,
    responseCodes: [],
    fault: undefined,
    problem: undefined,
    requestBody: request.body,
    responseBody: response?.kind === 'answer' ? response.body : '',
    ...known,
  };
}

/** A notification that the simulator itself has posted. */
export function entryOfPush({ url, mailbox, at, body, status, answer, problem }: SentNotification): Recorded {
  const outcome = status === undefined ? 'silence' : 'answered';
  const request = { path: url, headers: {}, body };
  return { request, at, operation: 'SendNotification', outcome, status, mailbox, problem, responseBody: answer };
}
