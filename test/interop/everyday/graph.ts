export const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];

const common: Readonly<Record<string, unknown>> = {
  'who am I': alice,
  'finds its copy': ['from graph'],
  'lists the inbox': ['one', 'two'],
  searches: ['one'],
  'turns pages': ['one', 'two'],
  'finds a folder by its name, or makes it': [0, 1],
  'writes a draft and sends it': [false, 'later'],
  'reads an attachment': [true, 'a.txt', 'file'],
  'marks as read, categorises, flags': [true, ['Red'], 'flagged'],
  'replies, and answers by a draft': ['RE: one', bob],
  'reads as text and as MIME': ['text é', true],
  'searches for words': ['two'],
  'follows changes': ['one'],
  moves: ['one', true],
  deletes: [],
  'hears what is wrong': 404,
};

/** The expected result of each step of scripts/graph-process.ts, by client. */
export const expected: Readonly<Record<'graph-client' | 'kiota', Readonly<Record<string, unknown>>>> = {
  'graph-client': { ...common, attaches: 'bytes', 'asks several things at once': [200, 200] },
  kiota: common,
};
