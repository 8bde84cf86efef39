/** JSON texts of many values by one call. @module */

/** Stands between values, as a text of its own; JSON writes it as it is, between two quotes. */
const BETWEEN = "\x7f";
/** What the text of a list has before its first item, and after its last one. */
const BRACKET = 1;
/** `,"` before the mark. */
const BEFORE = 2;
/** The mark and `",` behind it. */
const BEHIND = 3;

type Replacer = (key: string, value: unknown) => unknown;

/**
 * One text that holds the JSON text of each value; `starts` and `ends` tell where. A call for each value, and another one
 * to encode it, cost a quarter of what writing an event of 200 bytes takes. `undefined` where a value makes no text by
 * itself, where it may look at the key it stands at, or where the texts cannot be told apart: then each is written alone.
 */
export function jsonTexts(
  values: readonly unknown[],
  starts: Uint32Array,
  ends: Uint32Array,
  replacer: Replacer | undefined,
): string | undefined {
  if (!isText(values[0])) return undefined;
  // A list that begins empty is given room for 17.
  const items: unknown[] = [values[0]];
  for (let index = 1; index < values.length; index++) {
    const value = values[index];
    if (!isText(value)) return undefined;
    items.push(BETWEEN, value);
  }
  let text: string;
  try {
    text = JSON.stringify(items, replacer);
  } catch {
    return undefined;
  }
  let at = BRACKET;
  const last = values.length - 1;
  for (let index = 0; index < last; index++) {
    const mark = text.indexOf(BETWEEN, at);
    starts[index] = at;
    ends[index] = mark - BEFORE;
    at = mark + BEHIND;
  }
  // As many marks as were put in are all of them: with one more, an event has the character in it.
  if (text.includes(BETWEEN, at)) return undefined;
  starts[last] = at;
  ends[last] = text.length - BRACKET;
  return text;
}

/** Whether a value has a text, the same in a list and by itself. */
function isText(value: unknown): boolean {
  switch (typeof value) {
    case "object":
      // It would be told its index.
      return value === null || !("toJSON" in value);
    case "string":
    case "number":
    case "boolean":
      return true;
    default:
      return false;
  }
}
