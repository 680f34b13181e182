import { domainOf } from '../../../../core/text.ts';
import type { Login } from '../../access/access.ts';
import type { Exchange } from '../../exchange.ts';
import type { Fault, ItemPlan } from '../../faults/fault.ts';
import type { ParsedMime } from '../../mime/parse.ts';
import type { SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { GraphFault } from '../errors.ts';
import type { MessageShape } from '../json/message-json.ts';
import type { Preferences } from '../json/prefer.ts';
import type { Route } from '../routes.ts';

/** What an operation of Graph works with. */
export interface GraphContext {
  readonly exchange: Exchange;
  readonly login: Login;
  /** What the token may do; undefined: everything. */
  readonly permissions: readonly string[] | undefined;
  readonly mailbox: SimulatedMailbox;
  readonly route: Route;
  /** JSON of the request, read. */
  readonly body: unknown;
  /** The message of a request whose body is MIME. */
  readonly mime: ParsedMime | undefined;
  readonly prefer: Preferences;
  /** Root and version, for links. */
  readonly base: string;
  readonly fault: Fault | undefined;
  readonly plan: ItemPlan;
}

/** An answer of Graph. */
export interface GraphAnswer {
  readonly status: number;
  /** JSON; undefined: no body. */
  readonly json?: unknown;
  /** A body that is no JSON. */
  readonly raw?: { readonly type: string; readonly bytes: Uint8Array };
}

/** Throws what Graph answers when none of these permissions is there. A `Mail.ReadWrite` may read too. */
export function requirePermission({ permissions }: Pick<GraphContext, 'permissions'>, ...names: readonly string[]): void {
  if (permissions === undefined || names.some((name) => permissions.includes(name))) return;
  throw new GraphFault('ErrorAccessDenied');
}

/** Ids for what a request brings. */
export function newIds({ exchange: { registry }, mailbox }: GraphContext): {
  readonly messageId: () => string;
  readonly attachmentId: () => string;
} {
  return {
    messageId: () => registry.newMessageId(domainOf(mailbox.address)),
    attachmentId: () => registry.newAttachmentId(),
  };
}

/** How messages are written for who asks. */
export function shapeFor({ prefer, exchange: { registry } }: GraphContext): Pick<MessageShape, 'body' | 'idOf'> {
  return {
    body: prefer.body,
    idOf: prefer.immutableIds ? (item: SimulatedItem) => registry.immutableIdOf(item) : undefined,
  };
}

/** The bytes of a string with a character for each. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
