/** Which items of a batch something is about. */
export type ItemSelection = 'all' | readonly number[];

/**
 * Everything that can go wrong, as plain data: it can be sent to a simulator in another process.
 * {@link FaultBuilder} has a method for each, with its consequences.
 */
export type Fault =
  | {
      readonly kind: 'serverBusy';
      readonly form: 'fault' | 'item';
      readonly status: number;
      readonly backOff?: number;
      readonly items: ItemSelection;
    }
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'soapFault'; readonly code: string; readonly status: number; readonly processed: boolean }
  | {
      readonly kind: 'responseCode';
      readonly code: string;
      readonly items: ItemSelection;
      readonly processed: boolean;
      readonly responseClass: 'Error' | 'Warning';
    }
  | {
      readonly kind: 'partialBatch';
      readonly processed: number;
      readonly answer: 'fault' | 'fewer';
      readonly code: string;
    }
  | { readonly kind: 'resetBefore' }
  | { readonly kind: 'lostResponse'; readonly after: number }
  | { readonly kind: 'truncated'; readonly after: number }
  | { readonly kind: 'hang'; readonly processed: boolean }
  | { readonly kind: 'drip'; readonly chunkBytes: number; readonly interval: number }
  | { readonly kind: 'delay'; readonly delay: number }
  | { readonly kind: 'copyStoredSendFailed'; readonly code: string; readonly unsent: boolean; readonly items: ItemSelection }
  | { readonly kind: 'draftOnSendAsDenied'; readonly items: ItemSelection }
  | { readonly kind: 'lateCopy'; readonly delay: number; readonly items: ItemSelection }
  | { readonly kind: 'heldInOutbox'; readonly delay: number; readonly items: ItemSelection }
  | {
      readonly kind: 'graphError';
      readonly code: string;
      readonly status: number;
      readonly message: string | undefined;
      readonly headers: Readonly<Record<string, string>>;
      readonly processed: boolean;
    }
  | { readonly kind: 'staysInDrafts'; readonly delay: number | undefined; readonly submitted: boolean }
  | { readonly kind: 'sentTwice' | 'messageIdRewritten' | 'withoutExpanded' | 'partsShuffled' | 'partsMissing' }
  | { readonly kind: 'alsoHeaders'; readonly headers: Readonly<Record<string, string>> };

/** What is done with one item of a request, and what is answered. */
export type ItemPlan =
  | { readonly do: 'everything'; readonly answer?: PlannedAnswer; readonly twice?: boolean; readonly rewriteId?: boolean }
  | { readonly do: 'nothing'; readonly answer: PlannedAnswer }
  | { readonly do: 'copy-only'; readonly unsent: boolean; readonly answer: PlannedAnswer }
  | { readonly do: 'draft-only'; readonly answer: PlannedAnswer }
  | { readonly do: 'copy-late'; readonly delay: number }
  | { readonly do: 'hold-in-outbox'; readonly delay: number }
  /** Graph only. Without a delay it stays there for ever, and is never sent. */
  | { readonly do: 'stay-in-drafts'; readonly delay: number | undefined; readonly submitted: boolean }
  /** Not processed, and no answer either. */
  | { readonly do: 'silence' };

/** An answer in place of the real one. */
interface PlannedAnswer {
  readonly responseClass: 'Error' | 'Warning';
  readonly code: string;
  readonly backOff?: number;
}

const everything: ItemPlan = { do: 'everything' };

/** What a fault makes of the item at that index. */
export function planOf(fault: Fault | undefined, index: number): ItemPlan {
  switch (fault?.kind) {
    case 'serverBusy': {
      if (!selects(fault.items, index)) return everything;
      const answer = { responseClass: 'Error', code: 'ErrorServerBusy' } as const;
      return { do: 'nothing', answer: fault.backOff === undefined ? answer : { ...answer, backOff: fault.backOff } };
    }
    case 'responseCode':
      if (!selects(fault.items, index)) return everything;
      return { do: fault.processed ? 'everything' : 'nothing', answer: fault };
    case 'partialBatch':
      return index < fault.processed ? everything : { do: 'silence' };
    case 'copyStoredSendFailed':
      if (!selects(fault.items, index)) return everything;
      return { do: 'copy-only', unsent: fault.unsent, answer: { responseClass: 'Error', code: fault.code } };
    case 'draftOnSendAsDenied':
      if (!selects(fault.items, index)) return everything;
      return { do: 'draft-only', answer: { responseClass: 'Error', code: 'ErrorSendAsDenied' } };
    case 'lateCopy':
      return selects(fault.items, index) ? { do: 'copy-late', delay: fault.delay } : everything;
    case 'heldInOutbox':
      return selects(fault.items, index) ? { do: 'hold-in-outbox', delay: fault.delay } : everything;
    case 'staysInDrafts':
      return { do: 'stay-in-drafts', delay: fault.delay, submitted: fault.submitted };
    case 'sentTwice':
      return { do: 'everything', twice: true };
    case 'messageIdRewritten':
      return { do: 'everything', rewriteId: true };
    case 'graphError':
    case 'withoutExpanded':
    case 'partsShuffled':
    case 'partsMissing':
    case 'alsoHeaders':
    case 'http':
    case 'soapFault':
    case 'resetBefore':
    case 'lostResponse':
    case 'truncated':
    case 'hang':
    case 'drip':
    case 'delay':
    case undefined:
      return everything;
  }
}

function selects(items: ItemSelection, index: number): boolean {
  return items === 'all' || items.includes(index);
}
