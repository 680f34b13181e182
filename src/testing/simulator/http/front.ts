/** A request as any front hands it to the simulator's core: no sockets, no streams. */
export interface FrontRequest {
  readonly method: string;
  /** Path of the URL, with or without a query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** It came over TLS. */
  readonly secure?: boolean;
  /** The front stopped reading: the body is longer than `maxRequestBytes`, and `body` is empty. */
  readonly tooLarge?: boolean;
  /** The body is in an encoding that is not known here, and `body` is empty. */
  readonly undecodable?: boolean;
  /** The connection it came on, by identity: logins that belong to a connection hold for it. Fronts without connections have none. */
  readonly connection?: object;
}

/** What a front is to do with the connection. */
export type FrontResponse =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** A list is written as one line for each value. */
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
      readonly body: string;
      /** The body, where it is no text; `body` is empty then. */
      readonly bytes?: Uint8Array;
      /** Send the body in such pieces, one every `interval` ms. */
      readonly drip?: { readonly chunkBytes: number; readonly interval: number };
      /** Reset the connection after that share of the body, 0 to 1 (all but the last byte), instead of ending it; the headers announce all of it. */
      readonly resetAfter?: number;
    }
  /** Answer in pieces as they come: `open` writes until it ends the answer; what it returns is called when the client has gone. */
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly open: (sink: { write(text: string): void; end(): void }) => () => void;
    }
  /** Reset the connection without a byte. */
  | { readonly kind: 'reset' }
  /** Answer nothing and leave the connection open. */
  | { readonly kind: 'silence' };
