/** Delivers one note to the given URL, and prints its outcome: for settings that only the environment of a process can make. */
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { basicAuth } from '../../../src/index.ts';
import { always, makeNote } from './note.ts';

const [url = '', deadline = '15000'] = process.argv.slice(2);
const credentials = basicAuth({ username: 'alice@contoso.test', password: 'p' });
const transport = new EwsTransport({
  url,
  credentials,
  savedCopyFolder: 'sentitems',
  allowInsecureHttp: true,
  requestTimeout: Number(deadline),
});
const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
if (outcome === undefined || outcome.status === 'delivered') throw new Error('an outcome with an error is expected');
const { error, ...rest } = outcome;
console.log(JSON.stringify({ ...rest, code: error.code, text: error.message, details: error.details }));
process.exit();
