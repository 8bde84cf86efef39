/** `conformance.json`: how a plugin's components are configured, and what they are granted, when they are checked. @module */
import { basename, dirname, join } from "@std/path";
import { z } from "zod";
import { CaissonError } from "../errors/caisson_error.ts";
import { type JsonFileCodes, readJsonFile } from "../manifest/read_json.ts";
import { explainIssue } from "../manifest/schema_issue.ts";

/** Name of the file, beside `plugin.json`. */
const conformanceName = "conformance.json";

/** How one component is checked. */
export interface ComponentExample {
  /** Configuration, as a flow would have it. @default {`{}`} */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Whether the same configuration and input always give the same output, byte for byte.
   * @default {false for sources, true for all others}
   */
  readonly deterministic?: boolean | undefined;
  /** Codec of its events. @default {what the component says, else json} */
  readonly codec?: "json" | "string" | "binary" | "msgpack" | undefined;
  /** Processor: one output for each input, or as many as it likes. @default {"each"} */
  readonly outputs?: "each" | "any" | undefined;
  /**
   * Codec: payloads that it decodes. Preprocessor: the pieces of one stream, in order. Postprocessor: payloads.
   * Texts, or `{ "base64": "…" }`. @default {postprocessors: made-up payloads; others need some}
   */
  readonly samples?: readonly (string | { readonly base64: string })[] | undefined;
  /** Preprocessor: whether a stream may come in any pieces, or each piece is a whole. @default {"any"} */
  readonly pieces?: "any" | "whole" | undefined;
  /** What it is granted, as in a grant file; what is not listed is refused. @default {nothing} */
  readonly permissions?: Readonly<Record<string, unknown>> | undefined;
}

/** A plugin's `conformance.json`, or what stands for one that is not there. */
export interface ConformanceFile {
  /** The file; relative paths in permissions start from its folder. */
  readonly file: string;
  /** Whether it is there. */
  readonly present: boolean;
  /** Examples by component. */
  readonly components: ReadonlyMap<string, ComponentExample>;
}

const schema = z.strictObject({
  $schema: z.string().optional(),
  components: z.record(
    z.string().min(1),
    z.strictObject({
      config: z.record(z.string(), z.unknown()).optional(),
      deterministic: z.boolean().optional(),
      codec: z.enum(["json", "string", "binary", "msgpack"]).optional(),
      outputs: z.enum(["each", "any"]).optional(),
      samples: z.array(z.union([z.string(), z.strictObject({ base64: z.base64() })])).min(1).optional(),
      pieces: z.enum(["any", "whole"]).optional(),
      permissions: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

const codes: JsonFileCodes = {
  unreadable: "CAISSON_CONFORMANCE_INVALID",
  problems: {
    "syntax": "CAISSON_CONFORMANCE_INVALID",
    "duplicate-key": "CAISSON_CONFORMANCE_INVALID",
    "reserved-key": "CAISSON_CONFORMANCE_INVALID",
    "too-deep": "CAISSON_CONFORMANCE_INVALID",
    "too-large": "CAISSON_CONFORMANCE_INVALID",
  },
};

/**
 * Reads the file of a plugin; without one every component is checked with an empty configuration.
 *
 * @param folder the plugin's folder; for `dist` of a built plugin, the folder above
 * @param components names that the plugin provides
 * @throws {CaissonError} `CAISSON_CONFORMANCE_INVALID` with the path in the file
 */
export async function readConformance(folder: string, components: readonly string[]): Promise<ConformanceFile> {
  const file = join(basename(folder) === "dist" ? dirname(folder) : folder, conformanceName);
  const json = await readJsonFile(file, codes);
  if (json === undefined) return { file, present: false, components: new Map() };
  const result = schema.safeParse(json.value);
  if (!result.success) {
    const issue = explainIssue(result.error, schema, json.value);
    throw new CaissonError("CAISSON_CONFORMANCE_INVALID", {
      subject: issue.path === "" ? file : `${file}: ${issue.path}`,
      found: issue.found,
      allowed: issue.allowed,
    });
  }
  const entries = Object.entries(result.data.components);
  const unknown = entries.find(([name]) => !components.includes(name));
  if (unknown !== undefined) {
    throw new CaissonError("CAISSON_CONFORMANCE_INVALID", {
      subject: `${file}: components.${unknown[0]}`,
      found: "a component that the plugin does not provide",
      allowed: components.join(", "),
    });
  }
  return { file, present: true, components: new Map(entries) };
}

/** Replaces `{{name}}` in every string of a JSON value. */
export function substitute<Value>(value: Value, values: Readonly<Record<string, string>>): Value {
  const replaced = (each: unknown): unknown => {
    if (typeof each === "string") {
      return each.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
    }
    if (Array.isArray(each)) return each.map(replaced);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, member]) => [key, replaced(member)]));
  };
  return replaced(value) as Value;
}
