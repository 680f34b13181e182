import { OfflineImError } from '../../core/errors/offline-im-error.ts';

/** What to do at a shell, where the sentence of an error speaks to a program. */
const remedies: Readonly<Partial<Record<string, string>>> = {
  SPOOL_NOT_MIGRATED: 'if that is the schema you mean, offline-im migrate with the same --spool and --schema',
  SPOOL_KEY_MISSING: 'name them as keys and routingKey in offline-im.config.json',
  SPOOL_RESTORED:
    'offline-im list --code SPOOL_RESTORED, offline-im cancel what was sent, then offline-im release --code SPOOL_RESTORED',
};

/** The sentence of an error or a warning, with what to do at a shell. */
export function atShell(error: Error): string {
  const remedy = error instanceof OfflineImError ? remedies[error.code] : undefined;
  return remedy === undefined ? error.message : `${error.message} To do: ${remedy}`;
}
