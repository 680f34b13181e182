import { parseArgs } from 'node:util';
import type { TransportChoice } from './worker-options.ts';

/** Options of `torture-cli.ts`. */
export interface CliOptions {
  readonly torture: {
    readonly spool: 'file' | 'sqlite' | 'postgres';
    readonly transport: TransportChoice;
    readonly kills: number;
    readonly messages: number;
    readonly workers: number;
    readonly mailboxes: number;
    readonly seed: number;
    readonly loss: number;
  };
  readonly disturb: boolean;
  /** Puts a PgBouncer in transaction mode in front of the server it starts. */
  readonly pgbouncer: boolean;
  readonly connection: string | undefined;
}

/** @throws {Error} that says what was expected: a run with a wrong number would kill no worker, or send nothing, and pass. */
export function cliOptions(args: readonly string[]): CliOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      spool: { type: 'string', default: 'file' },
      transport: { type: 'string', default: 'ews' },
      kills: { type: 'string' },
      messages: { type: 'string' },
      workers: { type: 'string' },
      mailboxes: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      loss: { type: 'string', default: '0.15' },
      disturb: { type: 'boolean', default: false },
      pgbouncer: { type: 'boolean', default: false },
      connection: { type: 'string' },
    },
  });
  const { spool, transport } = values;
  if (spool !== 'file' && spool !== 'sqlite' && spool !== 'postgres') throw wrong('spool', spool, 'file, sqlite or postgres');
  if (transport !== 'ews' && transport !== 'graph' && transport !== 'both') {
    throw wrong('transport', transport, 'ews, graph or both');
  }
  const onlyOne = spool === 'file';
  const whole = (
    name: 'kills' | 'messages' | 'workers' | 'mailboxes' | 'seed',
    byDefault: number,
    least: number,
    most?: number,
  ) => {
    const text = values[name];
    if (text === undefined) return byDefault;
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least && number <= (most ?? number)) return number;
    throw wrong(name, text, most === undefined ? `a whole number, ${least} or more` : `a whole number from ${least} to ${most}`);
  };
  const loss = Number(values.loss);
  if (!/^\d*\.?\d+$/.test(values.loss) || loss >= 1)
    throw wrong('loss', values.loss, 'a number from 0 up to, but not including, 1');
  const torture = {
    spool,
    transport,
    kills: whole('kills', onlyOne ? 50 : 200, 0),
    messages: whole('messages', onlyOne ? 5_000 : 20_000, 1),
    workers: onlyOne ? whole('workers', 1, 1, 1) : whole('workers', 3, 1),
    mailboxes: whole('mailboxes', onlyOne ? 1 : 20, 1),
    seed: whole('seed', 0, 0),
    loss,
  } as const;
  const { disturb, pgbouncer, connection } = values;
  if (pgbouncer && (spool !== 'postgres' || connection !== undefined))
    throw wrong('pgbouncer', 'true', '--spool postgres, and no --connection');
  return { torture, disturb, pgbouncer, connection };
}

function wrong(name: string, text: string, expected: string): Error {
  return new Error(`--${name} is ${JSON.stringify(text)}; expected ${expected}.`);
}
