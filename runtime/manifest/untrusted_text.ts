/** Shows text that a plugin's author wrote without letting it pose as ours. @module */

// Control characters, zero-width characters and direction marks, which could hide or reorder what a terminal shows.
const hidden =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

function escapeHidden(text: string): string {
  return text.replace(
    hidden,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Cuts by code points, so that no half of a pair is left. */
function shorten(text: string, most: number): string {
  const points = Array.from(text.slice(0, 2 * most + 2));
  return points.length > most ? `${points.slice(0, most - 1).join("")}…` : text;
}

/** The text in double quotes, shortened, with everything escaped that a terminal would not show as it is. */
export function quote(text: string, most = 120): string {
  return escapeHidden(JSON.stringify(shorten(text, most)));
}

/** Any JSON value as one short line. */
export function excerpt(value: unknown, most = 80): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quote(value, most);
  if (typeof value === "function") return "a function";
  // JSON has no word for NaN and Infinity, and would say null.
  if (typeof value === "number") return String(value);
  return escapeHidden(shorten(JSON.stringify(value, withoutBigints) ?? String(value), most));
}

function withoutBigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
