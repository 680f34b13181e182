export type { NtlmAuthOptions } from './ews/auth/ntlm/ntlm-auth.ts';
export { ntlmAuth } from './ews/auth/ntlm/ntlm-auth.ts';
