import { expect, it } from 'vitest';
import { schemaAvailable } from '../support/ews-schema.ts';
import { playScene } from './support/imagined-scene.ts';

/** Responses that Microsoft's schema allows but no server wrote: every verdict is compared with what the imagined server did. */
export function schemaAnswers({ seed, runs }: { readonly seed: number; readonly runs: number }): void {
  it(`optional content allowed by the schema changes no verdict (seed ${seed}, ${runs} runs)`, async () => {
    const drawn = { answers: new Map<string, number>(), judged: schemaAvailable };
    for (let run = seed; run < seed + runs; run++) {
      await playScene(run, drawn).catch((error: unknown) => {
        throw new Error(`seed ${run}: ${error instanceof Error ? error.message : error}`, { cause: error });
      });
    }
    for (const operation of ['CreateItem', 'FindItem', 'FindFolder', 'CreateFolder', 'GetFolder', 'DeleteItem'])
      expect([operation, drawn.answers.get(operation) ?? 0]).toEqual([operation, expect.toSatisfy((count: number) => count > 0)]);
  });
}
