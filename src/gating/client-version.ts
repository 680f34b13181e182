import { checkArgument, objectWith } from '../core/arguments.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';

/** A four-part version as Microsoft writes them, such as 16.0.6920.1000. */
export interface ClientVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly revision: number;
}

const fourParts = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;
/** `16, 0, 6920, 1000`, as the resources of Windows files have it. */
const withCommas = /^(\d{1,9}), ?(\d{1,9}), ?(\d{1,9}), ?(\d{1,9})$/;
/** What PowerShell prints of a `[version]`: as a table, as a list or as JSON. */
const printed =
  /\bMajor Minor Build Revision(?: -+){4} (\d{1,9}) (\d{1,9}) (\d{1,9}) (\d{1,9})(?!\S| \d)|\bMajor"? ?: ?(\d{1,9}),? ?"?Minor"? ?: ?(\d{1,9}),? ?"?Build"? ?: ?(\d{1,9}),? ?"?Revision"? ?: ?(\d{1,9})\b(?!\.\d)/gi;
/** The product's own token. `UCCAPI/`, the platform's, can differ from it. */
const productToken = /(?:^|\s)OC\/(\S+)/gi;
/** Four numbers that stand for themselves: part of no longer number, word, path or token. */
const standingAlone = /(?<![\w./\\-])\d{1,9}(?:\.\d{1,9}){3}(?![\w/\\-]|\.\w)/g;
/** `Version 2002 (Build 12527.20194 Click-to-Run)`, in any language: Office 365 shows no more, and is always 16.0. */
const buildInBrackets = /\d{4}[^()]{0,40}\([^()]*?(?<![\w./\\-])(\d{4,5}\.\d{4,5})(?![\w/\\-]|\.\w)[^()]*\)/g;
/** The shared library of Office, whose version stands beside the product's. */
const sharedLibrary = /\bMSO\b[^\d]{0,20}$/i;

/**
 * Reads the version of a Skype for Business or Lync client.
 *
 * @param value A four-part build (`16.0.6920.1000`); a SIP User-Agent, of which the `OC/` token counts:
 * `UCCAPI/16.0.6965.5308 OC/16.0.6965.2117 (Skype for Business)`, not what stands in brackets; or a line of an About box:
 * `Microsoft® Skype for Business® 2016 MSO (16.0.12527.20194) 32-bit`, `Version 2002 (Build 12527.20194 Click-to-Run)`.
 * @throws {OfflineImError} `CLIENT_VERSION_UNREADABLE` for anything else; the message quotes the value.
 * @example
 * ```ts
 * parseClientVersion('UCCAPI/16.0.7967.5277 OC/16.0.7967.2139').revision; // 2139
 * ```
 */
export function parseClientVersion(value: string): ClientVersion {
  const version = readClientVersion(value);
  if (version !== undefined) return version;
  throw new OfflineImError(
    'CLIENT_VERSION_UNREADABLE',
    `${quoted(value)} is not a client version. Expected four numbers (16.0.6920.1000), a SIP User-Agent with an OC/ token, or the line of an About box.`,
  );
}

/** The same; `undefined` where there is none. */
export function readClientVersion(value: string): ClientVersion | undefined {
  return typeof value === 'string' && value.length <= 1_000 ? readVersion(value) : undefined;
}

/** Negative when `a` is older than `b`, positive when it is newer, 0 when they are equal. By number, part by part. */
export function compareClientVersions(a: ClientVersion, b: ClientVersion): number {
  for (const [name, value] of Object.entries({ a, b })) checkArgument('compareClientVersions()', name, value, version);
  return compared(a, b);
}

/** The same of versions that were read here. */
export function compared(a: ClientVersion, b: ClientVersion): number {
  return a.major - b.major || a.minor - b.minor || a.build - b.build || a.revision - b.revision;
}

const version = objectWith('what parseClientVersion() returns', {
  major: 'number',
  minor: 'number',
  build: 'number',
  revision: 'number',
});

/** The four parts with dots between them. */
export function formatClientVersion(version: ClientVersion): string {
  return `${version.major}.${version.minor}.${version.build}.${version.revision}`;
}

/**
 * The version in a text that people or programs show: four numbers alone or amid words. `undefined` when there is none, or more than one that
 * could be meant.
 */
export function readShownVersion(text: string): ClientVersion | undefined {
  const plain = text
    .replaceAll(/[\p{Zs}\s]+/gu, ' ')
    .replaceAll(/[\p{Cf}\0]/gu, '')
    .trim()
    // Quotes around it, the point of a sentence behind it, how it was installed.
    .replace(/^["'“„‘«]+/, '')
    .replace(/["'”“’».]+$/, '')
    .replace(/ (?:C2R|x64|x86|\((?:C2R|x64|x86)\))$/i, '')
    .replace(withCommas, '$1.$2.$3.$4');
  if (!/\p{L}{3}/u.test(plain)) return readFourParts(plain);
  const listed = [...plain.matchAll(printed)].map((found) =>
    found
      .slice(1)
      .filter((part) => part !== undefined)
      .join('.'),
  );
  const shown = [...plain.matchAll(standingAlone)];
  const own = shown.filter((found) => !sharedLibrary.test(plain.slice(0, found.index)));
  const named = (own.length > 0 ? own : shown).map(([version]) => version);
  const exactly = [...named, ...listed];
  const builds = exactly.length > 0 ? exactly : [...plain.matchAll(buildInBrackets)].map(([, build]) => `16.0.${build}`);
  const [only, another] = new Set(builds);
  return only === undefined || another !== undefined ? undefined : readFourParts(only);
}

/** `undefined` unless the text is exactly four numbers with dots between them. */
function readFourParts(text: string): ClientVersion | undefined {
  const [, major, minor, build, revision] = fourParts.exec(text) ?? [];
  if (major === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), build: Number(build), revision: Number(revision) };
}

function readVersion(text: string): ClientVersion | undefined {
  // Nearly always; and the gate reads it at every message.
  const exact = readFourParts(text);
  if (exact !== undefined) return exact;
  const tokens = [...text.replaceAll(/\([^()]*\)/g, ' ').matchAll(productToken)].map(([, token = '']) => token);
  const [token, another] = new Set(tokens);
  if (another !== undefined) return undefined; // two clients, of which either could be meant
  return token === undefined ? readShownVersion(text) : readFourParts(token);
}
