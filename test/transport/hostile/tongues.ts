/** What both services say, each in its own terms: the substance of an attack is the same, and so are its permitted results. */
import { created, envelope, fault, found, foundFolders, message, ok, response } from '../../ews/support/responses.ts';
import { type Attack, type Text, whole } from './server.ts';

/** An item in a search result that has the tag, or nearly. */
interface OddItem {
  readonly tag?: string;
  readonly id?: string | undefined;
  /** As written: `false`, `"false"`, `perhaps`. */
  readonly isDraft?: string;
}

/** What can be expressed for each service. */
export interface Tongue {
  readonly kind: 'ews' | 'graph';
  readonly type: string;
  /** A response into which another can be embedded: `inner` stands where its content belongs. */
  around(inner: string): string;
  /** So many values nested in each other, closed or not. */
  nested(levels: number, closed: boolean): string;
  /** So many values beside each other. */
  beside(values: number): string;
  /** An error with that code and that many characters beside it. */
  error(status: string, code: string, length?: number): Text;
  /** Names with a meaning in JavaScript, used as names. */
  oddNames(names: readonly string[]): string;
  /** The response to another request. */
  readonly another: string;
  /** Answers every search with these items, and everything else with something unreadable. */
  searched(items: readonly OddItem[]): Attack;
}

const xml = 'text/xml; charset=utf-8';
const json = 'application/json';

export const ews: Tongue = {
  kind: 'ews',
  type: xml,
  around: envelope,
  nested: (levels, closed) => '<a>'.repeat(levels) + (closed ? '</a>'.repeat(levels) : ''),
  beside: (values) => '<a/>'.repeat(values),
  error: (status, code, length = 0) => ({ status, type: xml, body: fault(code).replace('No.', 'x'.repeat(length)) }),
  oddNames: (names) => names.map((name) => `<${name} ${name}="x"><${name}>polluted</${name}></${name}>`).join(''),
  another: response('GetFolder', [message('GetFolder', ok)]),
  searched: (items) => (socket, request) => {
    const folders = request.split('FolderId Id=').length - 1;
    const written = items.map(({ tag = '', id = 'x', isDraft }) => ({
      tag,
      id,
      ...(isDraft === undefined ? {} : { isDraft: isDraft as never }),
    }));
    const answer = (operation: string): string => {
      if (operation === 'FindItem')
        return found(
          request,
          Array.from({ length: Math.max(1, folders) }, () => written),
        );
      return operation === 'FindFolder' ? foundFolders('f') : envelope('');
    };
    const body = answer(/Body>\s*<(?:\w+:)?(\w+)/.exec(request)?.[1] ?? '');
    const withoutIds = items.some((item) => 'id' in item && item.id === undefined)
      ? body.replaceAll(/<ty:ItemId [^>]*\/>/g, '')
      : body;
    whole({ type: xml, body: withoutIds })(socket, request);
  },
};

const tagProperty = 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag';

export const graph: Tongue = {
  kind: 'graph',
  type: json,
  around: (inner) => `{"value":[${inner}]}`,
  nested: (levels, closed) => '{"value":['.repeat(levels) + (closed ? ']}'.repeat(levels) : ''),
  beside: (values) => `${'{},'.repeat(values)}{}`,
  error: (status, code, length = 0) => ({
    status,
    type: json,
    body: JSON.stringify({ error: { code, message: 'x'.repeat(length) } }),
  }),
  oddNames: (names) =>
    `{${names.map((name) => `"${name}":{"value":[],"error":{"code":"ErrorInvalidRecipients"},"isDraft":false}`).join()}}`,
  another: JSON.stringify({ id: 'x', displayName: 'Drafts' }),
  searched: (items) => {
    const written = items.map((item) => {
      const { tag, isDraft } = item;
      const id = 'id' in item ? item.id : 'x';
      const fields = [
        ...(id === undefined ? [] : [`"id":${JSON.stringify(id)}`]),
        ...(isDraft === undefined ? [] : [`"isDraft":${/^(true|false)$/.test(isDraft) ? isDraft : JSON.stringify(isDraft)}`]),
        ...(tag === undefined ? [] : [`"singleValueExtendedProperties":${JSON.stringify([{ id: tagProperty, value: tag }])}`]),
      ];
      return `{${fields.join()}}`;
    });
    return whole({ type: json, body: `{"value":[${written.join()}]}` });
  },
};

/** The response for an accepted note. */
export const good: Readonly<Record<Tongue['kind'], Attack>> = {
  ews: whole({ type: xml, body: created(ok) }),
  graph: whole({ status: '202 Accepted', type: json, body: '' }),
};
