/** Responses of the POX service, with the elements that Microsoft documents: each optional one present or not, in any order and any spelling. */
import { Grammar } from '../../../src/testing/simulator/schema/read-grammar.ts';
import { pick } from '../../support/by-schema/any-value.ts';
import { Documents, type Facts } from '../../support/by-schema/document.ts';
import { rewrittenXml } from '../../support/rewritten-xml.ts';

const ns = 'http://schemas.microsoft.com/exchange/autodiscover';
const texts =
  'Server ServerDN ServerVersion MdbDN PublicFolderServer AD EmwsUrl EcpUrl EcpUrl-um EcpUrl-aggr OOFUrl UMUrl OABUrl EwsPartnerUrl SharingUrl CertPrincipalName AuthPackage LoginName';
const optional = (names: string): string =>
  names
    .split(' ')
    .map((name) => `a:${name}=xs:string?`)
    .join('&');

/** In the notation of the EWS grammar. */
const pox = new Documents(
  new Grammar(
    [
      'r:Autodiscover=Autodiscover',
      'Autodiscover = (a:Response=Response)',
      'Response = ((a:User=User?,a:Account=Account)|a:Error=Error)',
      'User = (a:DisplayName=xs:string?,a:LegacyDN=xs:string?,a:AutoDiscoverSMTPAddress=xs:string?,a:DeploymentId=xs:string?)',
      'Error = (a:ErrorCode=xs:int,a:Message=xs:string?,a:DebugData=xs:string?) @Time=xs:string? @Id=xs:string?',
      'Account = (a:AccountType=xs:string?&a:Action=xs:string?&a:MicrosoftOnline=xs:boolean?&a:ConsumerMailbox=xs:boolean?&a:RedirectUrl=xs:string?&a:RedirectAddr=xs:string?&a:Image=xs:string?&a:ServiceHome=xs:string?&a:AlternativeMailbox=AlternativeMailbox*&a:PublicFolderInformation=PublicFolder?&a:Protocol=Protocol*)',
      'AlternativeMailbox = (a:Type=xs:string,a:DisplayName=xs:string?,a:SmtpAddress=xs:string?,a:OwnerSmtpAddress=xs:string?)',
      'PublicFolder = (a:SmtpAddress=xs:string?)',
      `Protocol = (a:Type=xs:string?&a:EwsUrl=xs:string?&a:ASUrl=xs:string?&${optional(texts)}&a:Port=xs:int?&a:SSL=OnOff?&a:SPA=OnOff?&a:TTL=xs:int?&a:Internal=Side?&a:External=Side?&a:MailStore=Store?&a:AddressBook=Store?) @Type=xs:string? @Version=xs:int?`,
      'OnOff ~ "On|Off"',
      'Side = (a:OWAUrl=Owa*,a:Protocol=Inner?)',
      'Owa ~ xs:string @AuthenticationMethod=xs:string?',
      'Inner = (a:Type=xs:string,a:ASUrl=xs:string?)',
      'Store = (a:InternalUrl=xs:string?,a:ExternalUrl=xs:string?)',
    ].join('\n'),
  ),
  { r: `${ns}/responseschema/2006`, a: `${ns}/outlook/responseschema/2006a` },
);

export interface PoxFacts {
  /** The type of each protocol, and its EWS address. */
  readonly protocols?: readonly {
    readonly type: string;
    readonly ews?: string | undefined;
    readonly availability?: string | undefined;
  }[];
  readonly redirectAddr?: string;
  readonly redirectUrl?: string;
}

/** Irrelevant content. */
const poxWords = 'Zq7 https://elsewhere.test/EWS/Exchange.asmx';

export function poxDocument({ protocols = [], redirectAddr, redirectUrl }: PoxFacts, random: () => number): string {
  const action = redirectAddr !== undefined ? 'redirectAddr' : redirectUrl !== undefined ? 'redirectUrl' : 'settings';
  const padded = (text: string): readonly Facts[] => [
    { text: pick(random, ['', '\n  ', ' ']) + text + pick(random, ['', '\n', ' ']) },
  ];
  const listed = protocols.map(
    ({ type, ews, availability }): Facts => ({
      children: {
        Type: padded(type),
        EwsUrl: ews === undefined ? [] : padded(ews),
        ASUrl: availability === undefined ? [] : padded(availability),
      },
    }),
  );
  const newer: Facts = { attributes: { Type: 'mapiHttp', Version: '1' }, children: { Type: [], EwsUrl: [], ASUrl: [] } };
  const account: Facts = {
    children: {
      Action: action === 'settings' && random() < 0.1 ? [] : padded(action),
      // Without its action it is not a redirect.
      ...(redirectAddr === undefined ? {} : { RedirectAddr: padded(redirectAddr) }),
      ...(redirectUrl === undefined ? {} : { RedirectUrl: padded(redirectUrl) }),
      Protocol: (random() < 0.3 ? [...listed, newer] : listed).sort(() => random() - 0.5),
    },
  };
  const facts: Facts = { children: { Response: [{ children: { Account: [account], Error: [] } }] } };
  return spelt(facts, random);
}

export function poxError(code: string, random: () => number): string {
  return spelt(
    { children: { Response: [{ children: { Account: [], User: [], Error: [{ children: { ErrorCode: [{ text: code }] } }] } }] } },
    random,
  );
}

function spelt(facts: Facts, random: () => number): string {
  const chance = { random, texts: [poxWords, '', 'x & y'], often: pick(random, [0, 0.1, 0.4, 0.9]), most: 120 };
  return rewrittenXml(pox.draw('r:Autodiscover', 'Autodiscover', chance, facts), { random });
}
