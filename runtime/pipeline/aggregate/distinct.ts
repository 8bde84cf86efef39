/** How many different values, approximately, in fixed memory: HyperLogLog. @module */
import type { Accumulator } from "./accumulator.ts";
import { keyOf } from "./keeping.ts";

/**
 * HyperLogLog with linear counting for small numbers; 2^precision bytes.
 *
 * The standard error is `1.04 / sqrt(2 ** precision)`: 1.6 % for 12, 0.8 % for 14.
 */
export class Distinct implements Accumulator<Distinct> {
  #registers: Uint8Array<ArrayBuffer>;
  readonly #precision: number;

  /** @param precision 4 to 16 */
  constructor(precision: number) {
    this.#precision = precision;
    this.#registers = new Uint8Array(1 << precision);
  }

  add(value: unknown): void {
    if (value === undefined || value === null) return;
    const text = keyOf(value);
    const high = hash(text, 0x9747b28c);
    const low = hash(text, 0x3c6ef372);
    const index = high >>> (32 - this.#precision);
    // Leading zeros of what is left of the first word, then of the second.
    const rest = (high << this.#precision) >>> 0;
    const zeros = rest === 0 ? 32 - this.#precision + Math.clz32(low) : Math.clz32(rest);
    const rank = zeros + 1;
    if (rank > this.#registers[index]!) this.#registers[index] = rank;
  }

  merge(other: Distinct): void {
    for (let index = 0; index < this.#registers.length; index++) {
      const rank = other.#registers[index]!;
      if (rank > this.#registers[index]!) this.#registers[index] = rank;
    }
  }

  result(): number {
    const size = this.#registers.length;
    let sum = 0;
    let empty = 0;
    for (const rank of this.#registers) {
      sum += 2 ** -rank;
      if (rank === 0) empty++;
    }
    const alpha = size <= 16 ? 0.673 : size === 32 ? 0.697 : size === 64 ? 0.709 : 0.7213 / (1 + 1.079 / size);
    const estimate = alpha * size * size / sum;
    return Math.round(estimate <= 2.5 * size && empty > 0 ? size * Math.log(size / empty) : estimate);
  }

  snapshot(): unknown {
    return this.#registers.slice();
  }
  restore(state: unknown): void {
    this.#registers = (state as Uint8Array<ArrayBuffer>).slice();
  }
}

/** MurmurHash3 over UTF-16 units, 32 bits. */
function hash(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    let unit = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    unit = Math.imul((unit << 15) | (unit >>> 17), 0x1b873593);
    hash ^= unit;
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
