import vm from 'node:vm';

/** Values that react to being inspected: what a host, or code that it runs, may throw, return or pass. A new one each time. */
export const hostileValues: Readonly<Record<string, () => unknown>> = {
  'a symbol': () => Symbol('s'),
  'a bigint': () => 10n,
  'an object without a prototype': () => Object.create(null),
  'a revoked proxy': () => revoked({}),
  'a revoked proxy of a function': () => revoked(() => undefined),
  'a revoked proxy of an array': () => revoked([]),
  'what inherits from a revoked proxy': () => Object.create(revoked({}) as object),
  'a proxy whose every trap throws': () => new Proxy({}, new Proxy({}, { get: () => thrower })),
  'an object whose toString throws': () => ({ toString: thrower }),
  'an object whose tag throws': () => Object.defineProperty({}, Symbol.toStringTag, { get: thrower }),
  'an error without a message': () => withoutMessage(),
  'an error whose message is no text': () => Object.assign(new Error('x'), { message: Object.create(null) }),
  'an error whose message throws': () => Object.defineProperty(new Error('x'), 'message', { get: thrower }),
  'an error whose name is a symbol': () => Object.assign(new Error('x'), { name: Symbol('n') }),
  'an error whose code is a revoked proxy': () => Object.assign(new Error('x'), { code: revoked({}) }),
  'an error that is its own cause': () => itsOwnCause(),
  'an error of errors that holds itself': () => holdsItself(),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'an error of another realm': () => vm.runInNewContext('Object.assign(new Error("elsewhere"), { code: "ECONNRESET" })'),
  'a thenable that answers twice and throws': () => Object.fromEntries([['then', answersTwice]]),
  'an object whose then throws': () => Object.defineProperty({}, 'then', { get: thrower }),
};

function thrower(): never {
  throw new Error('injected');
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function withoutMessage(): Error {
  const error = new Error('x');
  Reflect.deleteProperty(error, 'message');
  return error;
}

function itsOwnCause(): Error {
  const error = new Error('x');
  return Object.assign(error, { cause: error });
}

function holdsItself(): Error {
  const error = new AggregateError([], 'x');
  return Object.assign(error, { errors: [error, error] });
}

function answersTwice(_: unknown, reject: (error: unknown) => void): never {
  reject(new Error('first'));
  reject(new Error('second'));
  throw new Error('third');
}
