/** Addresses that lead into the operator's own machines: denied to whoever was granted names, unless granted themselves. @module */
import { formatNet, type NetAddress, parseNet } from "./values.ts";

/** IPv4 ranges that are not the public internet: base and prefix length. */
const RANGES: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** What Deno can deny of IPv6: single addresses. It takes no IPv6 range. */
const ADDRESSES: readonly string[] = ["[::]", "[::1]"];

/** Whether a host is written as an address. */
export function isAddress(host: string): boolean {
  return host.startsWith("[") || /^[0-9.]+$/.test(host);
}

/** Whether an address, as {@linkcode parseNet} writes it, is private or special. Names are none. */
export function isSpecial(host: string): boolean {
  if (!isAddress(host)) return false;
  if (!host.startsWith("[")) return RANGES.some(([base, bits]) => contains(base, bits, number(host)));
  // Global unicast is 2000::/3; within it NAT64, 6to4 and Teredo lead to any IPv4 address.
  const first = Number.parseInt(host.slice(1).split(":")[0] || "0", 16);
  return (first & 0xe000) !== 0x2000 || first === 0x2002 || /^\[2001:0?:/.test(host);
}

function number(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

function contains(base: string, bits: number, address: number): boolean {
  const size = 2 ** (32 - bits);
  return Math.floor(address / size) === Math.floor(number(base) / size);
}

/** The range in pieces that leave the addresses out. */
function without(base: number, bits: number, left: readonly number[]): string[] {
  const size = 2 ** (32 - bits);
  const inside = left.filter((each) => each >= base && each < base + size);
  if (inside.length === 0) return [bits === 32 ? dotted(base) : `${dotted(base)}/${bits}`];
  if (bits === 32) return [];
  return [...without(base, bits + 1, inside), ...without(base + size / 2, bits + 1, inside)];
}

/**
 * Values for `--deny-net` that keep granted names from leading to special addresses: Deno compares what a name resolved
 * to with what is denied, and not with what is allowed.
 *
 * Addresses that are granted themselves are left out, on the ports they are granted with. Nothing is denied where no name
 * is granted, because a list of addresses is exact already.
 *
 * @param net what is allowed, `host` or `host:port`
 */
export function specialAddressesToDeny(net: false | readonly string[]): string[] {
  const granted = (net || []).map(parseNet).filter((each): each is NetAddress => typeof each !== "string");
  const names = granted.filter(({ host }) => !isAddress(host));
  if (names.length === 0) return [];
  const special = granted.filter(({ host }) => isSpecial(host));
  const hosts = [...new Set(special.map(({ host }) => host))];
  const four = hosts.filter((host) => !host.startsWith("[")).map(number);
  return [
    ...RANGES.flatMap(([base, bits]) => without(number(base), bits, four)),
    ...ADDRESSES.filter((address) => !hosts.includes(address)),
    // What a name is allowed on a port says nothing about the address on that port.
    ...hosts.flatMap((host) => {
      const own = special.filter((each) => each.host === host);
      if (own.some(({ port }) => port === undefined)) return [];
      const ports = new Set(names.flatMap(({ port }) => port ?? []));
      return [...ports].filter((port) => !own.some((each) => each.port === port))
        .map((port) => formatNet({ host, port }));
    }),
  ];
}
