import { asError } from '../../../core/errors/thrown.ts';
import type { JournalEntry } from '../../simulator/http/journal.ts';
import { type ApiCall, ApiError, type ApiRoute, notFound } from './route.ts';
import { entryShape, itemShape } from './shapes.ts';

const after = { description: 'Only entries with a higher number.', integer: true } as const;

/** What was asked and answered, and waiting for it. */
export const journalRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/journal',
    operationId: 'listJournal',
    summary: 'Requests since the start or the last reset, oldest first, without their bodies.',
    query: { after, limit: { description: 'How many of the newest to return at most; 1000 by default.', integer: true } },
    status: 200,
    answer: 'Journal',
    run({ exchange, query }) {
      const { after: number = 0, limit = 1000 } = query;
      const later = exchange.journal.filter((entry) => entry.number > Number(number));
      const shown = Number(limit) === 0 ? [] : later.slice(-Number(limit));
      return { json: { total: exchange.journal.length, entries: shown.map(entryShape) } };
    },
  },
  {
    method: 'GET',
    path: '/journal/stream',
    operationId: 'streamJournal',
    summary:
      'Server-sent events: `request` with a JournalEntry for each request, those there are first; `change` when something in a mailbox changes; `reset` after a reset or restore.',
    query: { after },
    status: 200,
    answer: 'text/event-stream',
    run: (call) => ({ stream: streamOf(call) }),
  },
  {
    method: 'GET',
    path: '/journal/{number}',
    operationId: 'getJournalEntry',
    summary: 'One request with both bodies.',
    status: 200,
    answer: 'JournalExchange',
    errors: [404],
    run({ exchange, path }) {
      const entry = exchange.journal.find(({ number }) => String(number) === path.number);
      if (entry === undefined) throw notFound(`journal entry ${path.number}`);
      return { json: { ...entryShape(entry), requestBody: entry.requestBody, responseBody: entry.responseBody } };
    },
  },
  {
    method: 'GET',
    path: '/wait',
    operationId: 'waitForMessage',
    summary: 'The first matching message in an Inbox, as soon as it arrives.',
    query: {
      mailbox: { description: 'Only in that mailbox.' },
      subject: { description: 'Only with that subject.' },
      timeout: { description: 'ms; 5000 by default.', integer: true },
    },
    status: 200,
    answer: 'Item',
    errors: [408],
    async run({ exchange, query }) {
      const { mailbox, subject, timeout = 5000 } = query;
      const meant = (item: { mailbox: string; subject: string }): boolean =>
        (mailbox === undefined || item.mailbox === String(mailbox).toLowerCase()) &&
        (subject === undefined || item.subject === subject);
      try {
        return { json: itemShape(await exchange.waitForMessage(meant, { timeout: Number(timeout) })) };
      } catch (error) {
        throw new ApiError(408, 'EXPECTATION_FAILED', asError(error).message);
      }
    },
  },
];

function streamOf({
  core,
  query,
  headers,
}: ApiCall): Extract<Awaited<ReturnType<ApiRoute['run']>>, { stream: unknown }>['stream'] {
  return (sink) => {
    const say = (event: string, data: object, id?: number): void =>
      sink.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    const tell = (entry: JournalEntry): void => say('request', entryShape(entry), entry.number);
    const { entries } = core.journal;
    // A browser that comes back says what it has; after a reset, or a restart of the simulator, that is more than there is.
    const known = Number(headers['last-event-id'] ?? query.after ?? 0);
    const isReset = known > (entries.at(-1)?.number ?? 0);
    sink.write('retry: 1000\n\n');
    if (isReset) say('reset', {}, 0);
    for (const entry of entries) if (entry.number > known || isReset) tell(entry);
    let [told, open] = [true, true];
    const silences = [
      core.journal.listen((entry) => (entry === undefined ? say('reset', {}, 0) : tell(entry))),
      // Once for all that changes in one turn.
      core.exchange.registry.watch(() => {
        if (!told) return;
        told = false;
        queueMicrotask(() => {
          told = true;
          if (open) say('change', {});
        });
      }),
    ];
    return () => {
      open = false;
      for (const silence of silences) silence();
    };
  };
}
