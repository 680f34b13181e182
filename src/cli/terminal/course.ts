import type { HandleQuery } from '../../admin/filters.ts';
import type { Call } from '../command.ts';

/** ms between two lines that say how far it has come. */
const interval = 2_000;

/** How what looks at many entries is followed at a terminal, and ended by Ctrl-C. */
export function courseOf({ output, signal }: Pick<Call, 'output' | 'signal'>): Pick<HandleQuery, 'signal' | 'onProgress'> {
  let toldAt = performance.now();
  return {
    signal,
    onProgress({ looked, found, changed }) {
      if (!output.terminal || performance.now() - toldAt < interval) return;
      toldAt = performance.now();
      output.note(`${looked} entries looked at, ${changed > 0 ? `${changed} changed` : `${found} found`} …`);
    },
  };
}
