import { afterEach, describe, expect, it } from 'vitest';
import { randomFrom } from '../support/random.ts';
import { rewrittenXml } from '../support/rewritten-xml.ts';
import { check, checkOneOfThree, closeScene } from './support/bent-scene.ts';
import { type Bend, bendKinds, bendsOf, bentXml, severalOf } from './support/bent-xml.ts';

/** The extent: every n-th deviation alone, and several together this many times. */
export interface Extent {
  readonly every: number;
  readonly several: number;
  readonly seed: number;
}

const ofOneItem = /^(?:Item|ItemId|ExtendedProperty|ExtendedFieldURI)\//;
const ofOneAnswer = /^CreateItemResponseMessage\//;
const named = ({ kind, path }: Bend): string => `${path} ${kind}`;

let known: readonly Bend[] | undefined;
async function allBends(): Promise<readonly Bend[]> {
  if (known !== undefined) return known;
  const { journal } = await check({});
  await closeScene();
  known = bendsOf(journal.map(({ responseBody }) => responseBody).filter((body) => body.startsWith('<?xml')));
  return known;
}

/** Responses with an element or attribute unlike those of Exchange: every verdict is compared with the content of the mailboxes. */
export function bentAnswers({ every, several, seed }: Extent): void {
  afterEach(closeScene);
  /** Each error names the deviation. */
  const tried = async (bends: readonly Bend[], act: () => Promise<unknown>): Promise<void> => {
    await act().catch((error: unknown) => {
      throw new Error(`${bends.map(named).join(' + ')}: ${error instanceof Error ? error.message : error}`, { cause: error });
    });
    await closeScene();
  };

  describe('in every response', () => {
    it.each(bendKinds)('something may be %s', async (kind) => {
      const bends = (await allBends()).filter((bend) => bend.kind === kind);
      expect(bends.length).toBeGreaterThan(30);
      for (const [at, bend] of bends.entries()) {
        if (at % every === seed % every) await tried([bend], () => check({ on: (answer) => bentXml(answer, [bend]) }));
      }
    });

    it('several things may be, under other prefixes', async () => {
      const bends = await allBends();
      const random = randomFrom(seed);
      for (let time = 0; time < several; time++) {
        const some = severalOf(bends, 2 + Math.floor(random() * 2), random);
        await tried(some, () => check({ on: (answer) => rewrittenXml(bentXml(answer, some), { random }) }));
      }
    });
  });

  it('one odd response or item does not affect the notes beside it', async () => {
    const bends = await allBends();
    for (const [at, bend] of bends.entries()) {
      if (at % every !== seed % every) continue;
      if (ofOneAnswer.test(bend.path)) await tried([bend], () => checkOneOfThree({ answer: bend }));
      if (ofOneItem.test(bend.path)) await tried([bend], () => checkOneOfThree({ item: bend }));
    }
  });
}
