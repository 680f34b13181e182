import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asError } from '../../core/errors/thrown.ts';
import { startExchangeSimulator } from '../../testing/simulator/simulator.ts';
import { type Call, choiceOption, numberOption, textOption, UsageError } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

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
  await using exchange = await startExchangeSimulator({ mailboxes, port, profile, randomSeed, tls: values.tls === true });
  exchange.seed(seed as Parameters<typeof exchange.seed>[0]);
  const { url, graphUrl, ca } = exchange;
  if (output.json) output.document({ url, graphUrl, mailboxes, ...(ca === undefined ? {} : { ca }) });
  else {
    output.line(`EWS    ${url}`);
    output.line(`Graph  ${graphUrl}`);
    output.line(`Mailboxes (any password): ${mailboxes.join(', ')}`);
    if (ca !== undefined) output.line(ca.trimEnd());
  }
  await new Promise<void>((stop) => {
    if (signal.aborted) stop();
    else signal.addEventListener('abort', () => stop(), { once: true });
  });
  return exitCodes.ok;
}

async function readSeed(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--data: ${path} can't be read as JSON: ${asError(error).message}`);
  }
}
