/** The progress of a worker. */
export type Moment = 'spawned' | 'opening' | 'ready' | 'sending';

/** When a worker is killed. */
export interface Kill {
  readonly moment: Moment;
  /** Delay after that, ms. */
  readonly after: number;
  /** Kills the worker started last, since the others are past that point. */
  readonly newest: boolean;
}

/**
 * A third of the kills happens before the worker is ready, one of any three, to interrupt opening, recovery and locking too. The
 * very first is one of them, since a new storage is created only once. Of the others, a third happens while calls of `send()` are
 * certainly in progress.
 */
export function killPlan(kills: number, random: () => number): Kill[] {
  let early = 0;
  return Array.from({ length: kills }, (_, kill): Kill => {
    if (kill % 3 === 0) early = kill === 0 ? 0 : Math.floor(random() * 3);
    if (kill % 3 === early) {
      // Starting Node takes most of that time; every other kill waits until the spool is being opened, which takes a few ms.
      if (kill === 0 || random() < 0.5) return { moment: 'opening', after: random() ** 2 * 60, newest: true };
      return { moment: 'spawned', after: random() * 400, newest: true };
    }
    if (random() < 1 / 3) return { moment: 'sending', after: random() ** 2 * 40, newest: true };
    return { moment: 'ready', after: random() * 500, newest: false };
  });
}
