/**
 * Finds what a module imports, without running it.
 *
 * TypeScript is stripped of its types by Deno's own compiler first (positions stay the same), so `import type` is gone
 * and what is left is what would be loaded.
 * @module
 */
import { stripTypeScriptTypes } from "node:module";
import { init, parse } from "es-module-lexer";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { placeOf } from "./strict_json.ts";

/** One import that would be resolved when the module is loaded or while it runs. */
export interface ModuleImport {
  /** What is imported, with escapes resolved. */
  readonly specifier: string;
  /** Value of the `type` attribute, such as `json`, as far as it can be told. */
  readonly type?: string;
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1. */
  readonly column: number;
}

/** Languages a plugin's modules can be written in, by extension. */
const languages: Readonly<Record<string, "typescript" | "javascript">> = {
  ".ts": "typescript",
  ".mts": "typescript",
  ".js": "javascript",
  ".mjs": "javascript",
};

/** Whether a file of this extension is code that {@linkcode moduleImports} can read. */
export function isModuleExtension(extension: string): boolean {
  return Object.hasOwn(languages, extension);
}

/**
 * Lists static imports, re-exports and dynamic imports of a literal. A computed `import()` is not listed: it is decided
 * when it runs, by the plugin's permissions.
 *
 * @param file for the message
 * @param extension `.ts`, `.mts`, `.js` or `.mjs`
 * @throws {CaissonError} `CAISSON_MODULE_SYNTAX`
 */
export async function moduleImports(
  source: string,
  file: string,
  extension: string,
): Promise<readonly ModuleImport[]> {
  await init;
  const code = languages[extension] === "typescript" ? stripTypes(source, file) : source;
  let found: ReturnType<typeof parse>[0];
  try {
    [found] = parse(code);
  } catch (error) {
    const offset = (error as { idx?: number }).idx ?? 0;
    const { line, column } = placeOf(code, offset);
    throw new CaissonError("CAISSON_MODULE_SYNTAX", {
      subject: `${file}:${line}:${column}`,
      found: "code that cannot be parsed as a module",
      allowed: "a module that deno check accepts",
      cause: error,
    });
  }
  const imports: ModuleImport[] = [];
  for (const each of found) {
    if (each.d === -2) continue; // import.meta
    const specifier = each.n ?? templateText(code.slice(each.s, each.e));
    if (specifier === undefined) continue;
    const type = attributeType(code.slice(each.e, each.se));
    imports.push({
      specifier,
      ...(type === undefined ? {} : { type }),
      ...placeOf(code, each.ss),
    });
  }
  return imports;
}

function stripTypes(source: string, file: string): string {
  try {
    return stripTypeScriptTypes(source, { mode: "strip" });
  } catch (error) {
    const { message, place } = explain(error, source);
    throw new CaissonError("CAISSON_MODULE_SYNTAX", {
      subject: place === undefined ? file : `${file}:${place}`,
      found: message,
      allowed:
        "modern JavaScript with types that can be erased; no enum, namespace, parameter property, decorator or JSX",
      action: 'Set "erasableSyntaxOnly": true in the plugin\'s compilerOptions and mend what deno check names.',
      cause: error,
    });
  }
}

interface Explanation {
  readonly message: string;
  readonly place?: string | undefined;
}

/** Stripping says little about broken code; the full transform, whose result is not used, names the place. */
function explain(error: unknown, source: string): Explanation {
  const stripped = split(messageOf(error));
  if (!stripped.message.startsWith("[InvalidSyntax]")) return stripped;
  try {
    stripTypeScriptTypes(source, { mode: "transform" });
    return { message: "syntax that is more than types, such as a decorator" };
  } catch (thrown) {
    return split(messageOf(thrown).replace(/^SyntaxError: /, ""));
  }
}

/** Takes the place off the end of a compiler message, and says in whose terms it failed. */
function split(text: string): Explanation {
  const place = /:(\d+:\d+)\s*$/.exec(text)?.[1];
  const message = text.split("\n")[0]!.replace(/ at file:.*$/, "")
    .replace(/ is not supported in strip-only mode$/, ", which is more than types");
  return { message, place };
}

/** The text of a template literal without placeholders: as fixed as a string. */
function templateText(expression: string): string | undefined {
  const match = /^\s*`([^`\\$]*)`\s*$/.exec(expression);
  return match?.[1];
}

/** `type` in the attributes or options that follow a specifier. A comment can fake it: it is a hint and no proof. */
function attributeType(rest: string): string | undefined {
  return /\btype["']?\s*:\s*["'](\w+)["']/.exec(rest)?.[1];
}
