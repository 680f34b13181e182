import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { messagesNs, soapNs, typesNs } from '../ews/xml/namespaces.ts';
import { child, parseXml, type XmlElement } from '../ews/xml/read.ts';

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

/** How a service would write a request now: its login and other headers, and what stands before the content of soap:Body. */
export interface ServiceEnvelope {
  readonly headers: Readonly<Record<string, string>>;
  readonly head: string;
}

/** How GetRoomLists ends, which is also how our requests do. */
export const envelopeTail = '</soap:Body></soap:Envelope>';
/** The library's number of it. */
const exchange2013sp1 = 5;
const ending = `<m:GetRoomLists></m:GetRoomLists>${envelopeTail}`;

/**
 * Lets the service write a request and takes it before anything is sent. So whatever the host configured counts (login,
 * impersonation, HTTP and SOAP headers of its own), also what it changes later, and nothing of the library but its writing
 * runs: its reading of answers, which hangs, throws non-errors and takes warnings for success, never gets one.
 *
 * The service itself is not touched: what the library would set on it while writing, it sets on an object that inherits
 * from it.
 *
 * Rejects where the service can't write a request (no login, no URL), or writes one that is not understood.
 */
export async function envelopeOf(service: ExchangeServiceLike): Promise<ServiceEnvelope> {
  const taken: XhrRequest[] = [];
  const taking: XhrApiLike = {
    xhr: (request) => {
      taken.push(request);
      return new Promise(() => {}); // no answer, so that nothing of the library goes on
    },
  };
  const scoped: ExchangeServiceLike = Object.create(service, {
    XHRApi: { value: taking },
    RequestedServerVersion: { value: exchange2013sp1 }, // 2007 has no GetRoomLists; ours is put in its place in any case
    httpResponseHeaders: { value: { clear() {} } }, // the library empties it before each request
  });
  const refusal = begin(scoped);
  const [request] = taken;
  if (request === undefined) throw unwritable(nameOf(await Promise.race([refusal, nextTurn()])));
  const { data = '', headers = {} } = request;
  if (!data.endsWith(ending)) throw unwritable('its envelope has another form than that of the versions which are known');
  const head = data.slice(0, -ending.length);
  requireSound(head);
  return { headers, head };
}

/** What the library throws at writing: at once, or as a rejection. It writes at once, so there is nothing to wait for. */
async function begin(service: ExchangeServiceLike): Promise<unknown> {
  try {
    await service.GetRoomLists();
    return undefined;
  } catch (error) {
    return error;
  }
}

function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 0));
}

let lastSound = '';

/** What the host configured is not escaped by the library: it must not have become elements, or end the header early. */
function requireSound(head: string): void {
  if (head === lastSound) return;
  const root = parseOr(`${head}<t:a/><m:b/>${envelopeTail}`);
  const body = child(root, soapNs, 'Body');
  const names = root?.children.map(({ name }) => name).join();
  const header = child(root, soapNs, 'Header');
  const sound =
    root?.ns === soapNs &&
    root.name === 'Envelope' &&
    names === 'Header,Body' &&
    body?.children.length === 2 &&
    header !== undefined &&
    speaksOnce(header);
  if (!sound || child(body, typesNs, 'a') === undefined || child(body, messagesNs, 'b') === undefined) {
    throw unwritable('its headers, with what was configured, are no sound XML');
  }
  lastSound = head;
}

/** Balanced markup in what was configured makes whole elements: a header twice, or a second identity in one. */
function speaksOnce(header: XmlElement): boolean {
  const own = header.children.filter(({ ns }) => ns === typesNs);
  if (new Set(own.map(({ name }) => name)).size < own.length) return false;
  const acting = child(header, typesNs, 'ExchangeImpersonation');
  if (acting === undefined) return true;
  const [sid, ...others] = acting.children;
  const [id, ...more] = sid?.children ?? [];
  if (sid?.name !== 'ConnectingSID' || others.length > 0 || id === undefined || more.length > 0) return false;
  const identity = ['PrincipalName', 'SID', 'PrimarySmtpAddress', 'SmtpAddress'].includes(id.name) && id.children.length === 0;
  return identity && /^[^\s<>\p{Cc}]{1,320}$/u.test(id.text) && (acting.text + sid.text).trim() === '';
}

function parseOr(xml: string): ReturnType<typeof parseXml> | undefined {
  try {
    return parseXml(xml);
  } catch {
    return undefined; // the reason could quote what was configured
  }
}

/** The name of what was thrown, which need not be an Error. Its message may hold what was configured. */
function nameOf(thrown: unknown): string {
  const name = typeof thrown === 'object' && thrown !== null ? thrown.constructor?.name : undefined;
  return name === undefined || name === 'Object' ? 'the library refused to' : `the library threw ${name}`;
}

function unwritable(why: string): OfflineImError {
  return new OfflineImError(
    'OPTION_INVALID',
    `fromExchangeService: the service can not write a request (${why}). Are Url and Credentials set?`,
  );
}
