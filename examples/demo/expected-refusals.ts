/** Why a message of the data file must be refused, read from the facts by hand: the rules of the product, without the library. */
import { type DemoData, type DemoMessage, type Listings, personOf } from './data.ts';

/** From these builds on the product has Offline IM. */
const firstBuild = { 'on-premises': [16, 0, 6920, 1000], 'exchange-online': [16, 0, 6701, 1000] } as const;

export function refusalReasons(message: DemoMessage, data: DemoData, listings: Listings): readonly string[] {
  const { client = '', mailboxLocation = 'on-premises', site, clientPolicy } = personOf(data, message.from);
  const im = blockOf(listings.imConfiguration, site === undefined ? undefined : `Site:${site}`);
  const policy = blockOf(listings.clientPolicy, clientPolicy === undefined ? undefined : `Tag:${clientPolicy}`);
  const { domains, federatedDomains } = data.organization;
  const known = [...domains, ...federatedDomains];
  const reasons: string[] = [];
  if (/^EnableOfflineIm\s*:\s*False$/im.test(im)) reasons.push('offline-im-disabled');
  if (/^EnableIMAutoArchiving\s*:\s*False$/im.test(policy)) reasons.push('im-auto-archiving-disabled');
  if (isOlder(client, firstBuild[mailboxLocation])) reasons.push('client-too-old');
  if (message.to.some((address) => !known.includes(address.split('@')[1] ?? ''))) reasons.push('domain-not-federated');
  return reasons;
}

/** The block of a listing with that identity, else the global one. */
function blockOf(listing: string, identity: string | undefined): string {
  const blocks = listing.split(/^(?=Identity\s*:)/m);
  const named = (name: string): string | undefined =>
    blocks.find((block) => /^Identity\s*:\s*(.*?)\s*$/m.exec(block)?.[1] === name);
  return (identity === undefined ? undefined : named(identity)) ?? named('Global') ?? '';
}

/** The build of a User-Agent stands behind `OC/`. */
function isOlder(client: string, first: readonly number[]): boolean {
  const build = (/OC\/([\d.]+)/.exec(client)?.[1] ?? client).split('.').map(Number);
  const different = first.findIndex((part, index) => part !== build[index]);
  return different >= 0 && !((build[different] ?? 0) > (first[different] ?? 0));
}
