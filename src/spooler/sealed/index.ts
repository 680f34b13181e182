export type { CryptoKeyLike, SealKey, SealOptions } from './keys.ts';
export { sealed } from './sealed.ts';
