import type { Command, CommandOptions } from './command.ts';

/** What `offline-im --help` prints. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: offline-im COMMAND [OPTIONS]

${lines.join('\n')}

The spool is a folder, an SQLite file or a PostgreSQL URL: --spool, or OFFLINE_IM_SPOOL.
Every command takes --json. Exit codes: 0 ok, 1 failed, 2 usage, 3 found something wrong, 4 no owner answers, 130 interrupted.

  offline-im COMMAND --help   options and examples of a command
  offline-im --version
`;
}

/** What `offline-im COMMAND --help` prints. */
export function helpOf({ name, usage, summary, examples }: Command, options: CommandOptions): string {
  const shown = Object.entries(options).map(([option, { short, type, value, help }]) => {
    const names = `${short === undefined ? '' : `-${short}, `}--${option}`;
    return [type === 'string' ? `${names} ${value ?? 'VALUE'}` : names, help] as const;
  });
  const width = Math.max(...shown.map(([names]) => names.length));
  const lines = shown.map(([names, help]) => `  ${names.padEnd(width)}  ${help}`);
  const samples = examples.map(([line, purpose]) => `  # ${purpose}\n  ${line}`);
  return `${summary}

Usage: offline-im ${name}${usage === '' ? '' : ` ${usage}`}

Options:
${lines.join('\n')}

Examples:
${samples.join('\n')}
`;
}
