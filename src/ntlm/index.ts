export type { NtlmAuthOptions } from './ntlm-auth.ts';
export { ntlmAuth } from './ntlm-auth.ts';
