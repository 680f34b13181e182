import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { property } from '../../core/errors/thrown.ts';
import { domainOf } from '../../core/text.ts';
import type { XmlElement } from '../../ews/xml/read.ts';
import { type AccessOptions, type AuthScheme, actingMailbox, claimedLogin, type Login } from './access/access.ts';
import { type Admission, Authenticator, type ConnectionLogin } from './access/authenticator.ts';
import { whenOver } from './access/throttle.ts';
import type { SimulatedTokens } from './access/tokens.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import { type Fault, planOf } from './faults/fault.ts';
import { FaultBook } from './faults/fault-book.ts';
import { Faults } from './faults/faults.ts';
import { afterProcessing, beforeProcessing } from './faults/strike.ts';
import { GraphDoor } from './graph/door.ts';
import { SideDoors } from './http/autodiscover/side-doors.ts';
import { isLonger } from './http/body-text.ts';
import type { FrontRequest, FrontResponse } from './http/front.ts';
import { Journal, type JournalEntry, type JournalOptions } from './http/journal.ts';
import { OpenStreams } from './http/open-streams.ts';
import { entryOf, entryOfPush, type Recorded } from './http/recorded.ts';
import { isEndpoint, refuseByHttp, unauthorized, withRequestId } from './http/refusals.ts';
import { type ParsedMime, parseMimeIn } from './mime/parse.ts';
import {
  type AnswerByHand,
  type EwsAnswer,
  faultAnswer,
  handMadeAnswer,
  httpAnswer,
  operationAnswer,
  thrownAnswer,
  tooLargeAnswer,
  unsupportedAnswer,
} from './operations/answer.ts';
import { notSimulatedIn } from './operations/not-simulated.ts';
import { operations } from './operations/table.ts';
import { isSchemaOperation } from './schema/operations.ts';
import { violationIn } from './schema/violation.ts';
import { EwsFault, EwsItemError } from './xml/ews-errors.ts';
import { type ReadRequest, readRequest, schemaFault } from './xml/soap-request.ts';

/** What a simulator is made of, whatever its front. */
export interface CoreOptions extends ExchangeOptions, AccessOptions {
  /** How much of the traffic is remembered. */
  readonly journal?: JournalOptions;
  /**
   * Refuses what the EWS schema forbids with `ErrorSchemaValidation`, as Exchange does; docs/simulator-versus-exchange.md lists what is
   * tolerated all the same. `false` looks at nothing but what an operation needs.
   * @default true
   */
  readonly validateRequests?: boolean;
  /**
   * Seed of faults with a probability that name none: the same seed strikes the same requests.
   * @default 1
   */
  readonly randomSeed?: number;
  /** Called with each finished request, its bodies included. */
  readonly onRequest?: (entry: JournalEntry) => void;
}

/** The simulator without a server: takes requests, gives responses, imports nothing of a platform. Fronts wrap it. */
export class SimulatorCore {
  readonly exchange: Exchange;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly sideDoors: SideDoors;
  readonly #book: FaultBook;
  readonly #byHand = new Map<string, AnswerByHand>();
  readonly #options: CoreOptions;
  readonly #door: Authenticator;
  readonly #graph: GraphDoor;
  readonly #streams = new OpenStreams();
  readonly #firstWall: number;
  #underWay = 0;

  /** `onConnection`: a login that belongs to connections, from a front that has them. */
  constructor(options: CoreOptions, onConnection?: ConnectionLogin) {
    this.#options = options;
    this.#book = new FaultBook(options.randomSeed);
    this.exchange = new Exchange(options);
    this.#door = new Authenticator(options, this.exchange, onConnection);
    this.sideDoors = new SideDoors(this.exchange, this.#door);
    this.#graph = new GraphDoor(this.exchange, this.#door, this.#book);
    this.faults = new Faults(this.#book);
    this.journal = new Journal(options.journal);
    this.#firstWall = this.exchange.clock.now();
    this.exchange.push.onSent = (sent) => this.#record(entryOfPush(sent));
  }

  /** The ways to log in that it offers. */
  get auth(): readonly AuthScheme[] {
    return this.#options.auth ?? ['basic', 'bearer'];
  }

  /** Bearer tokens that are good here. */
  get tokens(): SimulatedTokens {
    return this.#door.tokens;
  }

  /** Answers a request. Rejects only when a predicate or hook of the test throws, or for a bug of the simulator. */
  async handle(request: FrontRequest): Promise<FrontResponse> {
    this.#underWay += 1;
    try {
      return await this.#handle(request);
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Requests that are not answered yet. */
  get underWay(): number {
    return this.#underWay + this.exchange.push.underWay;
  }

  async #handle(request: FrontRequest): Promise<FrontResponse> {
    if (this.#graph.takes(request)) return this.#handleGraph(request);
    return isEndpoint(request) ? this.#handleEws(request) : this.#handleBeside(request);
  }

  /** Autodiscover and the description of the service: answered, and spoilt by faults that name them. */
  async #handleBeside(request: FrontRequest): Promise<FrontResponse> {
    const at = this.exchange.registry.now();
    const { cleared } = this.exchange.timers;
    const operation = this.sideDoors.operationOf(request);
    const login = claimedLogin(request.headers.authorization);
    const { fault, delay } = this.#book.select({ operation, login, mailbox: '', itemCount: 0, body: request.body });
    await this.exchange.timers.wait(delay);
    if (cleared.aborted) return { kind: 'reset' };
    const { profile } = this.exchange;
    const early = beforeProcessing(fault, profile);
    const plain = async (): Promise<EwsAnswer> => ({ response: await this.sideDoors.answer(request) });
    const { response } = early ?? afterProcessing(await plain(), fault, profile);
    const problem = operation === '' ? `There is nothing at ${request.path.split('?')[0]}.` : undefined;
    this.#record({ request, at, operation, response, fault: struckBy(fault, delay), problem });
    return response;
  }

  #record(recorded: Recorded): void {
    const entry = this.journal.record(entryOf(recorded));
    this.#options.onRequest?.(entry);
  }

  async #handleGraph(request: FrontRequest): Promise<FrontResponse> {
    const at = this.exchange.registry.now();
    const { operation, mailbox, code, fault, delay, problem, response } = await this.#graph.handle(request);
    const codes = { responseCode: code, responseCodes: code === undefined ? [] : [code] };
    this.#record({ request, at, operation, response, mailbox, itemCount: 1, ...codes, fault: struckBy(fault, delay), problem });
    return response;
  }

  async #handleEws(asked: FrontRequest): Promise<FrontResponse> {
    const at = this.exchange.registry.now();
    const { cleared } = this.exchange.timers;
    // Graph takes larger ones, so the front's limit is not that of EWS.
    const tooLarge = asked.tooLarge === true || isLonger(asked.body, this.exchange.profile.maxRequestBytes);
    const request = { ...asked, body: tooLarge ? '' : asked.body, tooLarge };
    const read = readRequest(request.body);
    const known = Object.hasOwn(operations, read.operation) ? operations[read.operation] : undefined;
    const itemCount = known === undefined || read.element === undefined ? 0 : known.count(read.element);
    const admission = this.#door.admit(request);
    // OPTIONS is answered without a login; anything else, GET too, is asked for one first.
    const refusal = admission.kind === 'in' || request.method === 'OPTIONS' ? refuseByHttp(request) : undefined;
    if (refusal !== undefined) return refusal;
    if (admission.kind === 'out' && request.method !== 'POST') return unauthorized(admission);
    const hasMime = admission.kind === 'in' && request.body.includes('MimeContent');
    const mime = read.element === undefined || !hasMime ? noMime : await parseMimeIn(read.element);
    const login = admission.kind === 'in' ? admission.login.name : claimedLogin(request.headers.authorization);
    // A leg of a handshake is no request yet, so that faults count those that are.
    const isLeg = admission.kind === 'out' && admission.leg;
    const own = admission.kind === 'in' ? admission.login.mailbox?.address : undefined;
    const mailbox = read.impersonate ?? own ?? '';
    const subject = { operation: read.operation, login, mailbox, itemCount, body: request.body };
    const struck = isLeg ? { fault: undefined, delay: 0 } : this.#book.select(subject);

    const leave = this.exchange.throttle.enter(admission.kind === 'in' ? mailbox.toLowerCase() : '');
    await this.exchange.timers.wait(struck.delay);
    const tooMany = leave === undefined && faultAnswer(this.exchange.profile, 'ErrorExceededConnectionCount', 500);
    // By reset(), restore() or close(): the request belongs to what they have put away.
    const answer = cleared.aborted ? undefined : tooMany || this.#answer(request, { ...read, mime }, admission, struck.fault);
    const response = whenOver(answer?.response ?? { kind: 'reset' }, leave);
    if (answer === undefined) return response;
    this.#record({
      request,
      at,
      operation: read.operation,
      response,
      mailbox: answer.mailbox?.address,
      itemCount,
      responseCode: answer.code,
      responseCodes: answer.codes ?? [],
      fault: struckBy(struck.fault, struck.delay),
      problem: answer.problem,
      responseBody: answer.body ?? '',
    });
    return this.#streams.add(withRequestId(response, request));
  }

  /** Answers an operation by hand from now on, until `reset()`. */
  answer(operation: string, handler: AnswerByHand): void {
    if (!isSchemaOperation(operation)) {
      throw new OfflineImError('OPTION_INVALID', `"${operation}" is not an EWS operation; expected one such as GetUserPhoto.`);
    }
    this.#byHand.set(operation, handler);
  }

  /** Remembers everything but tokens; the function returned brings it back, cancels what has been begun since, and sets a manual clock back. */
  snapshot(): () => void {
    const parts = [this.exchange.snapshot(), this.#book.snapshot(), this.journal.snapshot()];
    const byHand = [...this.#byHand];
    const wall = this.exchange.clock.now();
    return () => {
      this.#streams.end();
      this.#setWall(wall);
      this.#byHand.clear();
      for (const [operation, handler] of byHand) this.#byHand.set(operation, handler);
      for (const restore of parts) restore();
    };
  }

  /** Empties mailboxes, journal and outbound, takes faults and subscriptions back, forgets what was yet to happen, and sets a manual clock back. */
  reset(): void {
    this.#streams.end();
    this.#setWall(this.#firstWall);
    this.exchange.reset();
    this.faults.clear();
    this.#byHand.clear();
    this.journal.clear();
  }

  /** Cancels timers, ends answers that are still open and rejects whoever waits for a message. */
  close(): void {
    this.#streams.end();
    this.exchange.push.stop();
    this.exchange.timers.clear();
    this.exchange.waiters.end('No such message arrived before the simulator was closed.');
  }

  /** Wall time only: monotonic time goes back for nobody. The machine's clock goes on. */
  #setWall(wall: number): void {
    const { clock } = this.exchange;
    const set = property(clock, 'setWall');
    if (typeof set === 'function') set.call(clock, wall);
  }

  #answer(request: FrontRequest, read: MimeRead, admission: Admission, fault: Fault | undefined): EwsAnswer {
    const { profile } = this.exchange;
    const early = beforeProcessing(fault, profile);
    if (early !== undefined) return early;
    if (admission.kind === 'out') return { response: unauthorized(admission), body: '' };
    const { login } = admission;
    const answer = request.tooLarge ? tooLargeAnswer(profile) : this.#process(request, read, login, fault);
    return { ...afterProcessing(answer, fault, profile), mailbox: answer.mailbox ?? login.mailbox };
  }

  #process(request: FrontRequest, read: MimeRead, login: Login, fault: Fault | undefined): EwsAnswer {
    const { exchange } = this;
    const { profile, registry } = exchange;
    try {
      const { operation, element, version, impersonate } = read.request(profile);
      const violation = this.#options.validateRequests === false ? undefined : violationIn(element);
      if (violation !== undefined) throw schemaFault(violation);
      const acting = actingMailbox(login, impersonate, exchange);
      if (acting?.moving === true) throw new EwsFault('ErrorMailboxMoveInProgress');
      // EWS is switched off in Exchange Online, as a proxy that knows no SOAP says it.
      if (acting?.location === 'exchange-online' && !exchange.ewsEnabled) return httpAnswer(403);
      const mailbox = acting?.address;
      this.exchange.throttle.request(mailbox ?? login.name);
      const byHand = this.#byHand.get(operation);
      if (byHand !== undefined) {
        return { ...handMadeAnswer(profile, byHand({ operation, mailbox, body: request.body })), mailbox: acting };
      }
      const known = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      const lacking = known === undefined ? `The operation ${operation}` : notSimulatedIn(operation, element);
      if (known === undefined || lacking !== undefined) return unsupportedAnswer(profile, lacking ?? '');
      const answer = known.run(element, {
        exchange,
        login,
        acting,
        version,
        plan: (index) => planOf(fault, index),
        newMessageId: () => registry.newMessageId(domainOf(acting?.address ?? login.name)),
        newAttachmentId: () => registry.newAttachmentId(),
        mimeOf: (content) => read.mime.get(content),
      });
      return { ...operationAnswer(profile, operation, answer), mailbox: acting };
    } catch (error) {
      if (error instanceof EwsFault) return thrownAnswer(profile, error);
      if (error instanceof EwsItemError) return faultAnswer(profile, error.code, 500);
      throw error;
    }
  }
}

const struckBy = (fault: Fault | undefined, delay: number): string | undefined =>
  fault?.kind ?? (delay > 0 ? 'delay' : undefined);

const noMime: ReadonlyMap<XmlElement, ParsedMime> = new Map();

/** A request, and the MIME in it. */
type MimeRead = ReadRequest & { readonly mime: ReadonlyMap<XmlElement, ParsedMime> };
