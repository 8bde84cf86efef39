/** Keys with values in a text. @module */
import { putOwn } from "../own_field.ts";

/** What stands between fields, and between a key and its value. */
export interface KvSeparators {
  /** Each character of it ends a field. @default {" "} */
  readonly fields?: string;
  /** Each character of it ends a key. @default {"="} */
  readonly values?: string;
}

/** What the separators have to be, when they are something else. */
export function refuseKv(options: unknown): string | undefined {
  const allowed = 'true, or separators such as { "fields": ";", "values": ":" }';
  if (options === true) return undefined;
  if (typeof options !== "object" || options === null || Array.isArray(options)) return allowed;
  const holds = Object.entries(options).every(([key, value]) =>
    (key === "fields" || key === "values") && typeof value === "string" && value !== ""
  );
  return holds ? undefined : allowed;
}

/** `a=1 b="two words"`; each separator is one character of the text given. */
export function compileKv(
  options: true | KvSeparators,
): (text: string) => Readonly<Record<string, string>> | undefined {
  const { fields = " ", values = "=" } = options === true ? {} : options;
  return (text) => {
    const found: Record<string, string> = {};
    let at = 0;
    while (at < text.length) {
      if (fields.includes(text[at]!)) {
        at++;
        continue;
      }
      let end = at;
      while (end < text.length && !values.includes(text[end]!) && !fields.includes(text[end]!)) end++;
      const name = text.slice(at, end);
      if (end >= text.length || fields.includes(text[end]!) || name === "") return undefined;
      const quoted = text[end + 1] === '"';
      const from = quoted ? end + 2 : end + 1;
      let to = from;
      while (to < text.length && (quoted ? text[to] !== '"' : !fields.includes(text[to]!))) to++;
      if (quoted && to >= text.length) return undefined;
      putOwn(found, name, text.slice(from, to));
      at = quoted ? to + 1 : to;
    }
    return Object.keys(found).length > 0 ? found : undefined;
  };
}
