import { openSpool } from '../../admin/open-spool.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Credentials } from '../../ews/auth/credentials.ts';
import { discoverEws } from '../../ews/autodiscover/discover.ts';
import { OfflineImSender } from '../../sender/sender.ts';
import { MemorySpool } from '../../spool/journaled/memory-spool.ts';
import type { Transport } from '../../transport/contract.ts';
import { type Call, choiceOption, textOption } from '../command.ts';
import { type Config, configOf, type EwsConfig } from '../config/config.ts';
import { certificates, credentialsOf, ewsAt, fetchTrusting, graphOf, trusting } from '../config/transport.ts';
import { exchange, graph, listening, type ServerVersion } from '../doctor/exchange.ts';
import { type Finding, fail, ok, told, warn } from '../doctor/finding.ts';
import { clock, way } from '../doctor/server.ts';
import { spoolHealth } from '../doctor/spool.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';
import { keysOf, schemaOf, spoolOf } from '../with-spool.ts';

/** Checks the way to the mailbox and the spool, and changes nothing. Each line says what to do. */
export async function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const config = await configOf(call);
  const where = await spoolOf(call, config);
  const mailbox = textOption(call, 'mailbox') ?? mailboxOf(config);
  if (mailbox === undefined && where === undefined) {
    throw new UsageError('doctor needs a mailbox (--mailbox, or identity in the config), a spool (--spool), or both.');
  }
  const findings: Finding[] = [];
  const report = (...found: readonly Finding[]): void => {
    findings.push(...found);
    if (output.json) return;
    for (const { check, status, text, todo } of found) {
      const colour = status === 'ok' ? 'green' : status === 'warn' ? 'yellow' : 'red';
      output.line(`${output.style(colour, status)}\t${check}\t${text}${todo === undefined ? '' : ` To do: ${todo}`}`);
    }
  };
  if (mailbox !== undefined) await lookAtMailbox(call, config, mailbox, report);
  if (where !== undefined) {
    const schema = schemaOf(call, config);
    report(...(await spoolHealth(where, () => openSpool(where, { schema, keys: keysOf(call, config) }))));
  }
  if (output.json) output.document({ ok: findings.every(({ status }) => status !== 'fail'), findings });
  return findings.some(({ status }) => status === 'fail') ? exitCodes.found : exitCodes.ok;
}

type Report = (...findings: readonly Finding[]) => void;

function mailboxOf({ identity }: Config): string | undefined {
  return identity?.mailbox ?? identity?.sip.replace(/^sips?:/i, '');
}

/** The command line overrides the config. */
function ewsOf(call: Call, { ews = {} }: Config): EwsConfig {
  const [variable, file] = [textOption(call, 'password-env'), textOption(call, 'password-file')];
  call.secrets.hideIn(textOption(call, 'url') ?? '');
  const secret = variable !== undefined ? { env: variable } : file === undefined ? undefined : { file };
  const login = choiceOption(call, 'login', ['basic', 'ntlm', 'bearer']) ?? ews.login;
  return {
    ...ews,
    login,
    url: textOption(call, 'url') ?? ews.url,
    username: textOption(call, 'username') ?? ews.username,
    ca: textOption(call, 'ca') ?? ews.ca,
    ...(secret === undefined ? {} : login === 'bearer' ? { token: secret } : { password: secret }),
  };
}

async function lookAtMailbox(call: Call, config: Config, mailbox: string, report: Report): Promise<void> {
  const { values } = call;
  if (config.graph !== undefined && values.url === undefined) {
    const root = config.graph.root ?? 'https://graph.microsoft.com';
    const transport = graphOf(config.graph, call);
    const reached = await way(root, undefined, true);
    report(ok('address', `Microsoft Graph at ${root}.`), ...reached);
    if (reached.some(({ status }) => status === 'fail')) return;
    report(await clock(root, fetch));
    const found = await graph(transport, mailbox);
    report(...found);
    if (found.every(({ status }) => status !== 'fail')) await sendTest(call, config, mailbox, transport, report);
    return;
  }
  const ews = ewsOf(call, config);
  const version: ServerVersion = {};
  const credentials = listening(credentialsOf(ews, call), version);
  const url = ews.url ?? (await discovered(call, ews, mailbox, credentials, report));
  if (url === undefined) return;
  const transport = ewsAt(url, credentials, ews, call);
  try {
    if (ews.url !== undefined) report(ok('address', `EWS at ${url}.`));
    const ca = ews.ca === undefined ? undefined : certificates(ews.ca, call);
    const reached = await way(url, ca, ca === undefined && credentials.fetch === undefined);
    report(...reached);
    // Each further check would fail the same way.
    if (reached.some(({ status }) => status === 'fail')) return;
    report(await clock(url, ca === undefined ? fetch : fetchTrusting(ca)));
    const found = await exchange(transport, mailbox, version);
    report(...found);
    if (found.every(({ status }) => status !== 'fail')) await sendTest(call, config, mailbox, transport, report);
  } finally {
    await transport.close();
  }
}

async function discovered(
  call: Call,
  ews: EwsConfig,
  mailbox: string,
  credentials: Credentials,
  report: Report,
): Promise<string | undefined> {
  try {
    const { url, service } = await discoverEws(mailbox, { credentials, ...trusting(ews, credentials, call) });
    report(ok('address', `Autodiscover (${service}) found EWS at ${url}.`));
    return url;
  } catch (error) {
    report(
      fail(
        'address',
        `Autodiscover found no EWS address for ${mailbox} (${told(error)}).`,
        'Pass the address with --url, or fix the autodiscover record in DNS.',
      ),
    );
    return undefined;
  }
}

/** Sends a message, which is the only way to check the right to send. */
async function sendTest(call: Call, config: Config, mailbox: string, transport: Transport, report: Report): Promise<void> {
  const to = textOption(call, 'send-test');
  if (to === undefined) {
    report(
      warn(
        'send',
        "The permission to send can't be checked without sending.",
        '--send-test ADDRESS sends a message to that address.',
      ),
    );
    return;
  }
  // The transport is still needed: the sender must not close it.
  const lent: Transport = new Proxy(transport, {
    get: (target, name) => {
      if (name === 'close') return undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const sender = new OfflineImSender({
    identity: config.identity ?? { sip: `sip:${mailbox}`, mailbox },
    client: config.client ?? { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    organization: config.organization,
    spool: new MemorySpool(),
    transport: lent,
    pickupDelay: 0,
  });
  let why: string | undefined;
  sender.on('message:delivered', () => (why = ''));
  for (const event of ['message:dead', 'message:deferred', 'message:unconfirmed'] as const) {
    sender.on(event, ({ code, text }) => (why = `${code}: ${text}`));
  }
  for (const event of ['lane:blocked', 'transport:unavailable'] as const) {
    sender.on(event, ({ code, text }) => (why ??= `${code}: ${text}`));
  }
  sender.on('warning', () => undefined);
  try {
    await sender.send({ to, text: 'This is a test message from offline-im doctor. You do not need to reply.' });
    await sender.flush({ signal: call.signal });
  } catch (error) {
    why = told(error instanceof OfflineImError ? error : new Error('It failed.', { cause: error }));
  } finally {
    await sender.stop({ timeout: 5_000 });
  }
  if (why === '') report(ok('send', `A test message to ${to} was accepted.`));
  else report(fail('send', `A test message to ${to} was not accepted (${why ?? 'no answer'}).`, sendTodo(why)));
}

function sendTodo(why: string | undefined): string {
  if (why !== undefined && /Quota|SubmissionQuota|MailboxFull/i.test(why))
    return 'Free up space in the mailbox, or raise its quota: the copy is stored there.';
  if (why !== undefined && /SendAsDenied|AccessDenied|AUTHENTICATION_FAILED|NotDelegate|Forbidden/i.test(why))
    return 'Grant the login permission to send from this mailbox.';
  return 'Fix the problem described above; if the permission to send is missing, the Exchange administrators can grant it.';
}
