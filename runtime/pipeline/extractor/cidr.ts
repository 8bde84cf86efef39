/** Addresses in ranges: `10.0.0.0/8`, `2001:db8::/32`. @module */
import { invalid } from "../invalid.ts";

interface Range {
  readonly text: string;
  readonly bits: 32 | 128;
  readonly prefix: bigint;
  readonly length: number;
}

/** Gives the address and the first range it lies in; without ranges, any address. @throws {CaissonError} `CAISSON_FLOW_INVALID` */
export function compileCidr(ranges: readonly string[], path: string): (text: string) => unknown {
  const parsed = ranges.map((text, index): Range => {
    const [address = "", length, ...more] = text.split("/");
    const found = parseAddress(address);
    // An empty length is none of 0: that would let every address in.
    const bits = length === undefined ? found?.bits ?? 0 : /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
    if (found === undefined || more.length > 0 || bits > found.bits) {
      throw invalid(`${path}[${index}]`, text, "a range such as 10.0.0.0/8 or 2001:db8::/32");
    }
    return { text, bits: found.bits, prefix: found.value >> BigInt(found.bits - bits), length: bits };
  });
  return (text) => {
    const address = parseAddress(text);
    if (address === undefined) return undefined;
    const family = address.bits === 32 ? 4 : 6;
    if (parsed.length === 0) return { address: text, family };
    const range = parsed.find(({ bits, prefix, length }) =>
      bits === address.bits && address.value >> BigInt(bits - length) === prefix
    );
    return range === undefined ? undefined : { address: text, family, range: range.text };
  };
}

function parseAddress(text: string): { readonly bits: 32 | 128; readonly value: bigint } | undefined {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): { readonly bits: 32; readonly value: bigint } | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value << 8n | BigInt(part);
  }
  return { bits: 32, value };
}

function parseV6(given: string): { readonly bits: 128; readonly value: bigint } | undefined {
  let text = given;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const low = parseV4(dotted[2]!);
    if (low === undefined) return undefined;
    text = `${dotted[1]}${(low.value >> 16n).toString(16)}:${(low.value & 0xffffn).toString(16)}`;
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const part of [...head, ...new Array<string>(missing).fill("0"), ...tail]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    value = value << 16n | BigInt(`0x${part}`);
  }
  return { bits: 128, value };
}
