/** Extractors: each takes a text apart, or finds that it cannot. @module */
import { invalid } from "../invalid.ts";
import type { ExtractorDefinition } from "../step/match_definition.ts";
import { compileCidr } from "./cidr.ts";
import { compileDatetime } from "./datetime.ts";
import { compileDissect } from "./dissect.ts";
import { compileGrok } from "./grok.ts";
import { parseInflux } from "./influx.ts";
import { compileGlob, compileRegex } from "./regex.ts";

/** Takes a text apart; `undefined` when it does not fit. */
export type Extract = (text: string) => unknown;

type Compile = (pattern: never, path: string, definition: ExtractorDefinition) => Extract;

const kinds: Readonly<Record<string, Compile>> = {
  regex: (pattern: string, path, definition) =>
    compileRegex(pattern, "flags" in definition ? definition.flags : undefined, path),
  grok: (pattern: string, path) => compileGrok(pattern, path),
  dissect: (pattern: string, path) => compileDissect(pattern, path),
  glob: (pattern: string) => compileGlob(pattern),
  json: () => parseJson,
  kv: (options: true | { readonly fields?: string; readonly values?: string }) =>
    compileKv(options === true ? {} : options),
  base64: () => decodeBase64,
  cidr: (ranges: readonly string[], path) => compileCidr(ranges, path),
  datetime: (format: string, path) => compileDatetime(format, path),
  influx: () => parseInflux,
};

/** Names of all extractors. */
export const extractorNames: readonly string[] = Object.keys(kinds);

/**
 * Compiles an extractor.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileExtractor(definition: ExtractorDefinition, path: string): Extract {
  const keys = Object.keys(definition);
  const kind = keys.find((key) => Object.hasOwn(kinds, key));
  if (kind === undefined || keys.some((key) => key !== kind && !(kind === "regex" && key === "flags"))) {
    throw invalid(path, JSON.stringify(definition), `one of ${extractorNames.join(", ")}`);
  }
  const pattern = (definition as Readonly<Record<string, unknown>>)[kind];
  const allowed = refusal(kind, pattern);
  if (allowed !== undefined) throw invalid(`${path}.${kind}`, JSON.stringify(pattern) ?? "nothing", allowed);
  return kinds[kind]!(pattern as never, `${path}.${kind}`, definition);
}

function refusal(kind: string, pattern: unknown): string | undefined {
  switch (kind) {
    case "json":
    case "base64":
    case "influx":
      return pattern === true ? undefined : "true";
    case "kv":
      return pattern === true || (typeof pattern === "object" && pattern !== null) ? undefined : "true, or separators";
    case "cidr":
      return Array.isArray(pattern) && pattern.every((each) => typeof each === "string")
        ? undefined
        : "a list of ranges";
    default:
      return typeof pattern === "string" && pattern !== "" ? undefined : "a text";
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decodeBase64(text: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(text));
  } catch {
    return undefined;
  }
}

/** `a=1 b="two words"`; each separator is one character of the text given. */
function compileKv({ fields = " ", values = "=" }: { readonly fields?: string; readonly values?: string }): Extract {
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
      found[name] = text.slice(from, to);
      at = quoted ? to + 1 : to;
    }
    return Object.keys(found).length > 0 ? found : undefined;
  };
}
