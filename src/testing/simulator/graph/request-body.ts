import { isObject } from '../../../graph/client/json.ts';
import type { FrontRequest } from '../http/front.ts';
import { type ParsedMime, parseMime } from '../mime/parse.ts';
import { GraphFault } from './errors.ts';
import type { GraphOperationName } from './routes.ts';

/** Operations that take a whole message as MIME in base64: https://learn.microsoft.com/graph/outlook-send-mime-message */
const takesMime: ReadonlySet<GraphOperationName> = new Set([
  'sendMail',
  'createMessage',
  ...(['reply', 'replyAll', 'forward', 'createReply', 'createReplyAll', 'createForward'] as const),
]);

/** How deep JSON may be nested, as for Microsoft's OData reader. */
const deepest = 100;

/** The body of a request: JSON, or a message as MIME. */
export async function readBody(
  request: FrontRequest,
  operation: GraphOperationName,
): Promise<{ readonly json: unknown; readonly mime: ParsedMime | undefined }> {
  const type = request.headers['content-type'] ?? '';
  // Nothing here unpacks what is compressed; clients that compress by themselves, as Microsoft's for Go do, send it again as it is.
  const isPlain = /^\s*(?:identity)?\s*$/i.test(request.headers['content-encoding'] ?? '');
  if (!isPlain || request.undecodable === true) throw new GraphFault('UnsupportedMediaType', 415);
  if (request.body === '') return { json: undefined, mime: undefined };
  if (/^\s*text\/plain\b/i.test(type) && takesMime.has(operation)) return { json: undefined, mime: await readMime(request.body) };
  if (!/json/i.test(type)) throw new GraphFault('BadRequest', 415);
  let json: unknown;
  try {
    json = JSON.parse(request.body);
  } catch {
    throw new GraphFault('RequestBodyRead');
  }
  if (isDeeper(json, deepest)) throw new GraphFault('RequestBodyRead', 400, `JSON may be nested ${deepest} levels deep.`);
  // Parts of a batch are read one by one.
  return { json: operation === 'batch' ? json : named(json), mime: undefined };
}

async function readMime(body: string): Promise<ParsedMime> {
  const invalid = new GraphFault('ErrorMimeContentInvalidBase64String', 400, 'Invalid base64 string for MIME content.');
  let source: string;
  try {
    // A client that sends JSON text writes quotation marks around it.
    source = atob(body.replace(/^\s*"|"\s*$/g, '').replace(/\s/g, ''));
  } catch {
    throw invalid;
  }
  const mime = await parseMime(source);
  if (mime === undefined) throw invalid;
  if (mime.refused !== undefined) throw new GraphFault('ErrorMimeContentInvalid', 400, mime.refused);
  return mime;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Exchange reads names in any case: `Message`, `ToRecipients` and `EmailAddress` are what scripts often write. */
function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.charAt(0).toLowerCase() + name.slice(1), named(inner)]),
  );
}
