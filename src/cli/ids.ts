import { type Call, UsageError } from './command.ts';

/** The ids of a command line, `count` of them. @throws {UsageError} */
export function idsOf({ positionals, command }: Call, count: 1): readonly [string] {
  const [id] = positionals;
  if (id === undefined || positionals.length !== count) {
    throw new UsageError(`${command} takes the id of one message or entry. Try: offline-im ${command} --help`);
  }
  return [id];
}
