/** An application that talks to Exchange through ews-javascript-api, and knows nothing of offline-im: what is to be tested. */
import {
  EmailMessage,
  ExchangeService,
  ExchangeVersion,
  ItemView,
  MessageBody,
  Uri,
  WebCredentials,
  WellKnownFolderName,
} from 'ews-javascript-api';

/** @param {{ url: string, username: string, password: string }} settings */
export function connect({ url, username, password }) {
  const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
  service.Url = new Uri(url);
  service.Credentials = new WebCredentials(username, password);
  return service;
}

/**
 * Sends everybody who has not answered a reminder, one mail each.
 *
 * @param {ExchangeService} service
 * @param {{ subject: string, people: readonly string[] }} meeting
 * @returns {Promise<{ sent: string[], failed: string[] }>}
 */
export async function remind(service, { subject, people }) {
  const answered = await subjectsFrom(service);
  const [sent, failed] = [[], []];
  for (const address of people) {
    if (answered.get(address)?.has(`Accepted: ${subject}`)) continue;
    const message = new EmailMessage(service);
    message.Subject = `Reminder: ${subject}`;
    message.Body = new MessageBody('Will you come?');
    message.ToRecipients.Add(address);
    await message.SendAndSaveCopy(WellKnownFolderName.SentItems).then(
      () => sent.push(address),
      () => failed.push(address),
    );
  }
  return { sent, failed };
}

/** @param {ExchangeService} service */
async function subjectsFrom(service) {
  const { Items } = await service.FindItems(WellKnownFolderName.Inbox, new ItemView(100));
  const subjects = new Map();
  for (const item of Items) {
    const from = item.From?.Address?.toLowerCase() ?? '';
    subjects.set(from, (subjects.get(from) ?? new Set()).add(item.Subject));
  }
  return subjects;
}
