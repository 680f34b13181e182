/** The pages of the site in reading order. A page of docs/ that is not here comes at the end. */
export interface Section {
  readonly text: string;
  readonly items: readonly { readonly text: string; readonly link: string }[];
}

const section = (text: string, ...items: readonly (readonly [text: string, link: string])[]): Section => ({
  text,
  items: items.map(([title, link]) => ({ text: title, link })),
});

export const sections: readonly Section[] = [
  section(
    'Start here',
    ['For application developers', '/docs/for/app-developers'],
    ['For bot authors', '/docs/for/bot-authors'],
    ['For testers', '/docs/for/testers'],
    ['For operators', '/docs/for/operators'],
  ),
  section(
    'Tutorials',
    ['Your first note in five minutes', '/docs/tutorials/first-note'],
    ['A help-desk bot, from nothing to a fleet', '/docs/tutorials/help-desk'],
  ),
  section(
    'How to',
    ['Send inside your own transaction', '/docs/how-to/host-transaction'],
    ['Connect through corporate proxies, TLS and NTLM', '/docs/how-to/company-networks'],
    ['Log in', '/docs/authentication'],
    ['Come from ews-javascript-api', '/docs/ews-javascript-api'],
    ['Move from EWS to Microsoft Graph', '/docs/how-to/ews-to-graph'],
    ['Shut down in containers', '/docs/how-to/containers'],
    ['Back up, restore and upgrade', '/docs/how-to/backup-and-upgrade'],
    ['Encrypt what waits', '/docs/encryption'],
    ['Run in browsers and Electron', '/docs/browsers'],
    ['Operate PostgresSpool', '/docs/postgres'],
    ['Scale', '/docs/scale'],
    ['3 a.m.', '/docs/three-am'],
    ['Troubleshoot', '/docs/troubleshooting'],
    ['Write a transport', '/docs/write-a-transport'],
    ['Write a spool', '/docs/write-your-own-spool'],
  ),
  section(
    'Reference',
    ['API', '/reference/README'],
    ['Error codes', '/docs/error-codes'],
    ['States of a message', '/docs/states'],
    ['What each answer does', '/docs/failure-modes'],
    ['Microsoft Graph', '/docs/graph'],
    ['Servers', '/docs/server-compatibility'],
    ['Where it runs', '/docs/compatibility'],
    ['Files of a FileSpool', '/docs/file-spool-format'],
    ['Files of a SqliteSpool', '/docs/sqlite-files'],
    ['The simulator', '/docs/simulator'],
    ['Simulator and Exchange', '/docs/simulator-versus-exchange'],
  ),
  section(
    'Explanation',
    ['The promise', '/docs/guarantees'],
    ['Design notes', '/docs/design-notes'],
    ['Benchmarks', '/docs/benchmarks'],
    ['Architecture', '/docs/architecture'],
    ['Security', '/docs/security'],
    ['Mutation tests', '/docs/mutation'],
  ),
];
