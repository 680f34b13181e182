import type { ExtendedProperty } from './extended-property.ts';

/** Bits of the message flags, property tag 0x0E07 (MS-OXCMSG 2.2.1.6). */
export const messageFlag = { read: 0x1, unmodified: 0x2, submitted: 0x4, unsent: 0x8, fromMe: 0x20 } as const;

/** How an item came to lie where it lies; its message flags follow from that. */
export type ItemState =
  /** Arrived from somebody. */
  | 'received'
  /** The sender's copy of what was sent. */
  | 'sent-copy'
  /** Never sent. */
  | 'draft'
  /** In the Outbox, on its way out. */
  | 'pending';

/** The flags an item of that state carries. */
export function flagsOf(state: ItemState): number {
  switch (state) {
    case 'received':
      return messageFlag.unmodified;
    case 'sent-copy':
      return messageFlag.read | messageFlag.fromMe;
    case 'draft':
      return messageFlag.read | messageFlag.unsent | messageFlag.fromMe;
    case 'pending':
      return messageFlag.read | messageFlag.submitted | messageFlag.unsent | messageFlag.fromMe;
  }
}

/** The flags among properties that a client sets; undefined where it sets none. Another type is another property. */
export function flagsIn(properties: readonly ExtendedProperty[]): number | undefined {
  const value = properties.find(({ path }) => path.tag === 0x0e07 && path.type === 'Integer')?.value;
  return typeof value === 'string' ? Number(value) : undefined;
}

/** How an item came, or the flags that it is to have. */
export type Arrival = ItemState | { readonly messageFlags: number };

/** What an item's place says of how it came. */
export function arrivedAs(state: Arrival, now: Date): { readonly messageFlags: number; readonly receivedAt?: Date } {
  if (typeof state !== 'string') return { messageFlags: state.messageFlags };
  const messageFlags = flagsOf(state);
  return state === 'received' ? { messageFlags, receivedAt: now } : { messageFlags };
}
