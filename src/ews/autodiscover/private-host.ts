/** Names that lead to this machine, this network or a cloud's own services, whoever resolves them. */
const privateNames = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa)$/;

/**
 * Loopback, link-local, private and reserved addresses in every spelling, also within IPv6, and names that stay inside: where no
 * redirect from outside may lead. `hostname` as `URL` gives it.
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.+$/, '');
  if (name.startsWith('[')) return isPrivateV6(groupsOf(name.slice(1, -1)));
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(name)?.slice(1).map(Number);
  if (parts !== undefined) return isPrivateV4(parts);
  return !name.includes('.') || privateNames.test(name);
}

function isPrivateV4([first = 0, second = 0, third = 0]: readonly number[]): boolean {
  if (first === 0 || first === 10 || first === 127 || first >= 224) return true;
  if (first === 100) return second >= 64 && second < 128;
  if (first === 169) return second === 254;
  if (first === 172) return second >= 16 && second < 32;
  if (first === 192) return second === 168 || (second === 0 && (third === 0 || third === 2));
  if (first === 198) return second === 18 || second === 19 || (second === 51 && third === 100);
  return first === 203 && second === 0 && third === 113;
}

function isPrivateV6(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, , , , g = 0, h = 0] = groups;
  const v4 = (high: number, low: number): boolean => isPrivateV4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
  const zeros = groups.slice(0, 5).every((group) => group === 0);
  // ::, ::1, IPv4 in its compatible and its mapped form.
  if (zeros && (groups[5] === 0 || groups[5] === 0xffff)) return v4(g, h);
  if (a === 0x64 && b === 0xff9b) return c !== 0 || v4(g, h); // NAT64; 64:ff9b:1::/48 is for local use
  if (a === 0x2002) return v4(b, c); // 6to4
  if (a === 0x2001) return b === 0 || b === 0xdb8; // Teredo, which hides an address; documentation
  if (a === 0x100) return true; // discarded
  return (a & 0xfe00) === 0xfc00 || (a & 0xffc0) === 0xfe80 || (a & 0xffc0) === 0xfec0 || (a & 0xff00) === 0xff00;
}

/** The eight groups; `URL` has checked the address and brought it into its shortest form. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [start, end] = [numbers(head), numbers(tail ?? '')];
  return [...start, ...Array<number>(Math.max(0, 8 - start.length - end.length)).fill(0), ...end];
}
