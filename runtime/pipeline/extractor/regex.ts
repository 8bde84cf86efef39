/** Regular expressions and globs. @module */
import { messageOf } from "../../errors/caisson_error.ts";
import { invalid } from "../invalid.ts";

/** Named groups, or `{}` when there are none. @throws {CaissonError} `CAISSON_FLOW_INVALID` */
export function compileRegex(pattern: string, flags: string | undefined, path: string): (text: string) => unknown {
  const regex = newRegex(pattern, flags ?? "u", path);
  return (text) => {
    const match = regex.exec(text);
    return match === null ? undefined : { ...match.groups };
  };
}

/** A regular expression that keeps no state between texts. @throws {CaissonError} `CAISSON_FLOW_INVALID` */
export function newRegex(pattern: string, flags: string, path: string): RegExp {
  try {
    return new RegExp(pattern, flags.replace(/[gy]/g, ""));
  } catch (error) {
    throw invalid(path, messageOf(error), "a regular expression");
  }
}

/** `*` any text, `?` one character, `[abc]` one of these; the whole text has to fit, and is the result. */
export function compileGlob(pattern: string): (text: string) => unknown {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const close = char === "[" ? pattern.indexOf("]", at + 2) : -1;
    if (char === "*") source += ".*";
    else if (char === "?") source += ".";
    else if (close > 0) {
      const inside = pattern.slice(at + 1, close).replace(/\\/g, "\\\\").replace(/^!/, "^");
      source += `[${inside.replace(/\[/g, "\\[")}]`;
      at = close;
    } else source += char.replace(/[\\^$.|+()[\]{}/-]/g, "\\$&");
  }
  const regex = new RegExp(`^${source}$`, "s");
  return (text) => regex.test(text) ? text : undefined;
}
