/**
 * What we use of the library's `ExchangeService`, in our own words: no type of the library is in our declarations, which
 * therefore compile without it.
 */
export interface ExchangeServiceLike {
  /** The endpoint. */
  readonly Url: { readonly AbsoluteUri: string } | null;
  /** The library's number of a schema version. */
  readonly RequestedServerVersion: number;
  /** Carries the requests of this service; the library's default when the host set none. */
  readonly XHRApi: XhrApiLike;
  /** Any request without arguments would do: it is begun to see how the service writes one, and never sent. */
  GetRoomLists(): Promise<unknown>;
}

/** What the library calls a pluggable XHR. */
export interface XhrApiLike {
  xhr(options: XhrRequest): Promise<unknown>;
}

/** A request, as the library hands it to its XHR. */
export interface XhrRequest {
  type: string;
  url: string;
  headers?: Readonly<Record<string, string>>;
  data?: string;
  allowRedirect?: boolean;
}
