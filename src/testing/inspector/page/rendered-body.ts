import type { SimulatedItem } from '../../simulator/store/item.ts';
import { bodyAs } from '../../simulator/xml/item-body.ts';

/** Nothing runs, nothing is loaded, nothing is sent, whatever the body says and wherever it is opened. */
const policy =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/** The body of an item as a page of its own. */
export function renderedBody({ body }: SimulatedItem): { text: string; type: string; headers: Readonly<Record<string, string>> } {
  const style =
    '<meta charset="utf-8"><style>body{font:15px/1.5 system-ui,sans-serif;margin:16px;color:#111;background:#fff}pre{font:inherit;white-space:pre-wrap;margin:0}</style>';
  return {
    text: `<!DOCTYPE html>${style}${bodyAs(body, 'HTML').content}`,
    type: 'text/html',
    headers: { 'content-security-policy': policy },
  };
}
