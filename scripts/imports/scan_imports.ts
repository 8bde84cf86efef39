import { type Token, tokenize } from "./tokens.ts";

/** One place where a module names another. */
export interface ImportSite {
  /** What the module names, such as `./batch.ts` or `@std/path`. */
  readonly specifier: string;
  /**
   * `static` is loaded with the module, `dynamic` when the code gets there,
   * `type` never.
   */
  readonly kind: "static" | "dynamic" | "type";
  /** Whether it is `export * from`, which passes on every name. */
  readonly exportsAll: boolean;
  /** Offset of the specifier's first character, after the quote. */
  readonly start: number;
  /** Offset after the specifier's last character, before the quote. */
  readonly end: number;
}

function site(
  token: Token,
  kind: ImportSite["kind"],
  exportsAll = false,
): ImportSite {
  const { text, start, end } = token;
  return { specifier: text, kind, exportsAll, start: start + 1, end: end - 1 };
}

/** The string after the statement's `from`, if it has one before it ends. */
function fromClause(tokens: readonly Token[], at: number): Token | undefined {
  for (let index = at; index < tokens.length; index += 1) {
    const { kind, text } = tokens[index]!;
    const next = tokens[index + 1];
    if (kind === "word" && text === "from" && next?.kind === "string") {
      return next;
    }
    const inClause = kind === "word" || kind === "string" ||
      ["{", "}", ",", "*"].includes(text);
    if (!inClause || (kind === "word" && index > at && text === "import")) {
      return undefined;
    }
  }
  return undefined;
}

/** Whether `type` at this place means "types only" and is no imported name. */
function isTypeOnly(tokens: readonly Token[], at: number): boolean {
  const [word, next] = [tokens[at], tokens[at + 1]];
  return word?.kind === "word" && word.text === "type" &&
    next?.text !== "from" && next?.text !== "," && next?.text !== "=";
}

function importAt(
  tokens: readonly Token[],
  at: number,
): ImportSite | undefined {
  const next = tokens[at + 1];
  if (next?.kind === "string") return site(next, "static");
  if (next?.text === "(") {
    const argument = tokens[at + 2];
    const before = tokens[at - 1]?.text ?? "";
    const inType = ["typeof", ":", "<", "|", "&"].includes(before);
    return argument?.kind === "string" ? site(argument, inType ? "type" : "dynamic") : undefined;
  }
  const from = fromClause(tokens, at + 1);
  if (from === undefined) return undefined;
  return site(from, isTypeOnly(tokens, at + 1) ? "type" : "static");
}

function exportAt(
  tokens: readonly Token[],
  at: number,
): ImportSite | undefined {
  const typeOnly = isTypeOnly(tokens, at + 1);
  const first = tokens[typeOnly ? at + 2 : at + 1];
  if (first?.text !== "{" && first?.text !== "*") return undefined;
  const from = fromClause(tokens, at + 1);
  if (from === undefined) return undefined;
  return site(from, typeOnly ? "type" : "static", first.text === "*");
}

/** Every import and re-export of a TypeScript or JavaScript source, in order. */
export function scanImports(source: string): ImportSite[] {
  const tokens = tokenize(source);
  const sites: ImportSite[] = [];
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== "word" || tokens[at - 1]?.text === ".") continue;
    const found = text === "import" ? importAt(tokens, at) : text === "export" ? exportAt(tokens, at) : undefined;
    if (found !== undefined) sites.push(found);
  }
  return sites;
}
