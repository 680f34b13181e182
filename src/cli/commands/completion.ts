import type { Call, Command } from '../command.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';

const shells: Readonly<Record<string, (commands: readonly Command[]) => string>> = { bash, zsh, fish };

/** A script for a shell, made of the table of commands. */
export async function run({ output, positionals, commands }: Call): Promise<ExitCode> {
  const [shell = ''] = positionals;
  const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (script === undefined || positionals.length !== 1)
    throw new UsageError('completion takes the name of a shell: bash, zsh or fish.');
  if (output.json) output.document({ shell, script: script(commands) });
  else output.raw(script(commands));
  return exitCodes.ok;
}

const optionsOf = ({ options }: Command): readonly string[] =>
  [...Object.keys(options), 'json', 'help'].map((name) => `--${name}`);
const names = (commands: readonly Command[]): string => commands.map(({ name }) => name).join(' ');

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    ${command.name}) words='${optionsOf(command).join(' ')}' ;;`);
  return `_offline_im() {
  local words
  if [ "$COMP_CWORD" -eq 1 ]; then words='${names(commands)} --help --version'
  else case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='' ;;
  esac; fi
  COMPREPLY=()
  case "\${COMP_WORDS[COMP_CWORD]}" in
    -*) COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
    *) [ "$COMP_CWORD" -eq 1 ] && COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")) || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
  esac
}
complete -o filenames -F _offline_im offline-im
`;
}

/** zsh can use the script for bash. */
function zsh(commands: readonly Command[]): string {
  return `autoload -Uz compinit bashcompinit\n(( $+functions[compdef] )) || compinit\nbashcompinit\n${bash(commands)}`;
}

function fish(commands: readonly Command[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => [
    `complete -c offline-im -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
    ...Object.entries(command.options).map(
      ([name, { type, help }]) =>
        `complete -c offline-im -n ${quoted(`__fish_seen_subcommand_from ${command.name}`)} -l ${name}${type === 'string' ? ' -r' : ''} -d ${quoted(help)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
