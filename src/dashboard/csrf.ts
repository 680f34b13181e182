const encoder = new TextEncoder();

/** Signs what a page gives its user to send back: another site that makes the browser send it can't know the signature. */
export class Signatures {
  readonly #secret: string;
  #key: ReturnType<typeof crypto.subtle.importKey> | undefined;

  constructor(secret: string) {
    this.#secret = secret;
  }

  async of(what: string): Promise<string> {
    const signature = await crypto.subtle.sign('HMAC', await this.#loaded(), encoder.encode(what));
    return [...new Uint8Array(signature)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** Takes constant time, wherever a wrong signature differs. */
  async fits(given: string | null, what: string): Promise<boolean> {
    if (given === null || !/^[0-9a-f]{64}$/.test(given)) return false;
    const signature = Uint8Array.from(given.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    return crypto.subtle.verify('HMAC', await this.#loaded(), signature, encoder.encode(what));
  }

  /** Loaded on first use. A failure is thrown to that caller, and the next one tries again. */
  #loaded(): ReturnType<typeof crypto.subtle.importKey> {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' } as const;
    this.#key ??= crypto.subtle
      .importKey('raw', encoder.encode(this.#secret), algorithm, false, ['sign', 'verify'])
      .catch((error: unknown) => {
        this.#key = undefined;
        throw error;
      });
    return this.#key;
  }
}

/** The signed text of a user's forms. Has another prefix than {@link doneBy}, so that neither signature passes for the other, whatever the users' names. */
export function formOf(user: string): string {
  return JSON.stringify(['form', user]);
}

/** The signed text of a sentence that a page shows its user. */
export function doneBy(user: string, done: string): string {
  return JSON.stringify(['done', user, done]);
}

/** Whether the browser says that another site caused the request. */
export function isCrossSite(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  return site === 'cross-site' || site === 'same-site' || request.headers.get('origin') === 'null';
}
