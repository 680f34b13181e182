/** What is no answer to a look for stranded drafts; the rest is in test/transport/stranded-drafts.test.ts, for both transports. */
import { describe, expect, it } from 'vitest';
import { useHarness } from '../support/harness.ts';
import { message, response } from '../support/responses.ts';

const alice = { address: 'alice@contoso.test' };
const { signal } = new AbortController();

describe('odd answers', () => {
  const h = useHarness();
  it.each([
    response('FindItem', []),
    response('FindItem', [message('FindItem', 'NoError', { content: '' })]),
    response('GetItem', []),
  ])('%#', async (body) => {
    h.server.handler = () => ({ body });
    await expect(h.transport().findStrandedDrafts(alice, { signal })).rejects.toMatchObject({ code: 'RESPONSE_UNREADABLE' });
  });
});
