// Splits TypeScript source into the few tokens that matter for finding imports.
// Comments, templates and regular expressions are skipped, so that an `import`
// written inside of one is never taken for a real one.

/** A word, string or sign of the source. */
export interface Token {
  /** What it is. */
  readonly kind: "word" | "string" | "sign";
  /** The word, the sign, or the content of the string without its quotes. */
  readonly text: string;
  /** Offset of the first character, the quote included. */
  readonly start: number;
  /** Offset after the last character, the quote included. */
  readonly end: number;
}

const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*|[0-9][\w.]*/uy;

/** Words after which a `/` starts a regular expression and divides nothing. */
const BEFORE_EXPRESSION = new Set([
  "await",
  "case",
  "delete",
  "do",
  "else",
  "in",
  "instanceof",
  "new",
  "of",
  "return",
  "throw",
  "typeof",
  "void",
  "yield",
]);

function dividesAfter(previous: Token | undefined): boolean {
  if (previous === undefined) return false;
  if (previous.kind === "string") return true;
  if (previous.kind === "word") return !BEFORE_EXPRESSION.has(previous.text);
  return [")", "]", "}"].includes(previous.text);
}

/** The offset after a string that starts at `start`. */
function endOfString(source: string, start: number): number {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote) {
    at += source[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}

/** The offset after a regular expression that starts at `start`. */
function endOfRegExp(source: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < source.length && (inClass || source[at] !== "/")) {
    if (source[at] === "\n") return at;
    if (source[at] === "[") inClass = true;
    if (source[at] === "]") inClass = false;
    at += source[at] === "\\" ? 2 : 1;
  }
  at += 1;
  while (/[a-z]/.test(source[at] ?? "")) at += 1;
  return at;
}

/** Reads tokens until the source, or the `${…}` it stands in, ends. */
class Tokenizer {
  readonly #source: string;
  readonly tokens: Token[] = [];
  at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  #push(kind: Token["kind"], end: number): void {
    const start = this.at;
    const text = kind === "string" ? this.#source.slice(start + 1, end - 1) : this.#source.slice(start, end);
    this.tokens.push({ kind, text, start, end });
    this.at = end;
  }

  #skipTo(text: string): void {
    const found = this.#source.indexOf(text, this.at + 2);
    this.at = found === -1 ? this.#source.length : found + text.length;
  }

  #skipTemplate(): void {
    this.at += 1;
    while (this.at < this.#source.length) {
      if (this.#source[this.at] === "`") {
        this.at += 1;
        return;
      }
      if (this.#source.startsWith("${", this.at)) {
        this.at += 2;
        this.read(true);
      } else {
        this.at += this.#source[this.at] === "\\" ? 2 : 1;
      }
    }
  }

  read(inTemplate = false): void {
    let depth = 0;
    while (this.at < this.#source.length) {
      const char = this.#source[this.at] ?? "";
      if (/\s/.test(char)) {
        this.at += 1;
      } else if (this.#source.startsWith("//", this.at)) {
        const end = this.#source.indexOf("\n", this.at);
        this.at = end === -1 ? this.#source.length : end;
      } else if (this.#source.startsWith("/*", this.at)) {
        this.#skipTo("*/");
      } else if (char === '"' || char === "'") {
        this.#push("string", endOfString(this.#source, this.at));
      } else if (char === "`") {
        this.#skipTemplate();
      } else if (char === "/" && !dividesAfter(this.tokens.at(-1))) {
        this.at = endOfRegExp(this.#source, this.at);
      } else {
        if (char === "{") depth += 1;
        if (char === "}") depth -= 1;
        if (inTemplate && depth < 0) {
          this.at += 1;
          return;
        }
        WORD.lastIndex = this.at;
        const word = WORD.exec(this.#source);
        this.#push(
          word === null ? "sign" : "word",
          word === null ? this.at + 1 : WORD.lastIndex,
        );
      }
    }
  }
}

/** The tokens of a TypeScript or JavaScript source. */
export function tokenize(source: string): Token[] {
  const tokenizer = new Tokenizer(source);
  tokenizer.read();
  return tokenizer.tokens;
}
