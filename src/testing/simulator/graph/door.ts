import { newRequestId } from '../../../core/text.ts';
import { actingMailbox, type Login } from '../access/access.ts';
import type { Authenticator } from '../access/authenticator.ts';
import { delegatesOf, opensFolders } from '../access/delegates.ts';
import type { Exchange } from '../exchange.ts';
import { type Fault, planOf } from '../faults/fault.ts';
import type { FaultBook } from '../faults/fault-book.ts';
import type { FrontRequest, FrontResponse } from '../http/front.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { errorBody, GraphFault } from './errors.ts';
import { afterProcessing, beforeProcessing, codeOf, faultOf, hintsOf, isProcessed } from './faults.ts';
import { type Preferences, readPreferences } from './json/prefer.ts';
import { type BatchPart, type BatchPartAnswer, readBatch, runBatch } from './operations/batch.ts';
import type { GraphAnswer, GraphContext } from './operations/operation.ts';
import { operations } from './operations/table.ts';
import { listUsers } from './operations/users.ts';
import { readBody } from './request-body.ts';
import { isOfMailbox, type Route, routeOf } from './routes.ts';

/** What the journal says of a request. */
export interface GraphExchange {
  readonly operation: string;
  readonly mailbox: string | undefined;
  readonly code: string | undefined;
  readonly fault: Fault | undefined;
  readonly delay: number;
  /** What is not simulated, in a sentence. */
  readonly problem?: string | undefined;
  readonly response: FrontResponse;
}

/** The door of the same Exchange that speaks Microsoft Graph. */
export class GraphDoor {
  readonly #exchange: Exchange;
  readonly #door: Authenticator;
  readonly #book: FaultBook;
  readonly #underWay = new Map<string, number>();

  constructor(exchange: Exchange, door: Authenticator, book: FaultBook) {
    this.#exchange = exchange;
    this.#door = door;
    this.#book = book;
  }

  /** Whether a request is for this door. */
  takes({ path }: FrontRequest): boolean {
    return /^\/v1\.0(\/|$)/i.test(path);
  }

  async handle(request: FrontRequest): Promise<GraphExchange> {
    const ids = { requestId: newRequestId(), clientRequestId: request.headers['client-request-id'] ?? newRequestId() };
    const route = request.path.length > longestAddress ? undefined : routeOf(request.method, request.path);
    const admission = this.#admit(request);
    const login = admission?.login.name ?? '';
    const operation = route?.operation ?? '';
    const mailbox = this.#mailboxOf(route, admission?.login)?.address;
    const subject = { operation, login, mailbox: mailbox ?? '', itemCount: 1, body: request.body };
    const { fault, delay } = this.#book.select(subject);
    // One mailbox, whether it is called `/me` or by its address or id.
    const leave = route !== undefined && isOfMailbox(route) ? this.#enter(mailbox ?? (route.user ?? login).toLowerCase()) : free;
    const { crowd } = leave;
    try {
      const told = { operation, mailbox, fault, delay };
      if (!(await this.#exchange.timers.wait(delay))) return { ...told, code: undefined, response: { kind: 'reset' } };
      const prefer = readPreferences(request.headers.prefer);
      const { response, code, problem } = await this.#answer(request, { route, admission, fault, crowd, ids, prefer });
      return { ...told, code, problem, response };
    } finally {
      leave.over();
    }
  }

  /** Counts a request of a mailbox as under way until it is over. */
  #enter(key: string): { readonly crowd: number; over(): void } {
    const crowd = (this.#underWay.get(key) ?? 0) + 1;
    this.#underWay.set(key, crowd);
    const over = (): void => {
      const left = (this.#underWay.get(key) ?? 1) - 1;
      if (left > 0) this.#underWay.set(key, left);
      else this.#underWay.delete(key);
    };
    return { crowd, over };
  }

  async #answer(request: FrontRequest, asked: Asked): Promise<Answered> {
    const { fault, admission, ids, prefer } = asked;
    const early = beforeProcessing(fault);
    if (early !== undefined) return { response: early, code: undefined };
    try {
      if (fault?.kind === 'graphError' && !fault.processed) throw faultOf(fault);
      const code = codeOf(fault);
      if (code !== undefined && fault?.kind !== 'graphError' && !isProcessed(fault))
        throw new GraphFault(code, undefined, undefined, hintsOf(fault));
      const answer = await this.#process(request, asked);
      if (fault?.kind === 'graphError') throw faultOf(fault);
      if (code !== undefined) throw new GraphFault(code);
      return { response: afterProcessing(this.#response(answer, ids, prefer), fault), code: undefined };
    } catch (error) {
      if (!(error instanceof GraphFault)) throw error;
      const headers = { ...this.#headers(ids), ...error.headers };
      const body = errorBody(error, { ...ids, date: this.#exchange.registry.now() });
      const problem = error.status === 501 ? error.message : undefined;
      const response: FrontResponse = { kind: 'answer', status: error.status, headers, body };
      // Errors are spoilt like other answers; without a login nothing is processed.
      return { response: admission === undefined ? response : afterProcessing(response, fault), code: error.code, problem };
    }
  }

  async #process(request: FrontRequest, asked: Asked): Promise<GraphAnswer> {
    const { route, admission, fault, crowd } = asked;
    const { mailboxConcurrency, throttledRetryAfter } = this.#exchange.graph;
    if (admission === undefined)
      throw new GraphFault('InvalidAuthenticationToken', 401, undefined, { 'www-authenticate': challenge });
    if (request.path.length > longestAddress) throw new GraphFault('BadRequest', 414, 'The address is too long.');
    if (route === undefined) {
      const what = `${request.method} ${request.path.split('?')[0]}`;
      throw new GraphFault('NotImplemented', 501, `The simulator does not know ${what}.`);
    }
    if (crowd > mailboxConcurrency) {
      const hint: Record<string, string> = throttledRetryAfter === false ? {} : { 'retry-after': String(throttledRetryAfter) };
      throw new GraphFault('ApplicationThrottled', 429, undefined, hint);
    }
    if (request.tooLarge === true) throw new GraphFault('RequestEntityTooLarge', 413);
    const { json: body, mime } = await readBody(request, route.operation);
    const base = `${this.#baseOf(request)}/v1.0`;
    if (route.operation === 'batch') {
      const parts = readBatch(body);
      const answers = await runBatch(parts, fault, (part) => this.#part(part, request));
      return { status: 200, json: { responses: answers } };
    }
    const { login, permissions } = admission;
    if (route.operation === 'listUsers' || route.operation === 'countUsers') {
      const advanced = request.headers.consistencylevel?.toLowerCase() === 'eventual';
      return listUsers({ exchange: this.#exchange, route, base, prefer: asked.prefer, permissions, advanced });
    }
    const mailbox = this.#servedMailbox(route, login);
    const context: GraphContext = {
      exchange: this.#exchange,
      login,
      permissions,
      mailbox,
      route,
      body,
      mime,
      prefer: asked.prefer,
      base,
      fault,
      plan: planOf(fault, 0),
    };
    return operations[route.operation](context);
  }

  /** A part is a request like any other, also for the faults and for who may do what. */
  async #part(part: BatchPart, whole: FrontRequest): Promise<BatchPartAnswer> {
    const path = `/v1.0${part.url.startsWith('/') ? '' : '/'}${part.url}`;
    const headers = { ...whole.headers, ...part.headers };
    const { response } = await this.handle({ ...whole, method: part.method, path, headers, body: part.body });
    if (response.kind !== 'answer')
      return { id: part.id, status: 504, headers: {}, body: { error: { code: 'UnknownError', message: '' } } };
    const json = response.body === '' && response.bytes === undefined ? {} : { body: bodyInBatch(response) };
    const told = Object.entries(response.headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]);
    return { id: part.id, status: response.status, headers: Object.fromEntries(told), ...json };
  }

  #admit(request: FrontRequest): Admitted | undefined {
    const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    // Graph knows no login but a token; without any, whoever the simulator lets in.
    const admission = token === undefined && request.headers.authorization !== undefined ? undefined : this.#door.admit(request);
    if (admission?.kind !== 'in') return undefined;
    return { login: admission.login, permissions: token === undefined ? undefined : this.#door.tokens.permissionsOf(token) };
  }

  #mailboxOf(route: Route | undefined, login: Login | undefined): SimulatedMailbox | undefined {
    if (route?.user === undefined) return login?.mailbox;
    const user = route.user.toLowerCase();
    return this.#exchange.mailboxes.find(({ address, userId }) => address === user || userId === user);
  }

  #servedMailbox(route: Route, login: Login): SimulatedMailbox {
    const mailbox = this.#mailboxOf(route, login);
    if (mailbox === undefined)
      throw new GraphFault(route.operation === 'getUser' ? 'Request_ResourceNotFound' : 'ErrorInvalidUser');
    if (mailbox.location === 'on-premises' && route.operation !== 'getUser') throw new GraphFault('MailboxNotEnabledForRESTAPI');
    if (mailbox.moving) throw new GraphFault('ErrorMailboxMoveInProgress');
    const acting = actingMailbox(login, undefined, this.#exchange);
    const delegate = acting === undefined ? undefined : delegatesOf(mailbox).get(acting.address);
    if (login.service || mailbox === acting || (delegate !== undefined && opensFolders(delegate))) return mailbox;
    throw new GraphFault('ErrorAccessDenied');
  }

  #baseOf({ headers, secure }: FrontRequest): string {
    return `${secure === true ? 'https' : 'http'}://${headers.host ?? 'localhost'}`;
  }

  #response({ status, json, raw }: GraphAnswer, ids: Ids, { applied }: Preferences): FrontResponse {
    const { 'content-type': type, ...plain } = this.#headers(ids);
    const headers = applied.length === 0 ? plain : { ...plain, 'preference-applied': applied.join(', ') };
    if (raw !== undefined) {
      return { kind: 'answer', status, headers: { ...headers, 'content-type': raw.type }, body: '', bytes: raw.bytes };
    }
    // Clients read what a type announces, so that an answer without a body has none.
    if (json === undefined) return { kind: 'answer', status, headers, body: '' };
    return { kind: 'answer', status, headers: { ...headers, 'content-type': type ?? '' }, body: JSON.stringify(json) };
  }

  #headers({ requestId, clientRequestId }: Ids): Record<string, string> {
    return {
      'content-type': 'application/json; odata.metadata=minimal; charset=utf-8',
      'request-id': requestId,
      'client-request-id': clientRequestId,
      'x-ms-ags-diagnostic':
        '{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"SIM"}}',
    };
  }
}

interface Ids {
  readonly requestId: string;
  readonly clientRequestId: string;
}

interface Admitted {
  readonly login: Login;
  readonly permissions: readonly string[] | undefined;
}

interface Asked {
  readonly route: Route | undefined;
  readonly admission: Admitted | undefined;
  readonly fault: Fault | undefined;
  /** Requests of the mailbox under way, this one included. */
  readonly crowd: number;
  readonly ids: Ids;
  readonly prefer: Preferences;
}

interface Answered {
  readonly response: FrontResponse;
  readonly code: string | undefined;
  readonly problem?: string | undefined;
}

/** Characters of a path with its query, as for IIS. */
const longestAddress = 16_384;

/** Who is not counted. */
const free = { crowd: 0, over: (): void => undefined };

const challenge = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"';

/** In a batch a body that is no JSON is base64. */
function bodyInBatch({ body, bytes }: Extract<FrontResponse, { kind: 'answer' }>): unknown {
  const raw = bytes ?? new TextEncoder().encode(body);
  try {
    if (bytes === undefined) return JSON.parse(body) as unknown;
  } catch {
    // A page of a fault.
  }
  return btoa(Array.from(raw, (byte) => String.fromCharCode(byte)).join(''));
}
