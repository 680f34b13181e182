import { afterAll, beforeAll, describe } from 'vitest';
import { browserTests } from './browser.ts';
import { contentTests } from './contents.ts';
import { declarationTests } from './declarations.ts';
import { moduleTests } from './modules.ts';
import { type Packed, pack } from './packed.ts';
import { sizeTests } from './sizes.ts';

// One file, since all of it uses one build.
let packed: Packed | undefined;
const current = (): Packed => {
  if (packed === undefined) throw new Error('The package was not built.');
  return packed;
};

beforeAll(async () => {
  packed = await pack();
});
afterAll(() => packed?.remove());

describe('the tarball', () => contentTests(current));
describe('its size', () => sizeTests(current));
describe('its modules', () => moduleTests(current));
describe('its entries for browsers', () => browserTests(current));
describe('its types', () => declarationTests(current));
