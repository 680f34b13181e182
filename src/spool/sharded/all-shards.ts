import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { SpoolContext, SpoolStorage } from '../contract.ts';
import { Shard } from './shard.ts';

type Question<Answer> = (storage: SpoolStorage<unknown>) => Promise<Answer>;

/** The answer of one shard. */
interface Answered<Answer> {
  readonly shard: Shard;
  readonly answer: Answer;
}

/** ms for which an opening waits for the other shards once one is open. */
const longestOpening = 10_000;

/**
 * Opens all shards; resolves once they are open or have failed, or a while after the first one is open: the others are then opened while it works. Rejects where
 * a shard fails with an error that time can't mend, which waits as long for the others, or all of them fail.
 */
export async function openAll(shards: readonly Shard[], context: SpoolContext): Promise<void> {
  const errors = new Map<Shard, unknown>();
  const left = new Set(shards);
  const tooLong = Promise.withResolvers<void>();
  let isOver = false;
  let cancel: (() => void) | undefined;
  const hurry = (): void => {
    if (!isOver) cancel ??= context.clock.setTimer(tooLong.resolve, longestOpening);
  };
  const opening = shards.map(async (shard) => {
    try {
      await shard.open(context);
      hurry();
    } catch (error) {
      if (isOver) shard.failed(error);
      else errors.set(shard, error);
      if (Shard.isLasting(error)) hurry();
    } finally {
      left.delete(shard);
    }
  });
  await Promise.race([Promise.all(opening), tooLong.promise]);
  cancel?.();
  isOver = true;
  const found = [...errors.values()];
  const fatal = found.find((error) => Shard.isLasting(error)) ?? (errors.size === shards.length ? found[0] : undefined);
  if (fatal !== undefined) {
    // Nobody waits for those that are still being opened; they are closed then.
    await Promise.allSettled(
      shards.flatMap((shard) => (left.has(shard) ? [void shard.close().catch(() => {})] : [shard.close()])),
    );
    throw fatal;
  }
  for (const [shard, error] of errors) shard.failed(error);
  for (const shard of left) {
    const text = `The shard ${shard.name} has not opened within ${longestOpening} ms; its messages wait.`;
    shard.warn(new OfflineImError('SPOOL_FAILED', text, { details: { shard: shard.name } }));
  }
}

/**
 * Asks every shard that may be asked, and leaves out those that are late. Rejects where all of those that answer fail.
 *
 * @param late Called with an answer that comes too late
 */
export async function askAll<Answer>(
  shards: readonly Shard[],
  question: Question<Answer>,
  late?: (answer: Answer, shard: Shard) => void,
  ms?: number,
): Promise<readonly Answered<Answer>[]> {
  const answers: Answered<Answer>[] = [];
  const errors: unknown[] = [];
  const asking = shards
    .filter((shard) => shard.admits())
    .map(async (shard) => {
      try {
        const answered = await shard.briefly(shard.ask(question), (answer) => late?.(answer, shard), ms);
        if (answered !== undefined) answers.push({ shard, answer: answered.answer });
      } catch (error) {
        errors.push(error);
      }
    });
  await Promise.all(asking);
  if (answers.length === 0 && errors.length > 0) throw errors[0];
  return answers;
}

/**
 * Asks every shard for something that one of them has. Waits for those that are late only while no other has it, and not without end: as a database that has vanished
 * would be waited for.
 *
 * @throws what a shard threw, or {@link OfflineImError} `SPOOL_FAILED` for one that did not answer, where no other has it
 */
export async function lookUp<Answer>(
  shards: readonly Shard[],
  question: Question<Answer>,
  isFound: (answer: Answer) => boolean,
): Promise<readonly Answered<Answer>[]> {
  const asked = shards.map((shard) => ({ shard, answer: shard.ask(question) }));
  for (const isLast of [false, true]) {
    const settled = await Promise.allSettled(
      asked.map(async ({ shard, answer }) => {
        const answered = await (isLast ? shard.lastGlance(answer) : shard.glance(answer));
        return answered !== undefined && isFound(answered.answer) ? [{ shard, answer: answered.answer }] : [];
      }),
    );
    const found = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    if (found.length > 0) return found;
    const failed = settled.find((one) => one.status === 'rejected');
    if (isLast && failed !== undefined) throw failed.reason;
  }
  return [];
}
