/** Addresses in URLs. @module */

/** The `host:port` of a URL, as Deno's permissions name it. */
export function hostOfUrl(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" || protocol === "wss:" ? 443 : 80)}`;
}
