/**
 * Functions that are made for the names they read and write. A closure over a name shares its code with all others, so
 * V8 looks every property up anew; a function of its own knows the shape of its objects after some calls. Nothing but
 * names, quoted as JSON, becomes code: expressions stay closures. Where code must not be made of text, closures do.
 * @module
 */
import { putOwn } from "./own_field.ts";

/** Reads one own property; `undefined` when there is none, or no object to have one. */
export type Reader = (container: unknown) => unknown;

/** Makes a record of what the functions give; what is `undefined` is left out. */
export type RecordMaker = (scope: unknown) => Record<string, unknown>;

type Compute = (scope: unknown) => unknown;

/** A literal of more fields takes V8 longer than a table. */
const MOST_FIELDS = 128;

/**
 * Characters from which on V8 keeps a joined text as its parts. `JSON.stringify` writes an object that has such a text in
 * it, and all that is written with it, the slow way, which takes twice as long; joining the text at once does not.
 */
const LEAST_ROPE = 13;

/** A function made of text; `undefined` under `--disallow-code-generation-from-strings`. */
export function functionOf(parameters: readonly string[], body: string): ((...given: never[]) => unknown) | undefined {
  try {
    return new Function(...parameters, body) as (...given: never[]) => unknown;
  } catch (thrown) {
    if (thrown instanceof EvalError) return undefined;
    throw thrown;
  }
}

/** Keys of the readers that {@linkcode recordMakerOf} may write out, so that it asks only once what it reads from. */
const keys = new WeakMap<Compute, string>();

const hasOwn = Object.hasOwn as (value: object, key: string) => boolean;
const prototypeOf = Object.getPrototypeOf as (value: object) => object | null;

/** What {@linkcode isPlain} uses. */
const PLAIN = ["prototypeOf", "plain", "probe"] as const;
const ofPlain = [prototypeOf, Object.prototype, Symbol("probe")] as const;

/**
 * Code that tells whether a variable is a record whose properties are all its own, but for those every object has.
 * Asked for a property that nothing has, V8 checks the shape and knows the prototype by it; else it calls its runtime.
 */
function isPlain(name: string): string {
  return `typeof ${name} === "object" && ${name} !== null && ${name}[probe] === undefined && prototypeOf(${name}) === plain`;
}

/** Makes a {@linkcode Reader} of `key`. */
export function readerOf(key: string): Reader {
  const slow: Reader = (container) =>
    typeof container === "object" && container !== null && hasOwn(container, key)
      ? (container as Record<string, unknown>)[key]
      : undefined;
  // What every record inherits is told apart from its own by asking.
  if (key in Object.prototype) return slow;
  const quoted = JSON.stringify(key);
  const make = functionOf(
    ["slow", ...PLAIN],
    `return (container) => ${isPlain("container")}
      ? container[${quoted}]
      : slow(container);`,
  ) as ((from: Reader, ...plain: typeof ofPlain) => Reader) | undefined;
  if (make === undefined) return slow;
  const reader = make(slow, ...ofPlain);
  keys.set(reader, key);
  return reader;
}

function slowMaker(names: readonly string[], computes: readonly Compute[]): RecordMaker {
  return (scope) => {
    const record: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) put(record, names[index]!, computes[index]!(scope));
    return record;
  };
}

function put(record: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined) putOwn(record, name, value);
}

/** As a key of a literal; written plainly, `__proto__` would set the prototype. */
export function literalKey(name: string): string {
  const quoted = JSON.stringify(name);
  return name === "__proto__" ? `[${quoted}]` : quoted;
}

/** Makes a {@linkcode RecordMaker} of names and what computes their values, in this order. */
export function recordMakerOf(fields: readonly (readonly [name: string, compute: Compute])[]): RecordMaker {
  const names = fields.map(([name]) => name);
  const computes = fields.map(([, compute]) => compute);
  if (fields.length === 0 || fields.length > MOST_FIELDS) return slowMaker(names, computes);
  // Each is computed once: it may be a function of the user's.
  const rest = (values: readonly unknown[]): Record<string, unknown> => {
    const record: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) put(record, names[index]!, values[index]);
    return record;
  };
  const values = names.map((_, index) => `value${index}`);
  const calls = names.map((_, index) => `compute${index}(scope)`);
  const reads = computes.map((compute, index) => readOf(compute, calls[index]!));
  const make = functionOf(
    ["rest", "computes", ...PLAIN],
    `const [${names.map((_, index) => `compute${index}`)}] = computes;
    return (scope) => {
      if (!(${isPlain("scope")})) return rest([${calls}]);
      ${values.map((value, index) => `const ${value} = ${reads[index]};`).join("\n")}
      return ${values.map((value) => `${value} === undefined`).join(" || ")}
        ? rest([${values}])
        : { ${names.map((name, index) => `${literalKey(name)}: ${values[index]}`)} };
    };`,
  ) as ((...given: [typeof rest, readonly Compute[], ...typeof ofPlain]) => RecordMaker) | undefined;
  return make === undefined ? slowMaker(names, computes) : make(rest, computes, ...ofPlain);
}

/** Writes out how `compute` is read from `scope` where that is known, else calls it. */
function readOf(compute: Compute, call: string): string {
  const key = keys.get(compute);
  return key === undefined ? call : `scope[${JSON.stringify(key)}]`;
}

/**
 * Makes a function that tells whether `compute` gives exactly `constant`, or with `same` false anything else: for texts,
 * true, false and null, which equal nothing but themselves.
 */
export function sameMakerOf(compute: Compute, constant: string | boolean | null, same: boolean): Compute {
  const slow: Compute = (scope) => (compute(scope) === constant) === same;
  if (!keys.has(compute)) return slow;
  const make = functionOf(
    ["slow", "constant", ...PLAIN],
    `return (scope) => ${isPlain("scope")}
      ? ${readOf(compute, "")} ${same ? "===" : "!=="} constant
      : slow(scope);`,
  ) as ((...given: [Compute, typeof constant, ...typeof ofPlain]) => Compute) | undefined;
  return make === undefined ? slow : make(slow, constant, ...ofPlain);
}

/** Makes a function that joins texts: those given as they are, and what the functions give, as text. */
export function joinerOf(
  parts: readonly (string | Compute)[],
  textOf: (value: unknown) => string | undefined,
): (scope: unknown) => string {
  const slow = (scope: unknown): string => {
    let text = "";
    for (const part of parts) text += typeof part === "string" ? part : textOf(part(scope)) ?? "";
    return text;
  };
  if (parts.length === 0 || parts.length > MOST_FIELDS) return slow;
  const names = parts.map((_, index) => `part${index}`);
  const constant = parts.reduce((sum, part) => sum + (typeof part === "string" ? part.length : 0), 0);
  const texts = parts.map((part, index) => typeof part === "string" ? names[index]! : `value${index}`);
  const dynamic = parts.flatMap((part, index) => typeof part === "string" ? [] : [[part, index] as const]);
  const make = functionOf(
    ["slow", "parts", "textOf", ...PLAIN],
    `const [${names}] = parts;
    return (scope) => {
      if (!(${isPlain("scope")})) return slow(scope);
      ${dynamic.map(([part, index]) => `let value${index} = ${readOf(part, `part${index}(scope)`)};`).join("\n")}
      ${
      dynamic.map(([, index]) => `if (typeof value${index} !== "string") value${index} = textOf(value${index}) ?? "";`)
        .join("\n")
    }
      return ${dynamic.map(([, index]) => `value${index}.length`).join(" + ") || "0"} < ${LEAST_ROPE - constant}
        ? ${texts.join(" + ")}
        : [${texts}].join("");
    };`,
  ) as
    | ((...given: [typeof slow, typeof parts, typeof textOf, ...typeof ofPlain]) => typeof slow)
    | undefined;
  return make === undefined ? slow : make(slow, parts, textOf, ...ofPlain);
}
