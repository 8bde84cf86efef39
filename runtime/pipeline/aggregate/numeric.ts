/** Aggregates over numbers: count, sum, mean, min, max, var, stdev. @module */
import { type Accumulator, numberOf } from "./accumulator.ts";

/** Counts events, or values that are neither absent nor null. */
export class Count implements Accumulator<Count> {
  #count = 0;
  readonly #all: boolean;

  /** @param all whether absent values count: there is no expression, so events are meant */
  constructor(all: boolean) {
    this.#all = all;
  }
  add(value: unknown): void {
    if (this.#all || (value !== undefined && value !== null)) this.#count++;
  }
  merge(other: Count): void {
    this.#count += other.#count;
  }
  result(): number {
    return this.#count;
  }
  snapshot(): number {
    return this.#count;
  }
  restore(state: unknown): void {
    this.#count = state as number;
  }
}

/** Adds numbers, keeping what rounding loses (Neumaier), so that neither order nor merging shows. */
export class Sum implements Accumulator<Sum> {
  #sum = 0;
  #lost = 0;

  add(value: unknown): void {
    const number = numberOf(value);
    if (number !== undefined) this.#plus(number);
  }
  #plus(number: number): void {
    const sum = this.#sum + number;
    // Beyond the range of a double the correction would be infinity minus infinity.
    if (Number.isFinite(sum)) {
      this.#lost += Math.abs(this.#sum) >= Math.abs(number) ? (this.#sum - sum) + number : (number - sum) + this.#sum;
    }
    this.#sum = sum;
  }
  merge(other: Sum): void {
    this.#plus(other.#sum);
    this.#plus(other.#lost);
  }
  result(): number {
    return this.#sum + this.#lost;
  }
  snapshot(): [number, number] {
    return [this.#sum, this.#lost];
  }
  restore(state: unknown): void {
    [this.#sum, this.#lost] = state as [number, number];
  }
}

/** Arithmetic mean; nothing without numbers. */
export class Mean implements Accumulator<Mean> {
  readonly #sum = new Sum();
  #count = 0;

  add(value: unknown): void {
    const number = numberOf(value);
    if (number === undefined) return;
    this.#sum.add(number);
    this.#count++;
  }
  merge(other: Mean): void {
    this.#sum.merge(other.#sum);
    this.#count += other.#count;
  }
  result(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum.result() / this.#count;
  }
  snapshot(): unknown {
    return [this.#count, this.#sum.snapshot()];
  }
  restore(state: unknown): void {
    const [count, sum] = state as [number, unknown];
    this.#count = count;
    this.#sum.restore(sum);
  }
}

/** Least or greatest number; nothing without numbers. */
export class Extreme implements Accumulator<Extreme> {
  #best: number | undefined;
  readonly #sign: 1 | -1;

  /** @param sign 1 for the greatest, -1 for the least */
  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }
  add(value: unknown): void {
    const number = numberOf(value);
    if (number === undefined || Number.isNaN(number)) return;
    if (this.#best === undefined || (number - this.#best) * this.#sign > 0) this.#best = number;
  }
  merge(other: Extreme): void {
    this.add(other.#best);
  }
  result(): number | undefined {
    return this.#best;
  }
  snapshot(): unknown {
    return this.#best;
  }
  restore(state: unknown): void {
    this.#best = state as number | undefined;
  }
}

/** Sample variance by Welford's method, merged by Chan's; nothing for fewer than two numbers. */
export class Variance implements Accumulator<Variance> {
  #count = 0;
  #mean = 0;
  #squares = 0;
  readonly #root: boolean;

  /** @param root whether the result is the standard deviation */
  constructor(root: boolean) {
    this.#root = root;
  }
  add(value: unknown): void {
    const number = numberOf(value);
    if (number === undefined) return;
    this.#count++;
    const delta = number - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (number - this.#mean);
  }
  merge(other: Variance): void {
    if (other.#count === 0) return;
    const count = this.#count + other.#count;
    const delta = other.#mean - this.#mean;
    this.#mean += delta * (other.#count / count);
    this.#squares += other.#squares + delta * delta * (this.#count * (other.#count / count));
    this.#count = count;
  }
  result(): number | undefined {
    if (this.#count < 2) return undefined;
    const variance = this.#squares / (this.#count - 1);
    return this.#root ? Math.sqrt(variance) : variance;
  }
  snapshot(): unknown {
    return [this.#count, this.#mean, this.#squares];
  }
  restore(state: unknown): void {
    [this.#count, this.#mean, this.#squares] = state as [number, number, number];
  }
}
