/** Globs: `*.log`, `host-?`, `[a-f]*`. @module */
import { newRegex } from "./regex.ts";

/** Any text, or what one character has to be. */
type Token = "*" | ((character: string) => boolean);

/**
 * `*` any text, `?` one character, `[abc]` one of these, `[!abc]` any other; the whole text has to fit, and is the result.
 *
 * Not a regular expression: with several `*` that would try every way to divide a hostile text among them.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` for a class that is none, such as `[z-a]`
 */
export function compileGlob(pattern: string, path: string): (text: string) => unknown {
  const tokens = tokensOf(pattern, path);
  return (text) => fits(text, tokens) ? text : undefined;
}

function tokensOf(pattern: string, path: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const character = characterAt(pattern, at);
    const close = character === "[" ? pattern.indexOf("]", at + 2) : -1;
    at += character.length;
    if (character === "*") tokens.push("*");
    else if (character === "?") tokens.push(() => true);
    else if (close > 0) {
      const inside = pattern.slice(at, close).replace(/[\\[\]]/g, "\\$&").replace(/^!/, "^");
      const one = newRegex(`^[${inside}]$`, "su", path);
      tokens.push((other) => one.test(other));
      at = close + 1;
    } else tokens.push((other) => other === character);
  }
  return tokens;
}

/** Only the last `*` is tried anew with a longer text: what one before it took never has to change. */
function fits(text: string, tokens: readonly Token[]): boolean {
  let token = 0;
  let star = -1;
  let taken = 0;
  for (let at = 0; at < text.length;) {
    const character = characterAt(text, at);
    const wanted = tokens[token];
    if (wanted === "*") {
      star = token++;
      taken = at;
    } else if (wanted?.(character) === true) {
      token++;
      at += character.length;
    } else if (star >= 0) {
      token = star + 1;
      taken += characterAt(text, taken).length;
      at = taken;
    } else return false;
  }
  while (tokens[token] === "*") token++;
  return token === tokens.length;
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at)!);
}
