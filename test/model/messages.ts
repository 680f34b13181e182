import fc from 'fast-check';
import type { OutgoingMessage } from '../../src/message/message.ts';

/** Part of the text of every message, and of nothing else. */
export const textMarker = '§text§';

/** Part of every password and token, and of nothing else. */
export const secretMarker = 'hush-hush-hush';

/** A message of the host: recipients, conversation, options. */
export interface Draft {
  readonly to: readonly string[];
  readonly from: string | undefined;
  readonly conversationId: string | undefined;
  /** ms from the send. */
  readonly expiresIn: number | undefined;
}

const bob = 'sip:bob@contoso.com';
const carol = 'sip:carol@contoso.com';
const felix = 'sip:felix@fabrikam.com';

/** Few streams, so that messages meet: two internal, one external, a group, a group of both audiences. */
export const anyDraft: fc.Arbitrary<Draft> = fc.record({
  to: fc.constantFrom([bob], [bob], [carol], [bob, carol], [bob, felix], [felix]),
  from: fc.constantFrom(undefined, undefined, undefined, 'sip:dave@contoso.com', 'sip:erin@contoso.com'),
  conversationId: fc.constantFrom(undefined, undefined, 'c1'),
  expiresIn: fc.constantFrom(undefined, undefined, undefined, undefined, 600_000, 3_000_000),
});

/** The scope of the promised order, apart from the audience. */
export function streamOf({ to, from = 'sip:alice@contoso.com', conversationId }: OutgoingMessage): string {
  return JSON.stringify([from, conversationId ?? [to].flat().toSorted()]);
}

/** Text of the message of the nth send. */
export function textOf(n: number): string {
  return `${textMarker}${n}.`;
}
