import type { Login } from '../../access/access.ts';
import type { Exchange } from '../../exchange.ts';
import type { Fault, ItemPlan } from '../../faults/fault.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { GraphFault } from '../errors.ts';
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
}

/** Throws what Graph answers when none of these permissions is there. A `Mail.ReadWrite` may read too. */
export function requirePermission({ permissions }: GraphContext, ...names: readonly string[]): void {
  if (permissions === undefined || names.some((name) => permissions.includes(name))) return;
  throw new GraphFault('ErrorAccessDenied');
}
