import { parseArgs } from 'node:util';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { asError, property } from '../core/errors/thrown.ts';
import { closeName } from '../core/options.ts';
import type { Call, Command, CommandOptions } from './command.ts';
import { commands } from './commands.ts';
import { Secrets } from './config/secrets.ts';
import { type ExitCode, exitCodes, UsageError } from './exit-codes.ts';
import { helpOf, overview } from './terminal/help.ts';
import { Output, type Streams } from './terminal/output.ts';
import { atShell } from './terminal/remedies.ts';

/** The environment of a command line. */
export interface Surroundings extends Pick<Call, 'env' | 'cwd' | 'signal' | 'input' | 'ask'> {
  readonly streams: Streams;
  readonly version: string;
}

/** Options of every command. */
const common = {
  json: { type: 'boolean', help: 'One JSON document instead of text.' },
  help: { type: 'boolean', short: 'h', help: 'Shows this help.' },
} as const satisfies CommandOptions;

/** Runs a command line, without the name of the program. Never rejects. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const secrets = new Secrets();
  const json = args.includes('--json');
  try {
    return await dispatch(args, surroundings, secrets);
  } catch (error) {
    if (isInterruption(error, surroundings.signal)) return exitCodes.interrupted;
    return fail(error, surroundings.streams, json, secrets);
  }
}

/** Whether an error only means that the command was told to end. Other failures, such as storage that can't be closed, are reported as always. */
function isInterruption(error: unknown, { aborted, reason }: AbortSignal): boolean {
  if (!aborted) return false;
  const seen = new Set<unknown>();
  for (let one = error; one !== undefined && !seen.has(one); one = property(one, 'cause')) {
    // An error made from the thrown reason has it as its message.
    if (one === reason || property(one, 'name') === 'AbortError' || property(one, 'message') === reason) return true;
    seen.add(one);
  }
  return false;
}

async function dispatch(args: readonly string[], surroundings: Surroundings, secrets: Secrets): Promise<ExitCode> {
  const { streams, version, ...rest } = surroundings;
  const [name = '--help', ...others] = args;
  const plain = new Output(streams, false, (text) => secrets.mask(text));
  if (name === '--version') {
    plain.line(version);
    return exitCodes.ok;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const [wanted] = others.filter((one) => !one.startsWith('-'));
    const about = commands.find((one) => one.name === wanted);
    if (about === undefined && wanted !== undefined) throw unknownCommand(wanted);
    plain.raw(
      about === undefined ? overview(commands, streams.columns) : helpOf(about, { ...about.options, ...common }, streams.columns),
    );
    return exitCodes.ok;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) throw unknownCommand(name);
  const options = { ...command.options, ...common };
  const { values, positionals } = parsed(command, others, options);
  if (values.help === true) {
    plain.raw(helpOf(command, options, streams.columns));
    return exitCodes.ok;
  }
  const [first] = positionals;
  if (command.usage === '' && first !== undefined) {
    throw new UsageError(`${name} takes only options, not ${quoted(first)}. Try: offline-im ${name} --help`);
  }
  const { run: carryOut } = await command.load();
  const output = new Output(streams, values.json === true, (text) => secrets.mask(text));
  const work = carryOut({ ...rest, secrets, commands, command: command.name, values, positionals, output });
  return command.ends === 'in order' ? await work : await endingInTime(work, rest.signal, command.ends);
}

/** ms that a command has to end after a signal. */
const grace = 5_000;

/** Limits the wait after a signal, since the command may wait for ever. Nothing is lost: every command may be killed at any time. */
async function endingInTime(work: Promise<ExitCode>, signal: AbortSignal, ends: Command['ends']): Promise<ExitCode> {
  let timer: NodeJS.Timeout | undefined;
  let told: (() => void) | undefined;
  const late = new Promise<ExitCode>((resolve) => {
    told = () => {
      // A reader that closed the output did not tell it to end.
      if (signal.reason === 'unread') return;
      timer = setTimeout(() => resolve(exitCodes.interrupted), ends === 'at once' ? 0 : grace);
    };
    if (signal.aborted) told();
    else signal.addEventListener('abort', told, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    if (told !== undefined) signal.removeEventListener('abort', told);
  }
}

function parsed(command: Command, args: readonly string[], options: CommandOptions): Pick<Call, 'values' | 'positionals'> {
  const config = Object.entries(options).map(([name, { type, short, multiple }]) => [
    name,
    { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
  ]);
  try {
    return parseArgs({ args: [...args], options: Object.fromEntries(config), allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${asError(error).message.split(/\.\s/)[0]}. Try: offline-im ${command.name} --help`);
  }
}

function unknownCommand(name: string): UsageError {
  const nearest = closeName(
    name,
    commands.map((one) => one.name),
  );
  const meant = nearest === undefined ? '' : `; the nearest one is ${nearest}`;
  return new UsageError(`Unknown command ${quoted(name)}${meant}. Try: offline-im --help`);
}

/** Prints the error to standard error. */
function fail(thrown: unknown, streams: Streams, json: boolean, secrets: Secrets): ExitCode {
  const error = asError(thrown);
  const output = new Output({ ...streams, out: streams.err, colours: streams.errColours === true }, json, (text) =>
    secrets.mask(text),
  );
  const code = error instanceof OfflineImError ? error.code : error instanceof UsageError ? 'USAGE' : 'FAILED';
  const message = atShell(error);
  if (json) output.document({ error: { code, message } });
  else output.line(`${output.style('red', 'offline-im:')} ${message}${error instanceof OfflineImError ? ` [${code}]` : ''}`);
  if (error instanceof UsageError) return exitCodes.usage;
  return code === 'SPOOL_LOCKED' ? exitCodes.noOwner : exitCodes.failed;
}
