import { quoted } from '../core/errors/quote.ts';
import { asError } from '../core/errors/thrown.ts';
import { closeName } from '../core/options.ts';
import { parseAddress } from '../message/address.ts';
import type { Secrets } from './config/secrets.ts';
import { type ExitCode, UsageError } from './exit-codes.ts';
import type { Output } from './terminal/output.ts';

/** An option as `node:util` parses it, and as `--help` shows it. */
interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in `--help`: `N`, `MAILBOX`. */
  readonly value?: string;
  readonly help: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** One line of the table of commands. Its code is loaded only when it is called. */
export interface Command {
  readonly name: string;
  /** What follows the name: `[ID…]`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: CommandOptions;
  /**
   * How it ends on a signal: `in order` takes the time it needs, such as to finish requests in flight; `at once` has nothing to finish. Others get some seconds, since what
   * they wait for, such as a database, may never answer.
   */
  readonly ends?: 'in order' | 'at once';
  /** Command lines and their purposes. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
  load(): Promise<CommandModule>;
}

/** The file of a command. */
interface CommandModule {
  run(call: Call): Promise<ExitCode>;
}

/** How a command was called. */
export interface Call {
  readonly command: string;
  /** The whole table. */
  readonly commands: readonly Command[];
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Texts that no output may repeat. */
  readonly secrets: Secrets;
  /** Aborts at SIGINT and SIGTERM, with the signal's name as its reason, and when the output is no longer read. */
  readonly signal: AbortSignal;
  /** Everything on standard input. */
  input(): Promise<string>;
  /** Asks the person at the terminal; `undefined` where there is none. */
  ask(question: string): Promise<string | undefined>;
}

/** The value of a string option. */
export function textOption({ values }: Pick<Call, 'values'>, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws {UsageError} */
export function numberOption(call: Pick<Call, 'values'>, name: string, least: number, most: number): number | undefined {
  const value = textOption(call, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new UsageError(`--${name} is ${quoted(value)}; expected a whole number from ${least} to ${most}.`);
}

/** A sentence lists up to this many choices. */
const mostListed = 12;

/** @throws {UsageError} */
export function choiceOption<const T extends string>(
  call: Pick<Call, 'values'>,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = textOption(call, name);
  if (value === undefined) return undefined;
  const choice = choices.find((one) => one === value);
  if (choice !== undefined) return choice;
  const nearest = closeName(value, choices);
  const expected =
    choices.length <= mostListed
      ? choices.join(', ')
      : nearest === undefined
        ? `one of ${choices.length}, such as ${choices.slice(0, 3).join(', ')}`
        : `one of ${choices.length}; the nearest one is ${nearest}`;
  throw new UsageError(`--${name} is ${quoted(value)}; expected ${expected}.`);
}

/** The ids of a command line, `count` of them. @throws {UsageError} */
export function idsOf({ positionals, command }: Call, count: 1): readonly [string] {
  const [id] = positionals;
  if (id === undefined || positionals.length !== count) {
    throw new UsageError(`${command} takes the id of one message or entry. Try: offline-im ${command} --help`);
  }
  return [id];
}

/** Checks an address from the command line. @throws {UsageError} */
export function checkedAddress(value: string, where: string): string {
  try {
    parseAddress(value, 'ADDRESS_INVALID');
    return value;
  } catch (error) {
    throw new UsageError(`${where}: ${asError(error).message}`);
  }
}
