import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { MessageContent } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { readElement } from '../../xml/written-element.ts';

/** Where a mailbox keeps its settings, and whom it has told. */
export const oofKey = 'oof';
const toldKey = 'oof:told';

/** Other settings: whoever writes from now on is told once more. */
export function setAutomaticReplies(mailbox: SimulatedMailbox, written: string): void {
  mailbox.settings.set(oofKey, written);
  mailbox.settings.delete(toldKey);
}

/** What a reply needs of the message that has arrived. */
export interface Received {
  readonly content: MessageContent;
  readonly internal: boolean;
  readonly at: Date;
  newMessageId(): string;
}

/**
 * The automatic reply of a mailbox to a message: once for each sender, inside the scheduled time, by audience. None to what is automatic itself, to
 * oneself, and to what came by a list.
 */
export function automaticReply(mailbox: SimulatedMailbox, received: Received): MessageContent | undefined {
  const written = mailbox.settings.get(oofKey);
  if (written === undefined) return undefined;
  const { content, internal, at } = received;
  const to = content.from ?? content.sender;
  const self = { address: mailbox.address, name: mailbox.name };
  const own = [mailbox.address, ...mailbox.aliases];
  if (to === undefined || own.includes(to.address.toLowerCase()) || isAutomatic(content)) return undefined;
  const addressed = [...content.to, ...content.cc, ...content.bcc].some((one) => own.includes(one.address.toLowerCase()));
  const settings = readElement(written);
  if (!addressed || !isOn(textOf(settings, typesNs, 'OofState'), child(settings, typesNs, 'Duration'), at)) return undefined;
  if (!internal && !reaches(textOf(settings, typesNs, 'ExternalAudience') ?? 'None', to.address, mailbox)) return undefined;
  const reply = textOf(child(settings, typesNs, internal ? 'InternalReply' : 'ExternalReply'), typesNs, 'Message') ?? '';
  const told = mailbox.settings.get(toldKey)?.split('\n') ?? [];
  if (reply.trim() === '' || told.includes(to.address.toLowerCase())) return undefined;
  mailbox.settings.set(toldKey, [...told, to.address.toLowerCase()].join('\n'));
  const inReplyTo = `<t:InReplyTo>${escapeText(content.internetMessageId)}</t:InReplyTo>`;
  return {
    itemClass: 'IPM.Note.Rules.OofTemplate.Microsoft',
    subject: `Automatic reply: ${content.subject}`,
    body: { type: /<\w+[\s>/]/.test(reply) ? 'html' : 'text', content: reply },
    importance: 'Normal',
    sensitivity: 'Normal',
    from: self,
    sender: self,
    to: [to],
    cc: [],
    bcc: [],
    internetMessageId: received.newMessageId(),
    properties: [{ path: { type: 'Integer', tag: 0x3fdf }, value: '-1' }],
    fields: new Map([['InReplyTo', inReplyTo]]),
    sentAt: at,
  };
}

function isOn(state: string | undefined, duration: ReturnType<typeof child>, at: Date): boolean {
  if (state !== 'Scheduled') return state === 'Enabled';
  const time = (name: string): number => Date.parse(textOf(duration, typesNs, name) ?? '');
  return at.getTime() >= time('StartTime') && at.getTime() < time('EndTime');
}

/** `Known`: whoever is among the contacts. */
function reaches(audience: string, address: string, mailbox: SimulatedMailbox): boolean {
  if (audience !== 'Known') return audience === 'All';
  const wanted = escapeText(address.toLowerCase());
  const addresses = mailbox.folder('contacts').items.map(({ content }) => content.fields?.get('EmailAddresses')?.toLowerCase());
  return addresses.some((one) => one?.includes(`>${wanted}<`) === true);
}

/** What nobody has written by hand (RFC 3834), and what asks for no answer (PidTagAutoResponseSuppress). */
function isAutomatic({ itemClass, mime, properties }: MessageContent): boolean {
  if (!/^IPM\.(?:Note|Schedule\.Meeting\.Request)(?:\.|$)/i.test(itemClass) || /^IPM\.Note\.Rules\./i.test(itemClass))
    return true;
  const suppressed = properties.find(({ path }) => path.tag === 0x3fdf)?.value;
  if (typeof suppressed === 'string' && (Number(suppressed) & 0x10) !== 0) return true;
  const head = mime?.slice(0, mime.search(/\r?\n\r?\n/)) ?? '';
  return /^(?:Auto-Submitted:[ \t]*(?!no\b)\S|Precedence:[ \t]*(?:bulk|junk|list)\b|List-Id:)/im.test(head);
}
