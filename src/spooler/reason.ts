import type { EventReason } from '../observability/events.ts';

/** An error as events and entries carry it. */
export function reasonOf(error: { readonly code?: unknown; readonly message: string; readonly details?: unknown }): EventReason {
  const { code, details } = error as { code?: EventReason['code']; details?: { responseCode?: unknown } };
  const serverCode = details?.responseCode;
  return {
    code: code ?? 'TRANSPORT_FAILED',
    reason: error.message,
    ...(typeof serverCode === 'string' ? { serverCode } : {}),
  };
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
