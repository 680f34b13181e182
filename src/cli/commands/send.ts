import { unopenedStorage } from '../../admin/storage.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError } from '../../core/errors/thrown.ts';
import { OfflineImSender } from '../../sender/sender.ts';
import { type Call, textOption } from '../command.ts';
import { type Config, configOf, needed } from '../config/config.ts';
import { transportOf } from '../config/transport.ts';
import { type ExitCode, exitCodes, UsageError, untilStopped } from '../exit-codes.ts';
import { atShell } from '../terminal/remedies.ts';
import { keysOf, schemaOf, spoolNamed } from '../with-spool.ts';

/** send: puts a message into the spool. drain: delivers waiting messages, until told to stop. */
export async function run(call: Call): Promise<ExitCode> {
  const config = await configOf(call);
  const { sender, end } = await senderOf(call, config);
  const warn = ({ error }: { readonly error: Error }): void => call.output.note(`warning: ${atShell(error)}`);
  sender.on('warning', warn);
  const stopped = (): Promise<void> => {
    sender.off('warning', warn);
    // A failed stop must not keep the process from ending.
    return stop(sender, warn).finally(end);
  };
  let code: ExitCode;
  try {
    code = call.command === 'send' ? await send(call, sender) : await drain(call, sender);
  } catch (error) {
    // The first error says more than one of stopping.
    await stopped().catch((failure: unknown) => call.output.note(`warning: ${asError(failure).message}`));
    throw error;
  }
  await stopped();
  return code;
}

/** Stops the sender, and throws if it left something behind: an operator who ends a worker must know. */
async function stop(sender: OfflineImSender, warn: (warning: { readonly error: Error }) => void): Promise<void> {
  const failures: string[] = [];
  sender.on('warning', (warning) => {
    if (concernsStopping(warning.error)) failures.push(warning.error.message);
    else warn(warning);
  });
  await sender.stop().catch((error: unknown) => failures.push(asError(error).message));
  if (failures.length === 0) return;
  throw new Error(
    `The sender did not stop cleanly: ${failures.map((one) => one.replace(/\.?$/, '.')).join(' ')} No message is lost: the next sender probes for messages that were in flight.`,
  );
}

/** Codes of a stop that ran out of time, or of failed storage. */
const ofStopping: ReadonlySet<string> = new Set([
  'STOP_INCOMPLETE',
  'SPOOL_FAILED',
  'SPOOL_BUSY',
  'SPOOL_REPLACED',
  'SPOOL_CLOSED',
]);

/** Other warnings have nothing to do with stopping, such as one of an entry whose key is missing. */
function concernsStopping(error: Error): boolean {
  return !(error instanceof OfflineImError) || ofStopping.has(error.code);
}

async function send(call: Call, sender: OfflineImSender): Promise<ExitCode> {
  const { output, positionals, values } = call;
  const to = Array.isArray(values.to) ? values.to.map(String) : [];
  if (to.length === 0 || positionals.length > 1)
    throw new UsageError('send takes --to ADDRESS and one text, or the text on standard input.');
  const text = positionals[0] ?? (await call.input()).replace(/\r?\n$/, '');
  const messageId = textOption(call, 'message-id');
  const receipt = await sender.send({ to, text, ...(messageId === undefined ? {} : { messageId }) });
  if (output.json) output.document(receipt);
  else
    output.line(
      `${receipt.messageId}\t${receipt.duplicate ? 'is already spooled' : 'is spooled'}; a running sender or offline-im drain delivers it.`,
    );
  return exitCodes.ok;
}

const ofMessages = ['message:delivered', 'message:dead', 'message:deferred', 'message:unconfirmed'] as const;

async function drain(call: Call, sender: OfflineImSender): Promise<ExitCode> {
  const { output, signal } = call;
  // Important events without a listener would go to the console unmasked, with any secrets.
  for (const event of [...ofMessages, 'lane:blocked', 'transport:unavailable'] as const) {
    sender.on(event, (facts) => {
      if (output.json) output.document({ event, ...facts });
      else {
        const about = 'messageId' in facts ? facts.messageId : 'lane' in facts ? facts.lane : facts.endpoint;
        output.line(`${event}\t${about}${'code' in facts ? `\t${facts.code}: ${facts.text}` : ''}`);
      }
    });
  }
  if (call.values.once === true) {
    const tally = await sender.flush({ signal });
    if (output.json) output.document({ flushed: tally });
    return exitCodes.ok;
  }
  await sender.start();
  if (!output.json) output.note('Delivering waiting messages, until interrupted.');
  return untilStopped(signal);
}

async function senderOf(call: Call, config: Config): Promise<{ readonly sender: OfflineImSender; end(): Promise<void> }> {
  const identity = needed(config, 'identity', call.command);
  const where = await spoolNamed(call, config);
  const mailbox = identity.mailbox ?? identity.sip.replace(/^sips?:/i, '');
  const transport = await transportOf(config, mailbox, call, call.signal);
  const schema = schemaOf(call, config);
  const { spool, end } = unopenedStorage(where, { schema, keys: keysOf(call, config) });
  const { policy, organization } = config;
  const client = needed(config, 'client', call.command);
  return { sender: new OfflineImSender({ identity, client, policy, organization, spool, transport }), end };
}
