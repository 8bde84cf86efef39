/** Numbers in text formats, without losing digits and in time that grows with their length. @module */

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d{1,20}$/;
/** No number a double can tell apart is longer; making numbers of longer texts would only cost time. */
const LONGEST = 1100;

const NS_PER_MS = 1_000_000n;

/** The number a decimal text means, or `undefined` when it is none or beyond what a double can hold. */
export function decimalOf(text: string): number | undefined {
  if (text.length > LONGEST || !DECIMAL.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** The integer a text of at most 20 digits means, or `undefined`. */
export function integerOf(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  return BigInt(text.startsWith("+") ? text.slice(1) : text);
}

/** Whether an integer fits into 64 bits with a sign. */
export function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** Nanoseconds since 1970. The host's clock has microseconds at best, so nothing finer is made up. */
export function nanosecondsOf(timestampMs: number): bigint {
  return BigInt(Math.round(timestampMs * 1000)) * 1000n;
}

/** Milliseconds since 1970 and the nanoseconds, 0 to 999,999, behind them. */
export function splitNanoseconds(value: bigint): { readonly ms: number; readonly rest: number } {
  let ms = value / NS_PER_MS;
  let rest = value % NS_PER_MS;
  if (rest < 0n) {
    ms -= 1n;
    rest += NS_PER_MS;
  }
  return { ms: Number(ms), rest: Number(rest) };
}

/** A point in time as an event may have it: a bigint, or a number that is an integer. Nanoseconds. */
export function asNanoseconds(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return fitsInt64(value) ? value : undefined;
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value);
  return undefined;
}

/** A number of an event as text: a bigint with all its digits, a finite number as short as it can be. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return undefined;
}
