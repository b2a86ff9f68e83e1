/** Whether a host as an endpoint names it is this one: a socket's folder, or a loopback address. */
export function answersHere(host: string): boolean {
  return host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host);
}
