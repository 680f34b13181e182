/** The Retry-After header in ms: seconds, or a date by the server's clock where it gave one. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return positiveMs(`${value}000`);
  const wait = Date.parse(value) - (dateOf(headers) ?? now);
  return wait > 0 ? wait : undefined;
}

/** The server's own time, from the Date header. */
export function dateOf(headers: Headers): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date;
}

/** A text that is a whole number above 0, as a number; a server writes 0 for "no hint". */
export function positiveMs(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,15}$/.test(value)) return undefined;
  const number = Number(value);
  return number > 0 ? number : undefined;
}
