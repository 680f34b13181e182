import type { HandleQuery } from '../../admin/filters.ts';
import type { Call } from '../command.ts';

/** ms between two progress lines. */
const interval = 2_000;

/** Options that show the progress of a long operation at a terminal, and let Ctrl-C end it. */
export function courseOf({ output, signal }: Pick<Call, 'output' | 'signal'>): Pick<HandleQuery, 'signal' | 'onProgress'> {
  let toldAt = performance.now();
  return {
    signal,
    onProgress({ looked, found, changed }) {
      if (!output.terminal || performance.now() - toldAt < interval) return;
      toldAt = performance.now();
      output.note(`${looked} entries read, ${changed > 0 ? `${changed} changed` : `${found} found`} …`);
    },
  };
}
