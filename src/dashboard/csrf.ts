const encoder = new TextEncoder();

/** Signs forms for one user: whoever makes another person's browser post can't know it. */
export class FormTokens {
  readonly #secret: string;
  #key: ReturnType<typeof crypto.subtle.importKey> | undefined;

  constructor(secret: string) {
    this.#secret = secret;
  }

  async of(user: string): Promise<string> {
    const signature = await crypto.subtle.sign('HMAC', await this.#loaded(), encoder.encode(user));
    return [...new Uint8Array(signature)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** In time that does not depend on where a wrong one differs. */
  async fits(token: string | null, user: string): Promise<boolean> {
    if (token === null || !/^[0-9a-f]{64}$/.test(token)) return false;
    const signature = Uint8Array.from(token.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    return crypto.subtle.verify('HMAC', await this.#loaded(), signature, encoder.encode(user));
  }

  /** Asked for by whoever needs it, who is told when it fails; the next one asks again. */
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

/** What is signed of a sentence that a page shows its user; no user is called that, since a form's token must not be one of these. */
export function doneBy(user: string, done: string): string {
  return JSON.stringify([user, done]);
}

/** Whether a browser says that another site has made it ask. */
export function isCrossSite(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site');
  return site === 'cross-site' || site === 'same-site' || request.headers.get('origin') === 'null';
}
