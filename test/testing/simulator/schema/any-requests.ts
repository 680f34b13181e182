import { expect, it } from 'vitest';
import { operations } from '../../../../src/testing/simulator/operations/table.ts';
import { deviations } from '../../../../src/testing/simulator/schema/tolerances.ts';
import { schemaAvailable, validateBody } from '../../../support/ews-schema.ts';
import { randomFrom } from '../../../support/random.ts';
import { anyRequest, chanceOf, spelt, startWorld, type World } from '../../support/any-request.ts';

/** ms of real time, for a hanging request. */
const longest = 60_000;

/** Every operation is requested in all forms that the schema allows. */
export function anyRequests({ seed, runs }: { readonly seed: number; readonly runs: number }): void {
  it.each(Object.keys(operations))(
    `%s answers any request valid by the schema with a valid response (seed ${seed}, ${runs} runs)`,
    async (operation) => {
      const world = await startWorld();
      const start = world.exchange.snapshot();
      for (let run = seed; run < seed + runs; run++) {
        await ask(world, operation, run).catch((error: unknown) => {
          throw new Error(`seed ${run}: ${error instanceof Error ? error.message : error}`, { cause: error });
        });
        world.exchange.restore(start);
      }
      await world.exchange.close();
    },
  );
}

async function ask(world: World, operation: string, seed: number): Promise<void> {
  const random = randomFrom(seed * 7919 + operation.length);
  const request = spelt(anyRequest(operation, chanceOf(world, random)), random);
  if (schemaAvailable) expect(validateBody(request)).toEqual([]);
  const { status, text } = await answered(world.ask(request));
  const codes = [...text.matchAll(/<[\w:]*ResponseCode[^>]*>([^<]*)</g)].map(([, code]) => code);
  // An operation that is not simulated says so, without a code.
  if (status === 500)
    expect([codes.length === 0, /is not simulated/.test(text)]).toEqual([codes.length === 0, codes.length === 0]);
  else expect([status, validateBody(asInSchema(operation, text))]).toEqual([200, []]);
  expect(codes).not.toContain('ErrorSchemaValidation');
  expect(codes).not.toContain('ErrorInternalServerError');
}

async function answered<One>(answer: Promise<One>): Promise<One> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the request hangs')), longest);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Where Exchange departs from its own schema, so does the simulator. */
function asInSchema(operation: string, text: string): string {
  return Object.values(deviations)
    .filter((one) => one.operation === operation)
    .reduce(
      (judged, { written, schema }) =>
        judged.replaceAll(`<${written}>`, `<${schema}>`).replaceAll(`</${written}>`, `</${schema}>`),
      text,
    );
}
