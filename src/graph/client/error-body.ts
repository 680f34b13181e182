import { ruleOf } from '../outcome/error-codes.ts';
import { field, listField, parseJson, textField } from './json.ts';
import type { GraphError } from './reply.ts';

/** Codes inside of codes, at most. */
const deepest = 6;

/**
 * What the body of an error says: https://learn.microsoft.com/graph/errors. `innerError` is spelled in two ways, and nested.
 * Undefined when it is not in Graph's shape. `isOurs` tells what the server only repeats of the request: no such word is kept.
 */
export function readError(text: string, headers: Headers, isOurs: (word: string) => boolean): GraphError | undefined {
  const read = parseJson(text);
  const outermost = field('value' in read ? read.value : undefined, 'error');
  if (typeof outermost !== 'object' || outermost === null) {
    const byHeader = whoIsThrottled('', headers);
    return byHeader === undefined ? undefined : { codes: [], throttled: byHeader };
  }
  const codes: string[] = [];
  const addCode = (error: unknown): void => {
    const code = field(error, 'code');
    if (typeof code === 'string' && isCode(code) && (ruleOf(code) !== undefined || !isOurs(code))) codes.push(code);
  };
  let said = '';
  for (let error: unknown = outermost, depth = 0; depth < deepest && typeof error === 'object' && error !== null; depth++) {
    addCode(error);
    for (const detail of listField(error, 'details')?.slice(0, 10) ?? []) addCode(detail);
    const message = textField(error, 'message', 10_000);
    if (message !== undefined) said += message;
    error = field(error, 'innerError') ?? field(error, 'innererror');
  }
  const throttled = whoIsThrottled(said, headers);
  return throttled === undefined ? { codes } : { codes, throttled };
}

/** Whether a text can be an error code: nothing else of a server's words is ever kept. */
function isCode(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.]{0,99}$/.test(text);
}

/** The text is looked at for the names of limits only: "Application is over its MailboxConcurrency limit" is about a mailbox. */
function whoIsThrottled(said: string, headers: Headers): GraphError['throttled'] {
  if (/mailbox/i.test(said)) return 'mailbox';
  return headers.has('x-ms-throttle-scope') || /\b(application|tenant)\b/i.test(said) ? 'application' : undefined;
}
