/**
 * Stand-in for `@std/assert`, for machines that cannot reach JSR. It holds only
 * what this project uses, with the names and types of the original.
 *
 * @module
 */

// deno-lint-ignore no-explicit-any -- a constructor's parameters are contravariant
type ErrorConstructor<E extends Error> = abstract new (...args: any[]) => E;

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** Makes the error. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

function show(value: unknown): string {
  return Deno.inspect(value, {
    compact: false,
    depth: Infinity,
    iterableLimit: Infinity,
    sorted: true,
    strAbbreviateSize: Infinity,
    trailingComma: true,
  });
}

/** Marks what only one side has, keeping the shared lines around it. */
function diff(actual: string, expected: string): string {
  const left = actual.split("\n");
  const right = expected.split("\n");
  let start = 0;
  while (start < left.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (
    end < Math.min(left.length, right.length) - start &&
    left.at(-1 - end) === right.at(-1 - end)
  ) end += 1;
  const context = 3;
  return [
    ...left.slice(Math.max(0, start - context), start).map((l) => `    ${l}`),
    ...left.slice(start, left.length - end).map((l) => `-   ${l}`),
    ...right.slice(start, right.length - end).map((l) => `+   ${l}`),
    ...left.slice(left.length - end, left.length - end + context)
      .map((l) => `    ${l}`),
  ].join("\n");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function samePrototype(left: object, right: object): boolean {
  const plain = (value: object) => Object.getPrototypeOf(value) ?? Object.prototype;
  return plain(left) === plain(right);
}

/** Every name a value answers to, its class's included. */
function allKeys(value: object): Set<PropertyKey> {
  const keys = new Set<PropertyKey>();
  const roots: unknown[] = [Object.prototype, Array.prototype, null];
  for (
    let at: object = value;
    !roots.includes(at);
    at = Object.getPrototypeOf(at)
  ) {
    for (const key of Reflect.ownKeys(at)) keys.add(key);
  }
  return keys;
}

function bytesOf(value: object): Uint8Array | undefined {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer ? new Uint8Array(value) : undefined;
}

class Comparison {
  /** Pairs being compared, so that a cycle ends. */
  readonly #pairs = new Map<object, object>();

  equal(left: unknown, right: unknown): boolean {
    if (left === right || Object.is(left, right)) return true;
    if (!isObject(left) || !isObject(right)) return false;
    if (left instanceof Date && right instanceof Date) {
      return Object.is(left.getTime(), right.getTime());
    }
    if (!samePrototype(left, right)) return false;
    if (left instanceof WeakMap || left instanceof WeakSet) {
      throw new TypeError(`Cannot compare ${left.constructor.name} instances`);
    }
    if (ArrayBuffer.isView(left) && !(left instanceof DataView)) {
      return this.#sameElements(
        left as Uint8Array,
        right as Uint8Array,
      );
    }
    const [leftBytes, rightBytes] = [bytesOf(left), bytesOf(right)];
    if (leftBytes !== undefined && rightBytes !== undefined) {
      return this.#sameElements(leftBytes, rightBytes);
    }
    if (
      left instanceof RegExp || left instanceof URL ||
      left instanceof URLSearchParams
    ) {
      return String(left) === String(right);
    }
    if (this.#pairs.get(left) === right) return true;
    this.#pairs.set(left, right);
    if (left instanceof Map || left instanceof Set) {
      return this.#sameEntries(left, right as typeof left);
    }
    return this.#sameProperties(left, right);
  }

  #sameElements(left: ArrayLike<unknown>, right: ArrayLike<unknown>): boolean {
    if (left.length !== right.length) return false;
    for (let index = 0; index < left.length; index += 1) {
      if (
        left[index] !== right[index] && !Object.is(left[index], right[index])
      ) {
        return false;
      }
    }
    return true;
  }

  #sameEntries(
    left: Map<unknown, unknown> | Set<unknown>,
    right: Map<unknown, unknown> | Set<unknown>,
  ): boolean {
    if (left.size !== right.size) return false;
    const rest = [...right.entries()];
    for (const entry of left.entries()) {
      const found = rest.findIndex(([key, value]) => this.equal(entry[0], key) && this.equal(entry[1], value));
      if (found === -1) return false;
      rest.splice(found, 1);
    }
    return true;
  }

  #sameProperties(left: object, right: object): boolean {
    if (Object.keys(left).length !== Object.keys(right).length) return false;
    const keys = allKeys(left).union(allKeys(right));
    for (const key of keys) {
      if (key in left !== key in right) return false;
      if (!this.equal(Reflect.get(left, key), Reflect.get(right, key))) {
        return false;
      }
    }
    return true;
  }
}

/** Asserts that a value is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

type Falsy = false | 0 | 0n | "" | null | undefined;

/** Asserts that a value is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (new Comparison().equal(actual, expected)) return;
  throw new AssertionError(
    `Values are not equal${suffix(msg)}\n\n    [Diff] - actual + expected\n\n${diff(show(actual), show(expected))}\n`,
  );
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!new Comparison().equal(actual, expected)) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} not to be: ${show(expected)}${suffix(msg)}`,
  );
}

/** Asserts that two values are the same, as `Object.is` has it. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const [left, right] = [show(actual), show(expected)];
  throw new AssertionError(
    left === right
      ? `Values have the same structure but are not reference-equal${suffix(msg)}\n\n    ${left}\n`
      : `Values are not strictly equal${suffix(msg)}\n\n    [Diff] - actual + expected\n\n${diff(left, right)}\n`,
  );
}

/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`,
  );
}

/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<
  // deno-lint-ignore no-explicit-any -- a constructor's parameters are contravariant
  T extends abstract new (...args: any[]) => any,
>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  const found = isObject(actual) ? actual.constructor?.name : typeof actual;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name}" but was "${
      actual === null ? "null" : found ?? "Object"
    }"${suffix(msg)}`,
  );
}

/** Asserts that a text contains another. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to contain: "${expected}"${suffix(msg)}`,
  );
}

/** Asserts that a text matches a pattern. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to match: "${expected}"${suffix(msg)}`,
  );
}

/** Asserts that two numbers differ by no more than `tolerance`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ??
    (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= allowed) return;
  throw new AssertionError(
    `Expected actual: "${show(actual)}" to be close to "${
      show(expected)
    }": delta "${delta}" is greater than "${allowed}"${suffix(msg)}`,
  );
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (actual > expected) return;
  throw new AssertionError(
    msg ?? `Expect ${show(actual)} > ${show(expected)}`,
  );
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (actual >= expected) return;
  throw new AssertionError(
    msg ?? `Expect ${show(actual)} >= ${show(expected)}`,
  );
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (actual < expected) return;
  throw new AssertionError(
    msg ?? `Expect ${show(actual)} < ${show(expected)}`,
  );
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (actual <= expected) return;
  throw new AssertionError(
    msg ?? `Expect ${show(actual)} <= ${show(expected)}`,
  );
}

/** Fails always. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

function checkError<E extends Error>(
  error: unknown,
  ErrorClass: ErrorConstructor<E>,
  msgIncludes: string | undefined,
  msg: string | undefined,
): void {
  if (!(error instanceof Error)) {
    throw new AssertionError(`A non-Error object was thrown${suffix(msg)}`);
  }
  if (!(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor.name}"${suffix(msg)}`,
      { cause: error },
    );
  }
  if (msgIncludes !== undefined && !error.message.includes(msgIncludes)) {
    throw new AssertionError(
      `Expected error message to include ${show(msgIncludes)}, but got ${show(error.message)}${suffix(msg)}`,
      { cause: error },
    );
  }
}

/** Asserts that a function throws, and returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that a function throws such an error, and returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorConstructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMsg?: ErrorConstructor<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const note = typeof classOrMsg === "string" ? classOrMsg : msg;
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg === "function") {
      checkError(error, classOrMsg, msgIncludes, note);
    }
    thrown = error;
    return thrown;
  }
  throw new AssertionError(`Expected function to throw${suffix(note)}`);
}

/** Asserts that a promise rejects, and resolves to what it rejected with. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Asserts that a promise rejects with such an error, and resolves to it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorConstructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorConstructor<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const note = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(
      `Function throws when expected to reject${suffix(note)}`,
      { cause: error },
    );
  }
  try {
    await promise;
  } catch (error) {
    if (typeof classOrMsg === "function") {
      checkError(error, classOrMsg, msgIncludes, note);
    }
    return error;
  }
  throw new AssertionError(`Expected function to reject${suffix(note)}`);
}
