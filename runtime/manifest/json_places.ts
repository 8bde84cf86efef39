/** Where the values of a JSON document stand in its text. @module */
import { placeOf } from "./strict_json.ts";

/** A place in a text, counted from 1. */
export interface Place {
  /** Line. */
  readonly line: number;
  /** Column in UTF-16 code units. */
  readonly column: number;
}

/** Keys and indexes that lead to a value. */
export type JsonPath = readonly (string | number)[];

const token = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|([^\s{}[\],:"]+))/y;

/**
 * Finds where values start; a member of an object starts at its key.
 *
 * @param text a document that `scanJson` had nothing against
 * @returns the place of a path, or `undefined` where the document has no such value
 *
 * @example
 * ```ts
 * import { jsonPlaces } from "./json_places.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const placeOf = jsonPlaces('{\n  "net": ["a", "b"]\n}');
 * assertEquals(placeOf(["net", 1]), { line: 2, column: 16 });
 * ```
 */
export function jsonPlaces(text: string): (path: JsonPath) => Place | undefined {
  const offsets = new Map<string, number>();
  let at = 0;
  const next = (): { readonly text: string; readonly start: number } => {
    token.lastIndex = at;
    const match = token.exec(text);
    const word = match?.[1] ?? match?.[2] ?? match?.[3] ?? "";
    at = match === null ? text.length : token.lastIndex;
    return { text: word, start: at - word.length };
  };
  // The depth of a document that was scanned is bounded.
  const value = (path: JsonPath, first: { readonly text: string; readonly start: number }): void => {
    if (!offsets.has(keyOf(path))) offsets.set(keyOf(path), first.start);
    if (first.text !== "{" && first.text !== "[") return;
    const list = first.text === "[";
    for (let index = 0, word = next(); word.text !== "}" && word.text !== "]" && word.text !== ""; word = next()) {
      if (word.text === ",") continue;
      const below = [...path, list ? index++ : JSON.parse(word.text) as string];
      offsets.set(keyOf(below), word.start);
      if (!list) next();
      value(below, list ? word : next());
    }
  };
  value([], next());
  return (path) => {
    const offset = offsets.get(keyOf(path));
    return offset === undefined ? undefined : placeOf(text, offset);
  };
}

function keyOf(path: JsonPath): string {
  return JSON.stringify(path);
}
