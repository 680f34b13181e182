import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultDataFile } from './data.ts';

/** Arguments of the demo; without any it does its thing. */
export interface DemoOptions {
  /** `--data <file>`: another data file. */
  readonly dataFile: string;
  /** `--drop <message id>`: the sending process secretly leaves that message out; the demo must notice. */
  readonly drop: string | undefined;
  /** `--limit <seconds>`: when to give up. */
  readonly limit: number;
}

export function readOptions(): DemoOptions {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, drop: { type: 'string' }, limit: { type: 'string', default: '90' } },
  });
  const limit = Number(values.limit);
  if (!(limit > 0 && limit <= 3_600)) throw new Error(`--limit is ${values.limit}; expected seconds, up to 3600.`);
  return { dataFile: values.data ?? fileURLToPath(defaultDataFile), drop: values.drop, limit };
}
