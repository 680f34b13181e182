import { errorsNs, soapNs, typesNs } from '../../../src/ews/xml/namespaces.ts';
import type { XmlElement } from '../../../src/ews/xml/read.ts';
import { pick } from '../../support/by-schema/any-value.ts';
import { type Chance, Documents, inSoap } from '../../support/by-schema/document.ts';
import { globalTypes, wholeGrammar } from '../../support/by-schema/whole-grammar.ts';
import { rewrittenXml } from '../../support/rewritten-xml.ts';

export const documents = new Documents(wholeGrammar);

/** Part of everything that the server says by itself: none of it may be repeated. */
export const serverWords = 'Zq7';

/** A SOAP fault: the code in one of its two places, or both; with a back-off in ms, or none. */
export function faultWith(code: string, random: () => number, backOff?: number): XmlElement {
  const leaf = (ns: string, name: string, text: string, attributes: readonly (readonly [string, string])[] = []): XmlElement => ({
    ns,
    name,
    text,
    attributes: new Map(attributes),
    children: [],
  });
  const where = pick(random, ['both', 'detail', 'faultcode']);
  const faultcode = where === 'detail' ? 's:Server' : `a:${code}`;
  const detail = [
    ...(where === 'faultcode' ? [] : [leaf(errorsNs, 'ResponseCode', code)]),
    ...(random() < 0.5 ? [leaf(errorsNs, 'Message', serverWords)] : []),
    ...(random() < 0.2 ? [leaf(errorsNs, 'LineNumber', '1'), leaf(errorsNs, 'LinePosition', '2')] : []),
    ...(backOff !== undefined || random() < 0.3
      ? [
          {
            ...leaf(typesNs, 'MessageXml', ''),
            children: [leaf(typesNs, 'Value', String(backOff ?? 0), [['Name', 'BackOffMilliseconds']])],
          },
        ]
      : []),
  ];
  const children = [
    leaf('', 'faultcode', faultcode, [
      ['xmlns:a', typesNs],
      ['xmlns:s', soapNs],
    ]),
    leaf('', 'faultstring', serverWords, random() < 0.5 ? [['xml:lang', 'en-US']] : []),
    ...(random() < 0.2 ? [leaf('', 'faultactor', 'urn:actor')] : []),
    ...(where === 'faultcode' && backOff === undefined && random() < 0.5
      ? []
      : [{ ...leaf('', 'detail', ''), children: detail }]),
  ];
  return { ...leaf(soapNs, 'Fault', ''), children };
}

/** The envelope around a response, in a random spelling. */
export function envelopeAround(payload: XmlElement, chance: Chance): string {
  const { random } = chance;
  const info = documents.draw('t:ServerVersionInfo', globalTypes.get('t:ServerVersionInfo') ?? '', {
    ...chance,
    often: 0.5,
  });
  const foreign: XmlElement = {
    ns: 'urn:other',
    name: 'Trace',
    attributes: new Map([['Id', '1']]),
    children: [],
    text: serverWords,
  };
  const headers = pick(random, [[], [info], [info], [foreign, info]]);
  const header = headers.length === 0 && random() < 0.5 ? [] : [inSoap('Header', headers)];
  return rewrittenXml(inSoap('Envelope', [...header, inSoap('Body', [payload])]), { random });
}
