import type { SimulatorCore } from '../../simulator/core.ts';
import type { FrontResponse } from '../../simulator/http/front.ts';
import type { SimulatedExchange } from '../../simulator/simulated-exchange.ts';
import type { SimulatedItem } from '../../simulator/store/item.ts';

/** What a route has at hand. */
export interface ApiCall {
  readonly exchange: SimulatedExchange;
  readonly core: SimulatorCore;
  /** Parameters of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** Those of the query, as the document has them; text when left out is undefined. */
  readonly query: Readonly<Record<string, string | number | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Read by the route's schema, defaults filled in. */
  readonly body: unknown;
}

/** What a route answers. */
type ApiAnswer =
  | { readonly json: unknown }
  | { readonly text: string; readonly type: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly stream: Extract<FrontResponse, { kind: 'stream' }>['open'] }
  | undefined;

/** A parameter of the query. */
interface QueryParameter {
  readonly description: string;
  readonly integer?: boolean;
}

/** One method of one path: what the document says of it, and what it does. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/_exchange/api/v1`, with parameters in braces. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, QueryParameter>>;
  /** Name of the schema of the request's body. */
  readonly body?: string;
  /** Status of a success. */
  readonly status: 200 | 201 | 204;
  /** Name of the schema of the answer, or its media type. */
  readonly answer?: string;
  /** What may go wrong besides a request that does not fit (400). */
  readonly errors?: readonly (404 | 408 | 409)[];
  run(call: ApiCall): ApiAnswer | Promise<ApiAnswer>;
}

/** An answer that is an error. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function notFound(what: string): ApiError {
  return new ApiError(404, 'NOT_FOUND', `There is no ${what}.`);
}

/** Items that a query means, oldest first. */
export function itemsMeant({ core, query }: ApiCall): readonly SimulatedItem[] {
  const { mailbox, folder, search } = query;
  const boxes = mailbox === undefined ? core.exchange.mailboxes : [core.exchange.find(String(mailbox))];
  const wanted = String(search ?? '').toLowerCase();
  return boxes.flatMap((box) => {
    if (box === undefined) throw notFound(`mailbox ${mailbox}`);
    const named =
      folder === undefined ? undefined : (box.findFolder(String(folder)) ?? box.folders.find(({ id }) => id === folder));
    if (folder !== undefined && named === undefined) {
      if (mailbox === undefined) return [];
      throw notFound(`folder ${folder} in ${mailbox}`);
    }
    const items = (named === undefined ? box.folders : [named]).flatMap((one) => one.items);
    return wanted === '' ? items : items.filter((item) => textOf(item).includes(wanted));
  });
}

/** What is searched: subject, body, class and people. */
function textOf(item: SimulatedItem): string {
  const people = [item.from, ...item.to, ...item.cc, ...item.bcc].map((one) => `${one?.name ?? ''} ${one?.address ?? ''}`);
  return [item.subject, item.body.content, item.itemClass, ...people].join('\n').toLowerCase();
}
