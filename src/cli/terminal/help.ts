import type { Command, CommandOptions } from '../command.ts';
import { wrapped } from './width.ts';

/** Columns of a terminal of unknown width, or of none. */
const unlimited = 10_000;

/** Names and descriptions: side by side, or below one another if that leaves too little room. */
function listing(rows: readonly (readonly [name: string, help: string])[], columns: number): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const side = width + 4;
  const below = columns - side < 24;
  const indent = ' '.repeat(below ? 6 : side);
  return rows
    .map(([name, help]) => {
      const text = wrapped(help, columns - indent.length, indent);
      return below ? `  ${name}\n${indent}${text}` : `  ${name.padEnd(width)}  ${text}`;
    })
    .join('\n');
}

/** What `offline-im --help` prints. */
export function overview(commands: readonly Command[], columns = unlimited): string {
  const lines = commands.map(({ name, summary }) => [name, summary] as const);
  return `Usage: offline-im COMMAND [OPTIONS]

${listing(lines, columns)}

${wrapped('The spool is a folder, an SQLite file or a PostgreSQL URL: --spool, or OFFLINE_IM_SPOOL.', columns)}
${wrapped('Every command takes --json. Exit codes: 0 ok, 1 failed, 2 usage, 3 found something wrong, 4 owner does not respond, 130 interrupted.', columns)}

${listing(
  [
    ['offline-im COMMAND --help', 'options and examples of a command'],
    ['offline-im --version', 'its version'],
  ],
  columns,
)}
`;
}

/** What `offline-im COMMAND --help` prints. */
export function helpOf({ name, usage, summary, examples }: Command, options: CommandOptions, columns = unlimited): string {
  const shown = Object.entries(options).map(([option, { short, type, value, help }]) => {
    const names = `${short === undefined ? '' : `-${short}, `}--${option}`;
    return [type === 'string' ? `${names} ${value ?? 'VALUE'}` : names, help] as const;
  });
  const samples = examples.map(([line, purpose]) => `  # ${purpose}\n  ${line}`);
  return `${wrapped(summary, columns)}

Usage: offline-im ${name}${usage === '' ? '' : ` ${usage}`}

Options:
${listing(shown, columns)}

Examples:
${samples.join('\n')}
`;
}
