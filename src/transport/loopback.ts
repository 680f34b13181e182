/** Whether a host is this very machine. `hostname` as URL gives it: it has already brought every way to write such an address into one form. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
