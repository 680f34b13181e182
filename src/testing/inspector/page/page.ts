import type { FrontResponse } from '../../simulator/http/front.ts';
import { script } from './script.ts';
import { scriptViews } from './script-views.ts';
import { style } from './style.ts';

/** Nothing from elsewhere, nothing inline; bodies of items are framed from here, and have a stricter policy of their own. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const document = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Simulated Exchange</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script type="module" src="app.js"></script>
</head>
<body>
<header>
<h1>Simulated Exchange</h1>
<label class="search"><span class="hidden">Search</span><input id="search" type="search" placeholder="Search (press /)" autocomplete="off"></label>
<button id="compose" type="button">Compose</button>
<button id="faults" type="button">Faults</button>
<button id="reset" type="button">Reset</button>
<button id="theme" type="button" aria-label="Colours: as in the system">Auto</button>
<button id="help" type="button" aria-label="Keyboard shortcuts">?</button>
</header>
<nav aria-label="Mailboxes and journal" id="places"></nav>
<main>
<section aria-labelledby="list-title" id="list-pane"><h2 id="list-title" tabindex="-1">Items</h2><ul id="list"></ul></section>
<section aria-label="Details" id="details" tabindex="-1"><p class="empty">Choose an item or a request.</p></section>
</main>
<p id="status" role="status"></p>
<dialog id="dialog" aria-labelledby="dialog-title"></dialog>
</body>
</html>
`;

const files: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  '/_exchange/': { type: 'text/html', text: document },
  '/_exchange/app.js': { type: 'text/javascript', text: `${script}\n${scriptViews}` },
  '/_exchange/style.css': { type: 'text/css', text: style },
};

/** A file of the page; undefined where there is none of that name. */
export function pageFile(path: string): FrontResponse | undefined {
  if (path === '/_exchange') return { kind: 'answer', status: 308, headers: { location: '/_exchange/' }, body: '' };
  const file = Object.hasOwn(files, path) ? files[path] : undefined;
  if (file === undefined) return undefined;
  const headers = {
    'content-type': `${file.type}; charset=utf-8`,
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  return { kind: 'answer', status: 200, headers, body: file.text };
}
