import { nodeModule } from './node-module.ts';

/** A certificate of this machine's loopback interface, and its key, both in PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

const day = 86_400_000;
const oid = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
} as const;

/**
 * A new key, and a certificate (RFC 5280) that it signs itself, for localhost, 127.0.0.1 and ::1: who trusts it as an authority
 * trusts the server. Good for ten years; worthless anywhere else.
 */
export function makeCertificate(now: number): ServerCertificate {
  const { generateKeyPairSync, randomBytes, sign } = nodeModule('crypto');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(objectId(oid.ecdsaWithSha256));
  const name = sequence(tlv(0x31, sequence(objectId(oid.commonName), tlv(0x0c, Buffer.from('offline-im simulator')))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40; // positive, and no longer or shorter than it is
  const unsigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, serial),
    algorithm,
    name,
    sequence(time(now - day), time(now + 3_650 * day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      sequence(extension(oid.basicConstraints, sequence(tlv(0x01, Buffer.from([0xff])))), extension(oid.subjectAltName, names())),
    ),
  );
  const signature = tlv(0x03, Buffer.from([0]), sign('sha256', unsigned, privateKey));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', sequence(unsigned, algorithm, signature)),
  };
}

/** subjectAltName: a DNS name and the addresses of the loopback interface. */
function names(): Buffer {
  const ipv6 = Buffer.alloc(16);
  ipv6[15] = 1;
  return sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.from([127, 0, 0, 1])), tlv(0x87, ipv6));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), tlv(0x04, value));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function objectId(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime, which reaches to 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tlv(0x17, Buffer.from(digits.slice(2)));
}

/** Tag, length, value: the one form of everything in DER. */
function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), value]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), value]);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
