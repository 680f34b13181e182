/** Loopback, link-local and private addresses, and names that mean this machine: where no redirect from outside may lead. */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  if (name.startsWith('[')) return isPrivateV6(name.slice(1, -1));
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(name)?.slice(1).map(Number);
  return parts !== undefined && isPrivateV4(parts);
}

function isPrivateV4([first = 0, second = 0]: readonly number[]): boolean {
  if (first === 0 || first === 10 || first === 127) return true;
  if (first === 100) return second >= 64 && second < 128;
  if (first === 169) return second === 254;
  if (first === 172) return second >= 16 && second < 32;
  return first === 192 && second === 168;
}

/** `URL` has brought the address into its shortest form. */
function isPrivateV6(address: string): boolean {
  if (address === '::1' || address === '::') return true;
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(address);
  if (mapped !== null) {
    const high = Number.parseInt(mapped[1] ?? '0', 16);
    return isPrivateV4([high >> 8, high & 0xff]);
  }
  return /^(f[cd]|fe[89ab])/.test(address);
}
