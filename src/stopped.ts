import { OfflineImError } from './core/errors/offline-im-error.ts';

/** What whoever comes too late is told. */
export function senderStopped(text = 'This sender has been stopped; make a new one.'): OfflineImError {
  return new OfflineImError('SENDER_STOPPED', text);
}
