/** Finds where in a JSON text a path leads, for messages that an editor can open. @module */

/** A place in a text. */
export interface TextPlace {
  /** Line, from 1. */
  readonly line: number;
  /** Column in UTF-16 code units, from 1. */
  readonly column: number;
}

const token = /[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^ \t\n\r{}[\],:"]+)/y;
const part = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("[^"\\]*(?:\\.[^"\\]*)*")\]/y;

/** Reads a text that is JSON for sure, token by token. */
class Tokens {
  readonly #text: string;
  #next = 0;
  /** Where the last token began. */
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string {
    token.lastIndex = this.#next;
    const [all = "", found = ""] = token.exec(this.#text) ?? [];
    this.#next += all.length;
    this.at = this.#next - found.length;
    return found;
  }

  /** Goes behind a value whose first token was read. */
  skip(first: string): void {
    let depth = 0;
    for (let read = first; read !== ""; read = this.next()) {
      if (read === "{" || read === "[") depth++;
      if (read === "}" || read === "]") depth--;
      if (depth === 0) return;
    }
  }
}

/**
 * The place of a key or an item. A path that leads further than the text does ends at what there is of it: a key that is
 * missing is looked for in its object.
 *
 * @param text JSON without faults
 * @param path as `pathText` writes it, `pipelines.main[0].filter`; what stands behind it is not read
 */
export function placeIn(text: string, path: string): TextPlace {
  const tokens = new Tokens(text);
  let first = tokens.next();
  let at = tokens.at;
  for (const key of keysOf(path)) {
    const found = first === "{" ? findKey(tokens, key) : first === "[" ? findItem(tokens, key) : undefined;
    if (found === undefined) break;
    ({ first, at } = found);
  }
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function keysOf(path: string): (string | number)[] {
  const keys: (string | number)[] = [];
  part.lastIndex = 0;
  for (let match = part.exec(path); match !== null; match = part.exec(path)) {
    const [, name, index, quoted] = match;
    keys.push(name ?? (index === undefined ? JSON.parse(quoted!) as string : Number(index)));
  }
  return keys;
}

interface Found {
  /** First token of the value. */
  readonly first: string;
  readonly at: number;
}

function findKey(tokens: Tokens, wanted: string | number): Found | undefined {
  for (let key = tokens.next(); key !== "}" && key !== ""; key = tokens.next()) {
    if (key === ",") continue;
    const { at } = tokens;
    tokens.next();
    const first = tokens.next();
    if (JSON.parse(key) === wanted) return { first, at };
    tokens.skip(first);
  }
  return undefined;
}

function findItem(tokens: Tokens, wanted: string | number): Found | undefined {
  let index = 0;
  for (let first = tokens.next(); first !== "]" && first !== ""; first = tokens.next()) {
    if (first === ",") continue;
    if (index++ === wanted) return { first, at: tokens.at };
    tokens.skip(first);
  }
  return undefined;
}
