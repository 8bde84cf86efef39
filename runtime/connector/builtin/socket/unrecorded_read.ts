/** Reads of a connection that fill no old space. @module */

/** Reads at most as many bytes as fit; `null` or 0 at the end: to make one of both would cost a promise for each read. */
export type Read = (bytes: Uint8Array) => Promise<number | null>;

/** Releases of Deno of which it is known what is behind `read`. */
const KNOWN = /^2\.9\./;
/** Under what a connection keeps the number of its resource. */
const RESOURCE = "Deno.internal.rid";

type CoreRead = (resource: number, bytes: Uint8Array) => Promise<number>;

function member(of: unknown, key: PropertyKey): unknown {
  return typeof of === "object" && of !== null ? (of as Readonly<Record<PropertyKey, unknown>>)[key] : undefined;
}

/** What `Deno.Conn.read` itself calls; `undefined` where that is not known. */
function coreRead(): CoreRead | undefined {
  const internal = member(Deno, "internal");
  if (!KNOWN.test(Deno.version.deno) || typeof internal !== "symbol") return undefined;
  const read = member(member(member(Deno, internal), "core"), "read");
  return typeof read === "function" ? read as CoreRead : undefined;
}

/**
 * How to read from a socket: as Deno's connections do, without the set they keep the promise of each read in.
 *
 * V8 gives a set that was emptied a new table, and in old space once any table of it was there. At 50,000 events a
 * second that is 3 MB a second which only a major collection returns: one every 2.4 s, each with up to 8 ms of standstill
 * (decision 0026). Nothing public reads otherwise and leaves the other half of the connection open. So this uses what is
 * not public, in releases of Deno where it was looked at, and the public way everywhere else.
 */
export function unrecordedRead(socket: { readonly read: Read }): Read {
  const read = coreRead();
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === RESOURCE);
  const resource = key === undefined ? undefined : member(socket, key);
  if (read === undefined || typeof resource !== "number") return (bytes) => socket.read(bytes);
  return (bytes) => read(resource, bytes);
}
