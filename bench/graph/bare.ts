/** What one would write by hand: an object, JSON.stringify and fetch. It sends and reads the very same bytes. */
import type { Note } from '../../src/transport/contract.ts';
import type { Contender } from '../ews/contender.ts';

export const token = 'eyJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJl';

/** What sendMail is asked for. */
export function messageOf({ subject, body, to, tag }: Note): object {
  return {
    message: {
      subject,
      body: { contentType: body.type, content: body.content },
      toRecipients: to.map(({ address, name }) => ({ emailAddress: { address, name } })),
      internetMessageId: `<${tag.replace('/', '=2f')}@contoso.test>`,
      singleValueExtendedProperties: [
        { id: 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag', value: tag },
        { id: 'String 0x001A', value: 'IPM.Note.Microsoft.Missed' },
      ],
    },
    saveToSentItems: true,
  };
}

export function pathOf({ from }: Note): string {
  return `/users/${encodeURIComponent(from.address)}/sendMail`;
}

export function bare(root: string): Contender {
  return {
    name: 'fetch',
    send: async (notes) => {
      for (const note of notes) {
        const response = await fetch(`${root}/v1.0${pathOf(note)}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            authorization: `Bearer ${token}`,
            'client-request-id': crypto.randomUUID(),
            'return-client-request-id': 'true',
          },
          body: JSON.stringify(messageOf(note)),
        });
        await response.text();
        if (response.status !== 202) throw new Error('not accepted');
      }
    },
  };
}
