import { whenAborted } from '../abort.ts';
import { sleep } from '../clock.ts';
import { OfflineImError } from '../errors/index.ts';
import type { SpoolerContext } from './spooler-context.ts';

/** Deadlines of a request that one call of a transport may take: it may have to log in, to find a folder, to try again. */
const deadlines = 20;
/** ms that an aborted call still has to tell what became of it. */
const grace = 5_000;

/** The answer of a patience that was not needed. */
const unneeded = new Promise<never>(() => undefined);

/**
 * Calls a transport, and gives it up when it neither ends nor minds its signal: else its notes, and their place among the requests of the mailbox, would
 * be held until the process ends. After that nobody knows what it did.
 *
 * @throws {OfflineImError} `TRANSPORT_FAILED`, and what the call throws
 */
export async function withPatience<Result>(
  { clock, options, signal }: Pick<SpoolerContext, 'clock' | 'options' | 'signal'>,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const patience = deadlines * options.deadline;
  const abort = new AbortController();
  const over = new AbortController();
  const forget = whenAborted(signal, () => abort.abort());
  const giveUp = async (): Promise<never> => {
    if (!(await sleep(clock, patience, over.signal))) return unneeded;
    abort.abort();
    if (!(await sleep(clock, grace, over.signal))) return unneeded;
    const text = `The transport gave no answer within ${patience + grace} ms and did not obey its signal; it was given up.`;
    throw new OfflineImError('TRANSPORT_FAILED', text);
  };
  try {
    return await Promise.race([call(abort.signal), giveUp()]);
  } finally {
    over.abort();
    forget();
    // Whatever it still holds: mayWrite() and a new request of it fail from now on.
    abort.abort();
  }
}
