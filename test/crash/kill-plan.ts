/** What a worker has come to. */
export type Moment = 'spawned' | 'opening' | 'ready' | 'sending';

/** When a worker is killed. */
export interface Kill {
  readonly moment: Moment;
  /** ms after it. */
  readonly after: number;
  /** Strikes the worker that was started last, for the others are past that moment. */
  readonly newest: boolean;
}

/**
 * A third of the kills comes before the worker is ready, one of any three, so that opening, recovery and the taking of locks are cut off too; the very
 * first one, since a new storage is made only once. Of the others a third comes while calls of `send()` are sure to be under way.
 */
export function killPlan(kills: number, random: () => number): Kill[] {
  let early = 0;
  return Array.from({ length: kills }, (_, kill): Kill => {
    if (kill % 3 === 0) early = kill === 0 ? 0 : Math.floor(random() * 3);
    if (kill % 3 === early) {
      // Starting Node takes most of the time from the start on; every other one waits until the spool is being opened, which takes some ms.
      if (kill === 0 || random() < 0.5) return { moment: 'opening', after: random() ** 2 * 60, newest: true };
      return { moment: 'spawned', after: random() * 400, newest: true };
    }
    if (random() < 1 / 3) return { moment: 'sending', after: random() ** 2 * 40, newest: true };
    return { moment: 'ready', after: random() * 500, newest: false };
  });
}
