/**
 * Whether a request was written, as the runtime itself reports it, rather than guessed from the name of an error.
 *
 * On Node, undici and node:http report each request on diagnostics channels; ours have a client-request-id. Elsewhere the lists in connection-errors.ts decide.
 */

/** `unseen`: the runtime reported nothing. `unwritten`: it accepted the request but wrote no byte of it. */
type WireFact = 'unseen' | 'unwritten' | 'written';

/** What the runtime reports about one leg of a request. */
export interface RequestWatch {
  fact(): WireFact;
  /** The status of an answer that fetch turned into an error, such as a proxy's 407; `undefined` if something else was written that may have been processed. */
  status(): number | undefined;
  /** The error of the socket while the request was on it; fetch may report another one. `undefined` as well. */
  socketError(): unknown;
  /** Whether another request than the one that was answered with that status may have been processed, in vain for what the answer says: a host's client that lost an answer went on elsewhere. */
  sentBesides(status: number): boolean | undefined;
  /** Gives the request up, and keeps it from being written later if it wasn't yet, or again. Returns what is certain then. */
  abandon(): WireFact;
  /** Call it once, when the fetch has failed or its answer was read: until then a host's client may make the request again, signal or not. */
  readonly end: () => void;
}

interface State {
  seen?: boolean;
  written?: boolean;
  /** Set if it may be written only once: a host's fetch or agent may repeat it by itself. */
  readonly once: Once;
  readonly writers: Map<object, Writer>;
  /** True if one of them was not refused, and another one was written after its answer. */
  repeated?: boolean;
  /** True if it was given up. */
  over?: boolean;
  /** True if it was given up before it was written. */
  abandoned?: boolean;
  /** The request that was written last. */
  last?: object;
  /** Of the last request. */
  status?: number | undefined;
  error?: unknown;
  /** Takes the listeners off the sockets. */
  readonly undo: (() => void)[];
  /** What was neither answered nor failed. */
  readonly pending: Set<object>;
  /** True once its call has ended, or it was given up: each of undici's pending requests is a user until its end. */
  held?: boolean;
}

type Once = boolean | (() => boolean) | undefined;

/** A request that was written. */
interface Writer {
  readonly port: unknown;
  /** The status of its answer; 0 if that was lost. */
  end?: number;
}

/** The part of node:diagnostics_channel that is used. */
interface DiagnosticsChannel {
  subscribe(name: string, listener: (message: unknown) => void): void;
  unsubscribe(name: string, listener: (message: unknown) => void): void;
}

const header = 'client-request-id';
const watched = new Map<unknown, Set<State>>();
const byRequest = new WeakMap<object, readonly State[]>();
/** The number of watches, and of requests given up that have not ended. While there are any, the channels have listeners. */
let users = 0;

/** Watches requests with that client-request-id from now on. `once`, unless false or undefined: repeating it could send a message twice, so that a repetition is not written. */
export function watchRequest(requestId: string, once?: Once): RequestWatch {
  const state: State = { once, writers: new Map(), pending: new Set(), undo: [] };
  const states = watched.get(requestId) ?? new Set();
  watched.set(requestId, states.add(state));
  use();
  return {
    fact: () => factOf(state),
    status: () => (wasSentBesides(state) ? undefined : state.status),
    socketError: () => (wasSentBesides(state) ? undefined : state.error),
    sentBesides: (status) =>
      once && (state.repeated || mayBeProcessed(state, ({ end = 0 }) => end !== status && !(end > 199 && end < 300))),
    abandon: () => {
      const fact = factOf(state);
      state.over = true;
      hold(state);
      if (fact !== 'unwritten') return fact;
      state.abandoned = true;
      for (const request of state.pending) if (isNodeRequest(request)) request.destroy();
      return fact;
    },
    end: () => {
      for (const undo of state.undo.splice(0)) undo();
      hold(state);
      states.delete(state);
      if (states.size === 0) watched.delete(requestId);
      release();
    },
  };
}

function factOf(state: State): WireFact {
  if (!state.seen) return 'unseen';
  return state.written ? 'written' : 'unwritten';
}

/** Goes on watching what has not left yet: nobody hears of it any more. */
function hold(state: State): void {
  if (state.held) return;
  state.held = true;
  for (const request of state.pending) if (!isNodeRequest(request)) use();
}

/** Whether one of those requests may have been processed: all that sends is a POST. */
function mayBeProcessed({ writers }: State, which: (writer: Writer, one: object) => boolean): boolean {
  return [...writers].some(
    ([one, writer]: [Target, Writer]) => one.method === 'POST' && !isRefused(writer) && which(writer, one),
  );
}

/** What became of the last request says nothing of another one then. */
const wasSentBesides = (state: State): boolean => mayBeProcessed(state, (_, one) => one !== state.last);

const onWritingIn = (request: object, message: unknown): void => onWriting(request, part(message, 'socket'));
const subscriptions: readonly (readonly [string, (request: object, message: unknown) => unknown])[] = [
  ['undici:request:create', (request) => note(request, idOf(Reflect.get(request, 'headers')))],
  ['undici:client:sendHeaders', onWritingIn],
  ['undici:request:bodySent', onWritingIn], // has no socket
  ['undici:request:headers', (request, message) => onAnswer(request, part(message, 'response'))],
  ['undici:request:error', (request) => onEnd(request)],
  ['http.client.request.created', onNodeRequest],
];

/** Any code in the process may publish on these channels, and Node ends the process if a subscriber throws. */
const listeners = subscriptions.map(([name, listener]) => {
  const guarded = (message: unknown): void => {
    let request: object | undefined;
    try {
      request = part(message, 'request');
      if (request !== undefined) listener(request, message);
    } catch {
      // Not a message of Node or of a known undici: it proves nothing, and its request can no longer be known to be unsent.
      for (const state of statesOf(request)) state.written = true;
    }
  };
  return [name, guarded] as const;
});

function use(): void {
  users += 1;
  if (users === 1) for (const [name, listener] of listeners) channels()?.subscribe(name, listener);
}

function release(): void {
  users -= 1;
  if (users > 0) return;
  for (const [name, listener] of listeners) channels()?.unsubscribe(name, listener);
}

/** Whether anybody watches it. */
function note(request: object, id: unknown): boolean {
  const states = [...(watched.get(id) ?? [])];
  if (states.length > 0) byRequest.set(request, states);
  for (const state of states) {
    state.seen = true;
    state.pending.add(request);
    if (state.held && !isNodeRequest(request)) use();
  }
  return states.length > 0;
}

/** Statuses of what a server has not processed: a login's challenge, a redirect, too many requests. Others, such as 404 or 408, a proxy may give after it passed the request on. */
const isRefused = ({ end }: Writer): boolean => /^(3..|4(0[137]|1[34]|2[19]|31|56|9[4-7]))$/.test(String(end));

/** Whether a request is made again, here or, once it has ended, at another server. A look with its headers, a report that names its id, and what a gateway here passes on are none. */
function isRepetition(request: Target, port: unknown, { writers, over, held }: State): boolean {
  if (over) return !writers.has(request);
  return [...writers].some(
    ([one, writer]: [Target, Writer]) =>
      one !== request &&
      request.method === 'POST' &&
      one.method === 'POST' &&
      one.path === request.path &&
      (held || !isRefused(writer)) &&
      (writer.end !== undefined || one.destroyed === true || (writer.port === port && serverOf(one) === serverOf(request))),
  );
}

const serverOf = (request: Target): unknown => request.origin ?? request.getHeader?.('host');

/** A request of undici or of node:http. */
type Target = { readonly [part in 'method' | 'path' | 'origin' | 'destroyed']?: unknown } & { getHeader?(name: string): unknown };

/** The request's head is written right after this message. */
function onWriting(request: object, socket: SocketLike | undefined, port = socket?.remotePort): void {
  for (const state of statesOf(request)) {
    // The note was reported as unsent, or may have been processed already: the request must not leave any more.
    if (state.abandoned || (state.once && isRepetition(request, port, state))) socket?.destroy?.();
    else {
      state.written = true;
      // Of HTTP/2, undici before version 8 tells no more than that.
      if (socket === undefined && state.writers.has(request)) continue;
      state.status = state.error = undefined;
      state.repeated ||= mayBeProcessed(state, ({ end = 0 }) => end > 299);
      state.last = request;
      state.writers.set(request, { port });
      // The socket's own error: fetch reports "other side closed" even if an alert told the reason.
      const listener = (error: unknown): void => {
        if (state.last === request) state.error ??= error;
      };
      socket?.prependListener?.('error', listener);
      state.undo.push(() => socket?.off?.('error', listener));
    }
  }
}

function onAnswer(request: object, response: Answer | undefined): void {
  const status = Number(response?.statusCode);
  for (const state of statesOf(request)) {
    if (!state.abandoned) state.written = true;
    state.status = status;
  }
  onEnd(request, status);
}

/** It was answered or has failed. */
function onEnd(request: object, status = 0): void {
  for (const { writers, pending, held } of statesOf(request)) {
    const writer = writers.get(request);
    // What breaks off after it was refused was refused.
    if (writer !== undefined && !isRefused(writer)) writer.end = status;
    if (pending.delete(request) && held && !isNodeRequest(request)) release();
  }
}

/** node:http writes to a socket that is still connecting, which holds the request back until the connection or handshake is complete. */
function onNodeRequest(request: object): void {
  if (!isNodeRequest(request) || !note(request, request.getHeader(header))) return;
  request.once('error', () => onEnd(request));
  request.once('response', (response: Answer) => {
    onAnswer(request, response);
    response.once?.('close', () => response.complete === true || onEnd(request));
  });
  request.once('socket', (socket: SocketLike) => {
    const written = (): void => onWriting(request, request, socket.remotePort);
    if ((socket.connecting !== true && socket.secureConnecting !== true) || typeof socket.once !== 'function') written();
    else socket.once(socket.encrypted === true ? 'secureConnect' : 'connect', written);
  });
}

/** Of a socket, or of what a foreign client has in its place. */
interface SocketLike extends Partial<Record<'remotePort' | 'connecting' | 'secureConnecting' | 'encrypted', unknown>> {
  once?(event: string, listener: () => void): void;
  prependListener?(event: 'error', listener: (error: unknown) => void): void;
  off?(event: 'error', listener: (error: unknown) => void): void;
  destroy?(): void;
}

type Answer = SocketLike & { readonly [part in 'statusCode' | 'complete']?: unknown };

interface NodeRequest {
  getHeader(name: string): unknown;
  once(event: 'socket' | 'response' | 'error', listener: (that: object) => void): void;
  destroy(): void;
}

function isNodeRequest(request: object): request is NodeRequest {
  return (['getHeader', 'once', 'destroy'] as const).every((name) => typeof Reflect.get(request, name) === 'function');
}

function statesOf(request: object | undefined): readonly State[] {
  return (request === undefined ? undefined : byRequest.get(request)) ?? [];
}

/** undici has headers as a flat list of names and values; older versions, as the text of the head. */
function idOf(headers: unknown): string | undefined {
  if (typeof headers === 'string') return /^client-request-id: ([\w-]+)\r?$/im.exec(headers)?.[1];
  if (!Array.isArray(headers)) return undefined;
  const list: readonly unknown[] = headers;
  const at = list.findIndex((name, n) => n % 2 === 0 && typeof name === 'string' && name.toLowerCase() === header);
  return at < 0 ? undefined : String(list[at + 1]);
}

function part(message: unknown, key: string): object | undefined {
  const value: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, key) : undefined;
  return typeof value === 'object' && value !== null ? value : undefined;
}

let found: DiagnosticsChannel | undefined;

/** Loaded without an import, which a browser's bundler would have to resolve. */
function channels(): DiagnosticsChannel | undefined {
  try {
    found ??= globalThis.process?.getBuiltinModule?.('node:diagnostics_channel') as DiagnosticsChannel | undefined;
  } catch {
    // Then nothing is reported.
  }
  return found;
}
