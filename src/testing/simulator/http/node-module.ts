import { OfflineImError } from '../../../core/errors/offline-im-error.ts';

/** The modules of Node that a server needs. */
interface NodeModules {
  readonly crypto: typeof import('node:crypto');
  readonly http: typeof import('node:http');
  readonly https: typeof import('node:https');
}

/**
 * A module of Node, asked for when it is needed and not before: so that `offline-im/testing` has no import that a browser or a bundler for
 * browsers would stumble over.
 *
 * @throws OPTION_INVALID where there is no Node.
 */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  const found: unknown = globalThis.process?.getBuiltinModule?.(`node:${name}`);
  if (found !== undefined) return found as NodeModules[Name];
  throw new OfflineImError(
    'OPTION_INVALID',
    `startExchangeSimulator() listens on a port, and this runtime has no ${name} module of Node. Use createExchange() and its fetch.`,
  );
}
