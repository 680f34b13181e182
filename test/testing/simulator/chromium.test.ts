/** In a real Chromium: an exchange without a port needs nothing of Node. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { startChromium } from '../../support/chromium.ts';

/** For browsers, with nothing left out and no substitutes for Node modules. */
async function bundled(): Promise<string> {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(import.meta.dirname, 'browser', 'page.ts')],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  return outputFiles[0]?.text ?? '';
}

describe('an exchange in a page', () => {
  it('stores, lists, sends and fails as elsewhere', async ({ skip }) => {
    const script = await bundled();
    const chromium = await startChromium().catch(() => undefined);
    if (chromium === undefined) return skip('Chromium cannot start here');
    try {
      const page = await chromium.context.newPage();
      await page.addScriptTag({ content: script });
      expect(await page.evaluate('everyday()')).toEqual({
        subjects: ['Seeded'],
        status: 202,
        received: ['Hi'],
        lost: 'TypeError: fetch failed',
        started: expect.stringContaining('Use createExchange() and its fetch.'),
      });
    } finally {
      await chromium.close();
    }
  });
});
