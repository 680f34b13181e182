import type { Exchange } from '../../exchange.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';

/** What Autodiscover says of the mailbox with that address, or alias; undefined for an address that nobody has. */
export interface DiscoveredMailbox {
  readonly mailbox: SimulatedMailbox;
  /** By the names of the SOAP service: https://learn.microsoft.com/exchange/client-developer/web-service-reference/usersettingname */
  readonly settings: Readonly<Record<string, string>>;
}

/** Looks a mailbox up. `url`: the simulator's EWS address, the same for clients inside and outside. */
export function discovered(exchange: Exchange, address: string, url: string): DiscoveredMailbox | undefined {
  const mailbox = exchange.recipient(address);
  if (mailbox === undefined) return undefined;
  const { build } = exchange.profile;
  const settings = {
    UserDisplayName: mailbox.name,
    UserDN: `/o=Simulator/ou=Exchange Administrative Group/cn=Recipients/cn=${mailbox.userId}`,
    UserDeploymentId: '00000000-0000-4000-8000-000000000000',
    AutoDiscoverSMTPAddress: mailbox.address,
    InternalMailboxServer: new URL(url).hostname,
    MailboxDN: '/o=Simulator/ou=Exchange Administrative Group/cn=Configuration/cn=Servers/cn=SIMULATOR/cn=Microsoft Private MDB',
    ActiveDirectoryServer: new URL(url).hostname,
    InternalEwsUrl: url,
    ExternalEwsUrl: url,
    ExternalMailboxServer: new URL(url).hostname,
    ExternalMailboxServerRequiresSSL: url.startsWith('https:') ? 'True' : 'False',
    CasVersion: build.join('.'),
    EwsSupportedSchemas:
      'Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, Exchange2010_SP2, Exchange2013, Exchange2013_SP1, Exchange2016',
    EwsPartnerUrl: url,
    MobileMailboxPolicy: '',
    AlternateMailboxes: '',
  };
  return { mailbox, settings };
}
