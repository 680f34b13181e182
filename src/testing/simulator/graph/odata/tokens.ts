import { GraphFault } from '../errors.ts';

/** A part of an OData expression. */
export interface Token {
  /** `name`: words, paths, numbers and times; `string`: between quotes, unescaped. */
  readonly kind: 'name' | 'string' | 'sign';
  readonly text: string;
}

const pattern = /\s*(?:'((?:[^']|'')*)'|([(),:])|((?:[A-Za-z_@][\w./]*|-?\d[\w.:+-]*)))/y;

/** Cuts an expression into its parts; throws `BadRequest` for what can't be one. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const whole = text.trim();
  pattern.lastIndex = 0;
  while (pattern.lastIndex < whole.length) {
    const match = pattern.exec(whole);
    if (match === null) throw new GraphFault('BadRequest', 400, 'Syntax error in the query.');
    const [, string, sign, name] = match;
    if (string !== undefined) tokens.push({ kind: 'string', text: string.replaceAll("''", "'") });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'name', text: name ?? '' });
  }
  return tokens;
}
