import { hasCode } from '../../core/errors/offline-im-error.ts';
import type { Credentials } from '../../ews/auth/credentials.ts';
import type { EwsTransport } from '../../ews/ews-transport.ts';
import type { GraphTransport } from '../../graph/graph-transport.ts';
import { type Finding, fail, ok, told, warn } from './finding.ts';
import { requestTimeout } from './server.ts';

/** The version of an EWS server, from the header of any response. */
export interface ServerVersion {
  found?: { readonly major: number; readonly minor: number; readonly build: number } | undefined;
}

/** Wraps credentials to record the server's version. */
export function listening(credentials: Credentials, version: ServerVersion): Credentials {
  return {
    ...credentials,
    async authenticate(send, context) {
      const answer = await credentials.authenticate(send, context);
      if (version.found !== undefined || answer.body === null) return answer;
      const [told, passed] = answer.body.tee();
      version.found = versionIn(await start(told));
      const { status, statusText, headers } = answer;
      return new Response(passed, { status, statusText, headers });
    },
  };
}

/** Reads the beginning of a response, which has the header. */
async function start(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (text.length < 4_096) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  void reader.cancel().catch(() => undefined);
  return text;
}

function versionIn(answer: string): ServerVersion['found'] {
  const [info] = /<[\w:]*ServerVersionInfo\b[^>]{0,500}>/.exec(answer) ?? [];
  const number = (name: string): number => Number(new RegExp(`\\b${name}="(\\d{1,6})"`).exec(info ?? '')?.[1]);
  const version = { major: number('MajorVersion'), minor: number('MinorVersion'), build: number('MajorBuildNumber') };
  return Number.isNaN(version.major + version.minor) ? undefined : version;
}

/** Login, version, folder of the copy, limits and stranded drafts of a mailbox, over EWS. */
export async function exchange(transport: EwsTransport, mailbox: string, version: ServerVersion): Promise<Finding[]> {
  const from = { address: mailbox };
  const signal = AbortSignal.timeout(4 * requestTimeout);
  const findings: Finding[] = [];
  try {
    const { limits } = await transport.verify(from, { signal });
    findings.push(
      ok('login', `The login can use the mailbox ${mailbox}.`),
      versionFinding(version),
      historyFinding(transport, mailbox),
    );
    for (const { text } of limits) findings.push(warn('limits', text, 'Grant it if you need that feature.'));
    if (limits.length === 0) findings.push(ok('limits', 'No permission was found to be missing.'));
  } catch (error) {
    findings.push(...failedLogin(error, mailbox));
    if (version.found !== undefined) findings.push(versionFinding(version));
    return findings;
  }
  findings.push(await drafts(transport, mailbox));
  return findings;
}

function historyFinding(transport: EwsTransport, mailbox: string): Finding {
  const { folder } = transport.placeOf({ address: mailbox });
  if (folder === 'sentitems') {
    return warn(
      'history',
      'Conversation History does not exist and could not be created: copies go to Sent Items.',
      "Let the mailbox's owner open it in a client once, or grant the right to make folders.",
    );
  }
  return ok('history', 'Conversation History exists; copies go there.');
}

function failedLogin(error: unknown, mailbox: string): Finding[] {
  if (hasCode(error, 'AUTHENTICATION_FAILED')) {
    return [
      fail(
        'login',
        `The server refuses the login (${told(error)}).`,
        'Correct the user name and password, or check that the account is not locked and the scheme (basic, ntlm, bearer) is allowed.',
      ),
    ];
  }
  if (hasCode(error, 'EWS_DISABLED')) {
    return [
      fail(
        'login',
        `EWS is disabled for ${mailbox} (${told(error)}).`,
        'Use Microsoft Graph for this mailbox (graph in offline-im.config.json), or have EWS enabled (Set-CASMailbox, Set-OrganizationConfig).',
      ),
    ];
  }
  if (hasCode(error, 'FOLDER_UNAVAILABLE')) {
    return [
      ok('login', 'The server accepts the login.'),
      fail(
        'history',
        `Conversation History can't be found, created or read (${told(error)}).`,
        'Grant the login full access to the mailbox, or the role ApplicationImpersonation.',
      ),
    ];
  }
  if (hasCode(error, 'EWS_ERROR')) {
    return [
      fail(
        'login',
        `The server accepts the login but refuses access to the mailbox ${mailbox} (${told(error)}).`,
        'Correct the address, or grant the login access to the mailbox.',
      ),
    ];
  }
  const todo =
    hasCode(error, 'HTTP_STATUS') || hasCode(error, 'RESPONSE_UNREADABLE')
      ? 'Correct the address: an EWS address ends in /EWS/Exchange.asmx. If it is correct, check what is in front of the server, such as a proxy or a login page, and whether the server is healthy.'
      : 'Fix that first.';
  return [fail('login', `The mailbox ${mailbox} could not be checked (${told(error)}).`, todo)];
}

const products: readonly (readonly [major: number, minor: number, name: string])[] = [
  [14, 0, 'Exchange 2010'],
  [15, 0, 'Exchange 2013'],
  [15, 1, 'Exchange 2016'],
  [15, 2, 'Exchange 2019 or Subscription Edition'],
  [15, 20, 'Exchange Online'],
];

function versionFinding({ found }: ServerVersion): Finding {
  if (found === undefined)
    return warn(
      'version',
      'The server does not report its version.',
      'Nothing, if the other checks are ok: the sender detects the version by trying.',
    );
  const { major, minor, build } = found;
  const shown = `${major}.${minor}.${build}`;
  const product = products.findLast((one) => one[0] === major && one[1] <= minor);
  if (product === undefined) {
    if (major > 15) return ok('version', `The server is version ${shown}.`);
    return fail(
      'version',
      `The server is version ${shown}, which is too old.`,
      'The oldest supported version is Exchange 2010 SP2.',
    );
  }
  if (major === 14 && (minor < 2 || Number.isNaN(build))) {
    return fail(
      'version',
      `The server is Exchange 2010 (${shown}) without SP2.`,
      'The oldest supported version is Exchange 2010 SP2.',
    );
  }
  return ok('version', `The server is ${product[2]} (${shown}).`);
}

/** Drafts that attempts left behind. */
async function drafts(transport: EwsTransport | GraphTransport, mailbox: string): Promise<Finding> {
  try {
    const report = await transport.findStrandedDrafts(
      { address: mailbox },
      { byMessageClass: true, signal: AbortSignal.timeout(4 * requestTimeout) },
    );
    if (report.drafts.length === 0) return ok('drafts', 'No stranded drafts.');
    return warn(
      'drafts',
      report.drafts.length === 1
        ? 'There is a draft of one note in the mailbox.'
        : `There are drafts of ${report.drafts.length} notes in the mailbox.`,
      'They may belong to notes that a sender is still probing for. docs/troubleshooting.md describes how to remove the others with findStrandedDrafts() and removeStrandedDrafts().',
    );
  } catch (error) {
    return warn(
      'drafts',
      `Drafts can't be read (${told(error)}).`,
      'Grant the login read access to Drafts, so that stranded drafts can be removed.',
    );
  }
}

/** The same checks over Microsoft Graph, as far as possible. */
export async function graph(transport: GraphTransport, mailbox: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    const { limits } = await transport.verify({ address: mailbox }, { signal: AbortSignal.timeout(4 * requestTimeout) });
    findings.push(ok('login', `The token can use the mailbox ${mailbox}.`));
    for (const { text } of limits)
      findings.push(warn('limits', text, 'Grant the permission to the application or to the signed-in user.'));
    if (limits.length === 0) findings.push(ok('limits', 'No permission was found to be missing.'));
  } catch (error) {
    return [graphRefusal(error, mailbox)];
  }
  findings.push(await drafts(transport, mailbox));
  return findings;
}

function graphRefusal(error: unknown, mailbox: string): Finding {
  if (hasCode(error, 'AUTHENTICATION_FAILED'))
    return fail('login', `Graph refuses the token (${told(error)}).`, 'Get a new token; tokens expire after about an hour.');
  if (hasCode(error, 'GRAPH_ERROR')) {
    return fail(
      'login',
      `Graph refuses access to the mailbox ${mailbox} (${told(error)}).`,
      'Correct the address (not an alias). For an on-premises mailbox, use ews in the config; a mailbox in Exchange Online needs a licence, and an application that is allowed to use it.',
    );
  }
  return fail(
    'login',
    `Graph does not respond for the mailbox ${mailbox} (${told(error)}).`,
    'Correct graph.root, and check the proxies between this machine and Graph.',
  );
}
