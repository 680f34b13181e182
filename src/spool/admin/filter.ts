import { addressKey } from '../../message/address.ts';
import type { Reason, SpoolEntry, SpoolState } from '../contract.ts';
import type { EntryFilter } from './contract.ts';

/** Whether a state is an end. */
export function hasEnded(state: SpoolState): boolean {
  return state === 'delivered' || state === 'dead' || state === 'cancelled';
}

type Filtered = Pick<SpoolEntry, 'state' | 'lane' | 'to' | 'acceptedAt'> & { readonly reason?: Reason | undefined };

/** Whether an entry fits a filter. */
export function fits(filter: EntryFilter, { state, lane, to, acceptedAt, reason }: Filtered): boolean {
  const { recipient, since, until, code } = filter;
  if (filter.state !== undefined && filter.state !== state) return false;
  if (filter.lane !== undefined && filter.lane !== lane) return false;
  if (since !== undefined && acceptedAt < since) return false;
  if (until !== undefined && acceptedAt >= until) return false;
  if (code !== undefined && reason?.code !== code) return false;
  if (recipient === undefined) return true;
  const wanted = addressKey({ address: recipient });
  return to.some((one) => addressKey(one) === wanted);
}
