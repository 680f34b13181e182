import { Html, html } from './html.ts';
import type { DashboardUser } from './options.ts';

/** The context of every page. */
export interface View {
  readonly basePath: string;
  readonly user: DashboardUser;
  /** The token of its forms. */
  readonly token: string;
  /** The action just done. */
  readonly done: string | undefined;
}

/** Allows no script but the page's own file, nothing from another origin, and no frame around it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const headers: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function page({ basePath, user, done }: View, title: string, body: Html, status = 200): Response {
  const { text } = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Offline IM</title>
<link rel="stylesheet" href="${basePath}/dashboard.css">
<script src="${basePath}/dashboard.js" defer></script>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
<nav aria-label="Pages"><strong>Offline IM</strong> <a href="${basePath}/">Overview</a> <a href="${basePath}/messages">Messages</a> <a href="${basePath}/messages?state=dead">Dead letters</a></nav>
<span class="user">Signed in as <bdi>${user.user}</bdi></span>
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${done === undefined ? undefined : html`<p class="done" role="status">${done}</p>`}
${body}
</main>
</body>
</html>`;
  return new Response(`<!doctype html>\n${text}`, {
    status,
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
  });
}

/** A form that changes something, signed for its user. */
export function form({ basePath, token }: View, path: string, fields: Html, button: string): Html {
  return html`<form method="post" action="${basePath}${path}"><input type="hidden" name="token" value="${token}">${fields}<button>${button}</button></form>`;
}

export function hidden(values: Readonly<Record<string, string | undefined>>): Html {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return new Html(given.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`.text).join(''));
}

export function timeOf(date: Date | number | undefined): Html {
  if (date === undefined) return html`–`;
  const text = new Date(date).toISOString().replace(/\.\d+Z$/, 'Z');
  return html`<time datetime="${text}">${text}</time>`;
}
