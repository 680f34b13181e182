/** What a scheme that belongs to a connection says about a request. */
export type ConnectionVerdict =
  /** Somebody is logged in on the connection. */
  | { readonly kind: 'name'; readonly name: string }
  /** The login goes on: what follows the scheme's name in `WWW-Authenticate`. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'refused' };

/** A login that holds for a connection, such as NTLM. A front that has connections brings it along. */
export interface ConnectionLogin {
  /** As in `WWW-Authenticate`. */
  readonly scheme: string;
  /** Undefined when the request has nothing to do with the scheme. */
  admit(
    connection: object,
    authorization: string | undefined,
    passwordOf: (name: string) => string | undefined,
  ): ConnectionVerdict | undefined;
}
