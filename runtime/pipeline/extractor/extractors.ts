/** Extractors: each takes a text apart, or finds that it cannot. @module */
import { excerpt } from "../../manifest/untrusted_text.ts";
import { invalid } from "../invalid.ts";
import type { ExtractorDefinition } from "../step/match_definition.ts";
import { compileCidr } from "./cidr.ts";
import { compileDatetime } from "./datetime.ts";
import { compileDissect } from "./dissect.ts";
import { compileGlob } from "./glob.ts";
import { compileGrok } from "./grok.ts";
import { parseInflux } from "./influx.ts";
import { compileKv, refuseKv } from "./kv.ts";
import { compileRegex } from "./regex.ts";

/** Takes a text apart; `undefined` when it does not fit. */
export type Extract = (text: string) => unknown;

type Compile = (pattern: never, path: string, definition: ExtractorDefinition) => Extract;

const kinds: Readonly<Record<string, Compile>> = {
  regex: (pattern: string, path, definition) =>
    compileRegex(pattern, "flags" in definition ? definition.flags : undefined, path),
  grok: (pattern: string, path) => compileGrok(pattern, path),
  dissect: (pattern: string, path) => compileDissect(pattern, path),
  glob: (pattern: string, path) => compileGlob(pattern, path),
  json: () => parseJson,
  kv: (options: Parameters<typeof compileKv>[0]) => compileKv(options),
  base64: () => decodeBase64,
  cidr: (ranges: readonly string[], path) => compileCidr(ranges, path),
  datetime: (format: string, path) => compileDatetime(format, path),
  influx: () => parseInflux,
};

/** Names of all extractors. */
const extractorNames: readonly string[] = Object.keys(kinds);

/**
 * Compiles an extractor.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` naming the path
 */
export function compileExtractor(definition: ExtractorDefinition, path: string): Extract {
  const keys = Object.keys(definition ?? {});
  const kind = keys.find((key) => Object.hasOwn(kinds, key));
  if (kind === undefined || keys.some((key) => key !== kind && !(kind === "regex" && key === "flags"))) {
    throw invalid(path, excerpt(definition), `one of ${extractorNames.join(", ")}`);
  }
  const pattern = (definition as Readonly<Record<string, unknown>>)[kind];
  if ("flags" in definition && typeof definition.flags !== "string") {
    throw invalid(`${path}.flags`, excerpt(definition.flags), "a text of flags, such as i");
  }
  const allowed = refusal(kind, pattern);
  if (allowed !== undefined) throw invalid(`${path}.${kind}`, excerpt(pattern), allowed);
  return kinds[kind]!(pattern as never, `${path}.${kind}`, definition);
}

function refusal(kind: string, pattern: unknown): string | undefined {
  switch (kind) {
    case "json":
    case "base64":
    case "influx":
      return pattern === true ? undefined : "true";
    case "kv":
      return refuseKv(pattern);
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
