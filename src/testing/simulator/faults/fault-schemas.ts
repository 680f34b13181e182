import type { Fault } from './fault.ts';
import { type JsonSchema, objectOf } from './json-schema.ts';

const flag = (description: string): JsonSchema => ({ type: 'boolean', default: false, description });
const ms = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });
const share = (value: number): JsonSchema => ({
  type: 'number',
  minimum: 0,
  maximum: 1,
  default: value,
  description: 'Share of the body, 0 to 1.',
});
const code = (value?: string): JsonSchema => ({
  type: 'string',
  description: 'A response code.',
  ...(value === undefined ? {} : { default: value }),
});
const headers: JsonSchema = { type: 'object', additionalProperties: { type: 'string' }, default: {} };
const status = (value?: number): JsonSchema => ({
  type: 'integer',
  minimum: 200,
  maximum: 599,
  ...(value === undefined ? {} : { default: value }),
});
const items: JsonSchema = {
  oneOf: [
    { type: 'string', enum: ['all'] },
    { type: 'array', items: { type: 'integer', minimum: 0 } },
  ],
  default: 'all',
  description: 'Items of the request, counted from 0, or all.',
};
const processed = flag('The request is processed all the same.');

/** What each kind of fault has. Whatever has a default may be left out. */
const kinds: Readonly<Record<Fault['kind'], Readonly<Record<string, JsonSchema>>>> = {
  serverBusy: {
    form: { type: 'string', enum: ['fault', 'item'], default: 'fault' },
    status: { type: 'integer', enum: [200, 500], default: 500 },
    backOff: ms('The back-off that the server asks for, in ms.'),
    items,
  },
  http: { status: status(), headers, body: { type: 'string', default: '' } },
  soapFault: { code: code(), status: { type: 'integer', enum: [200, 500], default: 500 }, processed },
  responseCode: {
    code: code(),
    items,
    processed,
    responseClass: { type: 'string', enum: ['Error', 'Warning'], default: 'Error' },
  },
  partialBatch: {
    processed: { type: 'integer', minimum: 0, description: 'How many items are processed.' },
    answer: { type: 'string', enum: ['fault', 'fewer'], default: 'fault' },
    code: code('ErrorInternalServerError'),
  },
  resetBefore: {},
  lostResponse: { after: share(0) },
  truncated: { after: share(0.5) },
  hang: { processed },
  drip: { chunkBytes: { type: 'integer', minimum: 1, default: 1 }, interval: { ...ms('Between two chunks.'), default: 100 } },
  delay: { delay: ms('Before anything is processed. Adds to any other fault.') },
  copyStoredSendFailed: { code: code('ErrorInternalServerTransientError'), unsent: flag('The copy looks like a draft.'), items },
  draftOnSendAsDenied: { items },
  lateCopy: { delay: ms('From the send to the saved copy.'), items },
  heldInOutbox: { delay: ms('From the answer to the send.'), items },
  graphError: {
    code: code(),
    status: status(500),
    message: { type: 'string', description: 'Instead of the usual text.' },
    headers,
    processed,
  },
  staysInDrafts: {
    delay: ms('Until it is sent; if omitted, it never is.'),
    submitted: flag('It has been handed over to transport.'),
  },
  sentTwice: {},
  messageIdRewritten: {},
  withoutExpanded: {},
  partsShuffled: {},
  partsMissing: {},
  alsoHeaders: { headers },
};

const optional = ['backOff', 'message'];

/** What a fault does. */
export const faultSchema: JsonSchema = {
  description: 'What goes wrong.',
  oneOf: Object.entries(kinds).map(([kind, properties]) =>
    objectOf({ kind: { type: 'string', const: kind }, ...properties }, kind === 'staysInDrafts' ? ['delay'] : optional),
  ),
};

/** Which requests it strikes. */
export const selectorSchema: JsonSchema = {
  ...objectOf(
    {
      operation: { type: 'string', description: 'Such as CreateItem or sendMail, or * for all.' },
      nth: { type: 'integer', minimum: 1, description: 'Only the nth matching request from now on.' },
      every: { type: 'integer', minimum: 1, description: 'Every nth matching request.' },
      times: { type: 'integer', minimum: 1, description: 'At most this many times.' },
      probability: { type: 'number', minimum: 0, maximum: 1 },
      seed: { type: 'integer', minimum: 0, description: 'The same seed selects the same requests.' },
      login: { type: 'string', description: 'Only requests of that login.' },
      mailbox: { type: 'string', description: 'Only requests for that mailbox.' },
      recipient: { type: 'string', description: 'Only requests that name that recipient.' },
    },
    ['nth', 'every', 'times', 'probability', 'seed', 'login', 'mailbox', 'recipient'],
  ),
  description: 'Which requests get the fault; all conditions must hold.',
};
