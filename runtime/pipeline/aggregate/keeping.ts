/** Aggregates that keep values: first, last, collect, unique. @module */
import { createHash } from "node:crypto";
import type { Event } from "../../flow/delivery.ts";
import { putOwn } from "../own_field.ts";
import type { Accumulator } from "./accumulator.ts";

/** A value that outlives the batch it was decoded from: bytes may be a view of the batch, so they are copied. */
export function keepable(value: unknown): unknown {
  if (value === undefined) return null;
  return value instanceof Uint8Array ? value.slice() : value;
}

/** A copy that shares no bytes with the batch it was decoded from, however deep they lie. */
export function owned(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(owned);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) putOwn(copy, key, owned((value as Record<string, unknown>)[key]));
  return copy;
}

/** An event's value for an operator that keeps it: copied only where its codec hands out views of the batch. */
export function ownedOf(event: Event, value: unknown): unknown {
  return event.codec.viewsPayload === true ? owned(value) : value;
}

/** The first or the last value. */
export class Edge implements Accumulator<Edge> {
  #value: unknown;
  #has = false;
  readonly #last: boolean;

  /** @param last whether later values replace earlier ones */
  constructor(last: boolean) {
    this.#last = last;
  }
  add(value: unknown): void {
    if (this.#has && !this.#last) return;
    this.#value = keepable(value);
    this.#has = true;
  }
  merge(other: Edge): void {
    if (other.#has) this.add(other.#value);
  }
  result(): unknown {
    return this.#value;
  }
  snapshot(): unknown {
    return [this.#has, this.#value];
  }
  restore(state: unknown): void {
    [this.#has, this.#value] = state as [boolean, unknown];
  }
}

/** All values in order; merging makes one flat list, or a list of lists. */
export class Collect implements Accumulator<Collect> {
  #values: unknown[] = [];
  readonly #nested: boolean;

  /** @param nested whether each merged window stays a list of its own */
  constructor(nested: boolean) {
    this.#nested = nested;
  }
  add(value: unknown): void {
    this.#values.push(keepable(value));
  }
  merge(other: Collect): void {
    if (this.#nested) this.#values.push([...other.#values]);
    else for (const value of other.#values) this.#values.push(value);
  }
  result(): unknown[] {
    return [...this.#values];
  }
  snapshot(): unknown {
    return this.#values;
  }
  restore(state: unknown): void {
    this.#values = state as unknown[];
  }
}

/** Different values, in the order they first came; those beyond `most` are left out. */
export class Unique implements Accumulator<Unique> {
  readonly #values = new Map<string, unknown>();
  readonly #most: number;

  /** @param most how many values are kept */
  constructor(most: number) {
    this.#most = most;
  }
  add(value: unknown): void {
    if (value === undefined) return;
    const key = keyOf(value);
    if (this.#values.size < this.#most && !this.#values.has(key)) this.#values.set(key, keepable(value));
  }
  merge(other: Unique): void {
    for (const value of other.#values.values()) this.add(value);
  }
  result(): unknown[] {
    return [...this.#values.values()];
  }
  snapshot(): unknown {
    return [...this.#values.values()];
  }
  restore(state: unknown): void {
    for (const value of state as unknown[]) this.add(value);
  }
}

/** What JSON writes otherwise than it is. */
// deno-lint-ignore no-control-regex -- these are among them
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Text that is the same for values that are the same: object keys are sorted. */
export function keyOf(value: unknown): string {
  if (typeof value === "string") return ESCAPED.test(value) ? JSON.stringify(value) : `"${value}"`;
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(keyOf).join(",")}]`;
  if (value instanceof Uint8Array) return `b${value.toHex()}`;
  if (value instanceof Date) return `d${value.getTime()}`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([left], [right]) => left < right ? -1 : 1);
    return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${keyOf(each)}`).join(",")}}`;
  }
  return String(value ?? null);
}

/** Longest key that is kept as it is. */
const LONGEST_KEY = 1024;

/**
 * {@linkcode keyOf} for keys that are remembered: of a long one only its digest, so that a number of keys is a bound for
 * memory, too, whatever events bring.
 */
export function shortKeyOf(value: unknown): string {
  const key = keyOf(value);
  return key.length <= LONGEST_KEY ? key : `#${createHash("sha256").update(key).digest("base64")}`;
}
