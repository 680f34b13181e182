/** Responses of a real EWS server, as received: data only, one exchange per file. */
import { readdirSync, readFileSync } from 'node:fs';

/** One exchange. */
export interface Recording {
  readonly name: string;
  readonly operation: string | null;
  /** A sentence on what it shows. */
  readonly what: string;
  readonly request: { readonly body: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

const folder = new URL('../recordings/server/', import.meta.url);

/** All recordings, by name. */
export const recordings: ReadonlyMap<string, Recording> = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const recording = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recording;
      return [file.slice(0, -'.json'.length), recording];
    }),
);

/** The recording that a test is about. */
export function recording(name: string): Recording {
  const found = recordings.get(name);
  if (found === undefined) throw new Error(`there is no recording ${name}`);
  return found;
}

/** Status, headers and body of the response. The length is computed again, since ids and tags may have been replaced. */
export function answerOf(
  { response }: Recording,
  body = response.body,
): { status: number; headers: Record<string, string>; body: string } {
  const headers = Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const kept = headers.filter(([name]) => name !== 'content-length' && name !== 'connection' && name !== 'keep-alive');
  return { status: response.status, headers: Object.fromEntries(kept), body };
}

/** The response messages of a recorded response, each as XML, and the XML around them. */
export function messagesOf({ response: { body } }: Recording): { head: string; messages: readonly string[]; tail: string } {
  const messages = body.match(/<m:\w+ResponseMessage[ >].*?<\/m:\w+ResponseMessage>/gs) ?? [];
  const [first] = messages;
  if (first === undefined) throw new Error('an answer without response messages');
  const from = body.indexOf(first);
  return { head: body.slice(0, from), messages, tail: body.slice(from + messages.join('').length) };
}
