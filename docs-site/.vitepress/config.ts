import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const sidebar = JSON.parse(readFileSync(new URL('sections.json', import.meta.url), 'utf8'));

export default defineConfig({
  title: 'offline-im',
  description: 'Skype for Business Offline IM for any application',
  lastUpdated: false,
  appearance: true,
  // Angle brackets and braces in prose are text: these pages are read on other sites too, where they are no components.
  markdown: {
    html: false,
    config: (md) => {
      const text = md.renderer.rules.text ?? ((tokens, index) => md.utils.escapeHtml(tokens[index].content));
      md.renderer.rules.text = (...args) => text(...args).replaceAll('{{', '&#123;&#123;');
    },
    // As GitHub makes them, so that `error.help` leads to the section here and there.
    anchor: {
      slugify: (heading) =>
        heading
          .trim()
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
          .replaceAll(' ', '-'),
    },
  },
  // The index of the search is one chunk.
  vite: { build: { chunkSizeWarningLimit: 10_000 } },
  themeConfig: { sidebar, search: { provider: 'local' }, outline: [2, 3] },
});
