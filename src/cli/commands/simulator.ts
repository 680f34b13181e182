import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hasCode } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { asError } from '../../core/errors/thrown.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { startSeeded } from '../../testing/simulator/simulator.ts';
import { isLoopback } from '../../transport/fetch.ts';
import { type Call, choiceOption, numberOption, textOption } from '../command.ts';
import { type ExitCode, UsageError, untilStopped } from '../exit-codes.ts';
import { checkReadable, withoutMark } from '../readable-file.ts';
import { listenError } from '../terminal/remedies.ts';

const profiles = ['exchange-2010', 'exchange-2013', 'exchange-2016', 'exchange-2019', 'exchange-online'] as const;

export async function run(call: Call): Promise<ExitCode> {
  const { output, values, signal, cwd } = call;
  const port = numberOption(call, 'port', 0, 65_535) ?? 0;
  const randomSeed = numberOption(call, 'random-seed', 0, 4_294_967_295) ?? 1;
  const profile = choiceOption(call, 'profile', profiles) ?? 'exchange-2016';
  const given = Array.isArray(values.mailbox) ? values.mailbox.map(String) : [];
  const mailboxes = given.length === 0 ? ['alice@contoso.test', 'bob@contoso.test'] : given;
  const file = textOption(call, 'data');
  const seed = file === undefined ? {} : await readSeed(resolve(cwd, file));
  const [host, token] = [textOption(call, 'host'), textOption(call, 'token')];
  const clock = choiceOption(call, 'clock', ['system', 'manual']) === 'manual' ? new ManualClock(Date.now()) : undefined;
  const options = {
    ...{ mailboxes, port, profile, randomSeed, tls: values.tls === true },
    ...(host === undefined ? {} : { host }),
    ...(token === undefined ? {} : { token }),
    ...(clock === undefined ? {} : { clock }),
  };
  await using exchange = await startSeeded(options, seed).catch((error: unknown) => {
    throw asUsage(listenError(error, host ?? '127.0.0.1', port));
  });
  const { url, graphUrl, pageUrl, apiUrl, ca } = exchange;
  if (output.json) output.document({ url, graphUrl, pageUrl, apiUrl, mailboxes, ...(ca === undefined ? {} : { ca }) });
  else {
    output.line(`EWS    ${url}`);
    output.line(`Graph  ${graphUrl}`);
    if (token === undefined && !isLoopback(new URL(url).hostname)) {
      output.line(
        'The page and the API are disabled, because the simulator listens beyond this machine: start it with --token TEXT to enable them.',
      );
    } else {
      output.line(`Page   ${pageUrl}${token === undefined ? '' : '?token=…'}`);
      output.line(`API    ${apiUrl}`);
    }
    output.line(`Mailboxes (any password): ${mailboxes.join(', ')}`);
    if (ca !== undefined) output.raw(`${ca.trimEnd()}\n`);
  }
  // Awaited, or the server would be closed at once.
  return await untilStopped(signal);
}

/** Refusals of the simulator come from the command line, or from the file that it names. */
function asUsage(error: Error): Error {
  return hasCode(error, 'OPTION_INVALID') ? new UsageError(error.message.replace(/^startExchangeSimulator\(\): /, '--')) : error;
}

/** A seed as `exchange.load()` takes it; `{ "file": "hello.eml" }` names a message beside the JSON. */
async function readSeed(path: string): Promise<unknown> {
  await checkReadable(path);
  let seed: unknown;
  try {
    seed = JSON.parse(withoutMark(await readFile(path, 'utf8')));
  } catch (error) {
    throw new UsageError(`--data: ${quoted(path)} can't be read as JSON: ${asError(error).message}`);
  }
  return withFiles(seed, dirname(path));
}

async function withFiles(value: unknown, folder: string): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => withFiles(one, folder)));
  if (typeof value !== 'object' || value === null) return value;
  if ('file' in value && typeof value.file === 'string' && Object.keys(value).length === 1) {
    const path = resolve(folder, value.file);
    await checkReadable(path);
    return { eml: await readFile(path) };
  }
  const entries = Object.entries(value).map(async ([name, inner]) => [name, await withFiles(inner, folder)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
