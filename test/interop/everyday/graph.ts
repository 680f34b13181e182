export const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];

const common: Readonly<Record<string, unknown>> = {
  'who am I': alice,
  'finds its copy': ['from graph'],
  'lists the inbox': ['one', 'two'],
  searches: ['one'],
  'turns pages': ['one', 'two'],
  moves: ['one', true],
  deletes: [],
  'hears what is wrong': 404,
};

/** The expected result of each step of scripts/graph-process.ts, by client. */
export const expected: Readonly<Record<'graph-client' | 'kiota', Readonly<Record<string, unknown>>>> = {
  'graph-client': { ...common, 'asks several things at once': [200, 200] },
  kiota: common,
};
