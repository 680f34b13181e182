/** The Message-ID of an attempt, by which its copy can be found too: `<tag@domain of the sender>`, angle brackets included. */
export function messageIdOf(tag: string, domain: string): string {
  return `<${atoms(tag)}@${atoms(domain)}>`;
}

/** What stands behind the @ of an address. */
export function domainPart(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** What is not allowed in an atom (RFC 5322), or would need care in a filter, as `=` and its UTF-16 units in hexadecimal. */
function atoms(text: string): string {
  return text.replace(/[^A-Za-z0-9-]|^-/g, (unit, at: number) => {
    const between = unit === '.' && at > 0 && at < text.length - 1 && text[at - 1] !== '.';
    return between ? '.' : `=${unit.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
