/**
 * Whether a request was written, told by the runtime itself rather than guessed from the name of an error.
 *
 * On Node, undici (the platform's fetch, and every fetch of the package) and node:http report each request on diagnostics
 * channels. A request of ours is known by its client-request-id. Other runtimes and fetches that are neither report nothing;
 * there the list in connection-errors.ts decides.
 */

/** `unseen`: the runtime reported nothing. `unwritten`: it took the request and wrote no byte of it. */
type WireFact = 'unseen' | 'unwritten' | 'written';

/** What the runtime reports of one leg of a request. */
export interface RequestWatch {
  readonly fact: WireFact;
  /** The status of an answer that fetch turned into an error, as it does with a proxy's 407. */
  readonly status: number | undefined;
  /** What the socket itself failed with while the request was on it; fetch may report something else. */
  readonly socketError: unknown;
  /** Gives the request up. What was not written yet is kept from being written later; returns what is certain then. */
  abandon(): WireFact;
  end(): void;
}

interface State {
  seen: boolean;
  written: boolean;
  /** Given up before it was written. */
  abandoned: boolean;
  status: number | undefined;
  socketError: unknown;
  readonly pending: Set<object>;
  /** Takes the listeners off the sockets. */
  readonly undo: (() => void)[];
}

/** As much of node:diagnostics_channel as is used. */
interface DiagnosticsChannel {
  subscribe(name: string, listener: (message: unknown) => void): void;
  unsubscribe(name: string, listener: (message: unknown) => void): void;
}

const header = 'client-request-id';
const watched = new Map<string, Set<State>>();
let byRequest = new WeakMap<object, readonly State[]>();
/** Watches, and abandoned requests that have not ended: while there are any, the channels are listened to. */
let users = 0;

/** Watches what is sent under that client-request-id from now on. */
export function watchRequest(requestId: string): RequestWatch {
  const state: State = {
    seen: false,
    written: false,
    abandoned: false,
    status: undefined,
    socketError: undefined,
    pending: new Set(),
    undo: [],
  };
  const states = watched.get(requestId) ?? new Set();
  watched.set(requestId, states.add(state));
  use();
  let ended = false;
  return {
    get fact() {
      return factOf(state);
    },
    get status() {
      return state.status;
    },
    get socketError() {
      return state.socketError;
    },
    abandon: () => {
      if (factOf(state) !== 'unwritten') return factOf(state);
      state.abandoned = true;
      for (const request of state.pending) {
        if (isNodeRequest(request)) request.destroy();
        else use(); // until undici says that it has ended
      }
      return 'unwritten';
    },
    end: () => {
      if (ended) return;
      ended = true;
      for (const undo of state.undo.splice(0)) undo();
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

const subscriptions: readonly (readonly [string, (message: unknown) => void])[] = [
  ['undici:request:create', (message) => onCreated(part(message, 'request'))],
  ['undici:client:sendHeaders', (message) => onWriting(part(message, 'request'), part(message, 'socket'))],
  ['undici:request:bodySent', (message) => onWriting(part(message, 'request'), undefined)],
  ['undici:request:headers', (message) => onAnswer(part(message, 'request'), part(message, 'response'))],
  ['undici:request:error', (message) => onEnded(part(message, 'request'))],
  ['http.client.request.created', (message) => onNodeRequest(part(message, 'request'))],
];

/** Anything in the process may publish there, and Node ends the process for a subscriber that throws. */
const listeners = subscriptions.map(([name, listener]) => {
  const guarded = (message: unknown): void => {
    try {
      listener(message);
    } catch {
      // Not a message of Node or of an undici that we know: it proves nothing, and what it was noted for can no longer be known to be unsent.
      doubt(message);
    }
  };
  return [name, guarded] as const;
});

function doubt(message: unknown): void {
  try {
    for (const state of statesOf(part(message, 'request'))) state.written = true;
  } catch {
    // Then nothing was noted for it either.
  }
}

function use(): void {
  users += 1;
  if (users === 1) for (const [name, listener] of listeners) channels()?.subscribe(name, listener);
}

function release(): void {
  users -= 1;
  if (users > 0) return;
  for (const [name, listener] of listeners) channels()?.unsubscribe(name, listener);
  byRequest = new WeakMap();
}

function onCreated(request: object | undefined): void {
  const id = request === undefined ? undefined : idOf(Reflect.get(request, 'headers'));
  if (request !== undefined && id !== undefined) note(request, id);
}

function note(request: object, id: string): readonly State[] {
  const states = [...(watched.get(id) ?? [])];
  if (states.length > 0) byRequest.set(request, states);
  for (const state of states) {
    state.seen = true;
    state.pending.add(request);
  }
  return states;
}

/** The head of the request is written right after this. */
function onWriting(request: object | undefined, socket: object | undefined): void {
  for (const state of statesOf(request)) {
    // Its note has been reported as unsent: it must not leave any more.
    if (state.abandoned) destroy(socket);
    else {
      state.written = true;
      if (socket !== undefined) noteError(state, socket);
    }
  }
}

/** fetch says "other side closed" where the socket had been told why, by an alert. */
function noteError(state: State, socket: object): void {
  const [on, off] = [Reflect.get(socket, 'prependListener'), Reflect.get(socket, 'off')] as unknown[];
  if (typeof on !== 'function' || typeof off !== 'function') return;
  const listener = (error: unknown): void => {
    state.socketError ??= error;
  };
  Reflect.apply(on, socket, ['error', listener]);
  state.undo.push(() => Reflect.apply(off, socket, ['error', listener]));
}

function onAnswer(request: object | undefined, response: object | undefined): void {
  const status: unknown = response === undefined ? undefined : Reflect.get(response, 'statusCode');
  for (const state of statesOf(request)) {
    if (!state.abandoned) state.written = true;
    if (typeof status === 'number') state.status = status;
  }
}

function onEnded(request: object | undefined): void {
  for (const state of statesOf(request)) {
    if (request !== undefined && state.pending.delete(request) && state.abandoned) release();
  }
}

/** node:http writes to a socket that is still connecting, which keeps it back until the connection, or the handshake, stands. */
function onNodeRequest(request: object | undefined): void {
  if (request === undefined || !isNodeRequest(request)) return;
  const id = request.getHeader(header);
  const states = typeof id === 'string' ? note(request, id) : [];
  if (states.length === 0) return;
  const written = (): void => {
    for (const state of states) if (!state.abandoned) state.written = true;
  };
  request.once('socket', (socket: object) => {
    const waits = Reflect.get(socket, 'connecting') === true || Reflect.get(socket, 'secureConnecting') === true;
    const once: unknown = Reflect.get(socket, 'once');
    if (!waits || typeof once !== 'function') written();
    else Reflect.apply(once, socket, [Reflect.get(socket, 'encrypted') === true ? 'secureConnect' : 'connect', written]);
  });
}

interface NodeRequest {
  getHeader(name: string): unknown;
  once(event: 'socket', listener: (socket: object) => void): void;
  destroy(): void;
}

function isNodeRequest(request: object): request is NodeRequest {
  return (['getHeader', 'once', 'destroy'] as const).every((name) => typeof Reflect.get(request, name) === 'function');
}

function statesOf(request: object | undefined): readonly State[] {
  return (request === undefined ? undefined : byRequest.get(request)) ?? [];
}

/** undici keeps headers as a flat list of names and values; in its older versions, as the lines of the head. */
function idOf(headers: unknown): string | undefined {
  if (typeof headers === 'string') return /^client-request-id: ([\w-]+)\r?$/im.exec(headers)?.[1];
  if (!Array.isArray(headers)) return undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name: unknown = headers[at];
    if (typeof name === 'string' && name.length === header.length && name.toLowerCase() === header)
      return String(headers[at + 1]);
  }
  return undefined;
}

function part(message: unknown, key: string): object | undefined {
  const value: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, key) : undefined;
  return typeof value === 'object' && value !== null ? value : undefined;
}

function destroy(socket: object | undefined): void {
  const end: unknown = socket === undefined ? undefined : Reflect.get(socket, 'destroy');
  if (typeof end === 'function') Reflect.apply(end, socket, []);
}

let found: DiagnosticsChannel | null | undefined;

/** Without an import, which a browser's bundle would have to resolve. */
function channels(): DiagnosticsChannel | undefined {
  if (found === undefined) {
    try {
      found = (globalThis.process?.getBuiltinModule?.('node:diagnostics_channel') as DiagnosticsChannel | undefined) ?? null;
    } catch {
      found = null;
    }
  }
  return found ?? undefined;
}
