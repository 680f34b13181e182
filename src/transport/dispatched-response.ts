import { tell } from '../core/host-calls.ts';
import { type Bytes, decompressed, encodingsOf } from './decompressed.ts';

/** The body of an answer: a stream of Node. */
export interface DispatchBody {
  /** Adds a listener for chunks, the end, a close or an error. */
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Closes the connection; nobody reads the rest. */
  destroy(error?: Error): unknown;
  /** With this and `resume()`, a compressed body is read only as fast as it is decompressed. Optional. */
  pause?(): unknown;
  /** Continues after `pause()`. Optional. */
  resume?(): unknown;
}

/** What an `HttpDispatcher` resolves with, as soon as it has the headers. */
export interface DispatchAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: DispatchBody;
}

/** Statuses that `Response` accepts only without a body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A dispatcher's answer as a `Response`. Transports read the status, some headers and the bytes; everything else, which a host's login may use, is made on demand, since
 * making a `Response` with a web stream takes longer than sending the request.
 */
export class DispatchedResponse implements Response {
  readonly status: number;
  readonly url: string;
  readonly redirected: boolean;
  readonly type = 'default';
  readonly statusText = '';
  readonly headers: Headers;
  readonly #answer: DispatchAnswer;
  #whole: Response | undefined;
  /** The error that the body broke off with, perhaps before anybody read it. */
  #broken: { readonly error: unknown } | undefined;
  #onBroken = (_: unknown): void => undefined;

  constructor(answer: DispatchAnswer, url: string, redirected: boolean) {
    this.#answer = answer;
    this.status = answer.statusCode;
    this.url = url;
    this.redirected = redirected;
    this.headers = new DispatchedHeaders(answer.headers);
    // Right away: an error event without a listener ends the process.
    const breakOff = (error: unknown): void => {
      this.#broken ??= { error };
      this.#onBroken(error);
    };
    answer.body.on('error', breakOff);
    answer.body.on('close', () => breakOff(new TypeError('The body was closed before its end.')));
    if (bodiless.has(this.status)) answer.body.on('data', () => undefined);
  }

  /** Whether the body is uncompressed, as was asked for; servers may compress it anyway. */
  get isPlain(): boolean {
    return encodingsOf(this.headers).length === 0;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  /** Calls `take` with each chunk of the body, and resolves at its end. If `take` throws, it stops reading and rejects with that error. */
  eachChunk(take: (chunk: Uint8Array) => void): Promise<void> {
    const { body } = this.#answer;
    if (bodiless.has(this.status)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#onBroken = reject;
      if (this.#broken !== undefined) reject(this.#broken.error);
      body.on('data', (chunk: Uint8Array) => {
        try {
          take(chunk);
        } catch (error) {
          reject(error);
          this.discard();
        }
      });
      body.on('end', () => resolve());
    });
  }

  /** Drops the rest of the body. An error of `destroy` would end the process, since this is called from a socket's events. */
  discard(): void {
    tell(() => this.#answer.body.destroy());
  }

  get body(): Response['body'] {
    return this.#response().body;
  }

  get bodyUsed(): boolean {
    return this.#whole?.bodyUsed ?? false;
  }

  text(): Promise<string> {
    return this.#response().text();
  }

  json(): Promise<unknown> {
    return this.#response().json();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#response().arrayBuffer();
  }

  bytes(): ReturnType<Response['bytes']> {
    return this.#response().bytes();
  }

  blob(): ReturnType<Response['blob']> {
    return this.#response().blob();
  }

  formData(): ReturnType<Response['formData']> {
    return this.#response().formData();
  }

  clone(): Response {
    return this.#response().clone();
  }

  #response(): Response {
    if (this.#whole === undefined) {
      const status = this.status >= 200 && this.status <= 599 ? this.status : 502;
      this.#whole = new Response(bodiless.has(status) ? null : this.#decompressed(), { status, headers: this.headers });
    }
    return this.#whole;
  }

  #decompressed(): Bytes {
    try {
      return decompressed(encodingsOf(this.headers), this.#stream());
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Reads nothing until it is read from. */
  #stream(): Bytes {
    const { body } = this.#answer;
    const read = (controller: ReadableStreamDefaultController): void => {
      this.eachChunk((chunk) => {
        if (!ArrayBuffer.isView(chunk)) throw new TypeError('The body is not a stream of bytes.');
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0 && body.resume !== undefined) body.pause?.();
      }).then(
        () => controller.close(),
        (error) => controller.error(error),
      );
    };
    let begun = false;
    return new ReadableStream(
      {
        pull: (controller) => {
          if (begun) body.resume?.();
          else read(controller);
          begun = true;
        },
        cancel: () => this.discard(),
      },
      { highWaterMark: 0 },
    );
  }
}

/** Transports read two headers of an answer; the platform's `Headers` is made on demand. */
class DispatchedHeaders implements Headers {
  readonly #given: DispatchAnswer['headers'];
  #whole: Headers | undefined;

  constructor(given: DispatchAnswer['headers']) {
    this.#given = given;
  }

  get(name: string): string | null {
    if (this.#whole !== undefined) return this.#whole.get(name);
    const key = name.toLowerCase();
    const value = Object.hasOwn(this.#given, key) ? this.#given[key] : undefined;
    if (value === undefined) return null;
    return typeof value === 'string' ? value : value.join(', ');
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  getSetCookie(): string[] {
    return this.#all().getSetCookie();
  }

  append(name: string, value: string): void {
    this.#all().append(name, value);
  }

  set(name: string, value: string): void {
    this.#all().set(name, value);
  }

  delete(name: string): void {
    this.#all().delete(name);
  }

  forEach(callback: (value: string, key: string, parent: Headers) => void): void {
    this.#all().forEach(callback);
  }

  keys(): ReturnType<Headers['keys']> {
    return this.#all().keys();
  }

  values(): ReturnType<Headers['values']> {
    return this.#all().values();
  }

  entries(): ReturnType<Headers['entries']> {
    return this.#all().entries();
  }

  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.entries();
  }

  #all(): Headers {
    if (this.#whole === undefined) {
      this.#whole = new Headers();
      for (const [name, value] of Object.entries(this.#given)) {
        for (const one of typeof value === 'string' ? [value] : (value ?? [])) this.#whole.append(name, one);
      }
    }
    return this.#whole;
  }
}
