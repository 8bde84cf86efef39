/**
 * Finds what `JSON.parse` lets through: keys given twice, `__proto__`, and documents nested deeper or larger than
 * anything a person writes.
 * @module
 */

/** Most bytes a manifest or grant file may have. */
export const maxJsonBytes: number = 1 << 20;

/** Deepest nesting of objects and arrays. */
export const maxJsonDepth = 32;

/** What is wrong with a document, and where. */
export interface JsonProblem {
  /** `duplicate-key` and `reserved-key` are JSON by the letter, and refused all the same. */
  readonly kind:
    | "syntax"
    | "duplicate-key"
    | "reserved-key"
    | "too-deep"
    | "too-large";
  /** What was found, for people. */
  readonly found: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 code units, from 1. */
  readonly column: number;
}

/** Thrown inside the scanner only; {@linkcode scanJson} turns it into a value. */
class Stop {
  readonly kind: JsonProblem["kind"];
  readonly offset: number;
  readonly found: string;

  constructor(kind: JsonProblem["kind"], offset: number, found: string) {
    this.kind = kind;
    this.offset = offset;
    this.found = found;
  }
}

const spaces = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// Written so that a run of plain characters is one step: one for each would take the engine's stack in a long string.
// deno-lint-ignore no-control-regex
const string = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const word = /true|false|null/y;

/** Walks a document once, without building it. */
class Scanner {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value(0);
    this.#match(spaces);
    if (this.#offset < this.#text.length) this.#unexpected("the end");
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const start = this.#offset;
    if (!pattern.test(this.#text)) return undefined;
    this.#offset = pattern.lastIndex;
    return this.#text.slice(start, this.#offset);
  }

  #take(character: string): boolean {
    this.#match(spaces);
    if (this.#text[this.#offset] !== character) return false;
    this.#offset += 1;
    return true;
  }

  #unexpected(wanted: string): never {
    this.#match(spaces);
    const character = this.#text.codePointAt(this.#offset);
    const found = character === undefined ? "the end of the file" : JSON.stringify(String.fromCodePoint(character));
    throw new Stop(
      "syntax",
      this.#offset,
      `${found} where ${wanted} should be`,
    );
  }

  #value(depth: number): void {
    this.#match(spaces);
    const character = this.#text[this.#offset];
    if (character === "{" || character === "[") {
      if (depth >= maxJsonDepth) {
        throw new Stop(
          "too-deep",
          this.#offset,
          `more than ${maxJsonDepth} objects and arrays inside each other`,
        );
      }
      this.#offset += 1;
      if (character === "{") this.#object(depth);
      else this.#array(depth);
    } else if (character === '"') {
      if (this.#match(string) === undefined) this.#brokenString();
    } else if (
      this.#match(word) === undefined && this.#match(number) === undefined
    ) {
      this.#unexpected("a value");
    }
  }

  #array(depth: number): void {
    if (this.#take("]")) return;
    do this.#value(depth + 1); while (this.#take(","));
    if (!this.#take("]")) this.#unexpected("',' or ']'");
  }

  #object(depth: number): void {
    if (this.#take("}")) return;
    const keys = new Set<string>();
    do {
      this.#key(keys);
      if (!this.#take(":")) this.#unexpected("':'");
      this.#value(depth + 1);
    } while (this.#take(","));
    if (!this.#take("}")) this.#unexpected("',' or '}'");
  }

  #key(keys: Set<string>): void {
    this.#match(spaces);
    const start = this.#offset;
    if (this.#text[start] !== '"') this.#unexpected("a key in double quotes");
    const quoted = this.#match(string) ?? this.#brokenString();
    // Decoded first: "a" and "\u0061" are the same key.
    const key = JSON.parse(quoted) as string;
    if (key === "__proto__") {
      throw new Stop("reserved-key", start, 'the key "__proto__"');
    }
    if (keys.has(key)) {
      throw new Stop(
        "duplicate-key",
        start,
        `the key ${JSON.stringify(key)} for the second time`,
      );
    }
    keys.add(key);
  }

  #brokenString(): never {
    throw new Stop(
      "syntax",
      this.#offset,
      "a string that does not end, or holds a raw control character or an unknown escape",
    );
  }
}

/** Line and column of an offset. */
export function placeOf(
  text: string,
  offset: number,
): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (
    let next = text.indexOf("\n");
    next !== -1 && next < offset;
    next = text.indexOf("\n", next + 1)
  ) {
    line += 1;
    start = next + 1;
  }
  return { line, column: offset - start + 1 };
}

/**
 * Checks a document without building it. What passes is accepted by `JSON.parse`.
 *
 * @param maxBytes most UTF-16 units
 * @returns the first problem, or `undefined`
 */
export function scanJson(text: string, maxBytes: number = maxJsonBytes): JsonProblem | undefined {
  // Code units are never more than bytes, so this also bounds the scan of text that did not come from a file.
  if (text.length > maxBytes) {
    return {
      kind: "too-large",
      found: `more than ${maxBytes} bytes`,
      line: 1,
      column: 1,
    };
  }
  try {
    new Scanner(text).document();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      // A string of millions of escapes takes the engine's stack.
      return { kind: "too-large", found: "a string with too many escapes", line: 1, column: 1 };
    }
    if (!(thrown instanceof Stop)) throw thrown;
    const { kind, found, offset } = thrown;
    return { kind, found, ...placeOf(text, offset) };
  }
}
