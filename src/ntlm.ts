export type { Password } from './ews/auth/credentials.ts';
export type { NtlmAuthOptions } from './ews/auth/ntlm/ntlm-auth.ts';
export { ntlmAuth } from './ews/auth/ntlm/ntlm-auth.ts';
