import { decodeText, utf8Length } from '../../../core/text.ts';
import type { FrontRequest } from './front.ts';

/** Whether a text takes more bytes than that; no character takes more than three of them. */
export const isLonger = (text: string, bytes: number): boolean => text.length * 3 > bytes && utf8Length(text) > bytes;

/** The text of a request as its front hands it on; empty, and refused later, where the bytes are in no encoding that is known here. */
export function decodedBody(bytes: Uint8Array, contentType: string | undefined): Pick<FrontRequest, 'body' | 'undecodable'> {
  const body = decodeText(bytes, contentType ?? '');
  return body === undefined ? { body: '', undecodable: true } : { body };
}
