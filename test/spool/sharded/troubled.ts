import type { SpoolStorage } from '../../../src/spool/contract.ts';

/** A spool in which every call first meets the current trouble. */
export function troubled(spool: SpoolStorage, trouble: (call: string) => 'reject' | Promise<void> | undefined): SpoolStorage {
  return new Proxy(spool, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function' || ['watch', 'isOwner', 'close'].includes(String(name))) {
        return typeof value === 'function' ? value.bind(target) : value;
      }
      if (name === 'list') {
        return async function* (query: never) {
          await meet(trouble(String(name)));
          yield* target.list(query);
        };
      }
      return async (...args: unknown[]) => {
        await meet(trouble(String(name)));
        return Reflect.apply(value, target, args);
      };
    },
  });
}

async function meet(trouble: 'reject' | Promise<void> | undefined): Promise<void> {
  if (trouble === 'reject') throw new Error('connect ECONNREFUSED');
  await trouble;
}
