/** Finds patterns of a flow that a hostile event could keep busy for ever. @module */
import { quote } from "../manifest/untrusted_text.ts";
import { plainExpression } from "../pipeline/expression_kind.ts";
import { repeatsRepetition } from "../pipeline/nested_repetition.ts";
import type { FlowDefinition } from "./flow_definition.ts";

/** Warnings about a checked flow, each with the path of a regular expression. */
export function slowPatterns({ pipelines = {} }: FlowDefinition): string[] {
  return patternsIn(pipelines, "pipelines").filter(([, pattern]) => repeatsRepetition(pattern)).map(([path, pattern]) =>
    `${path}: ${
      quote(pattern)
    } repeats what is itself repeated: a text made for it could take for ever; write it with one repetition`
  );
}

type Pattern = readonly [path: string, pattern: string];

function patternsIn(given: unknown, path: string): Pattern[] {
  const value = plainExpression(given);
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    const [name, , pattern] = value as unknown[];
    if (name === "literal") return [];
    const own: Pattern[] = name === "matches" && typeof pattern === "string" ? [[`${path}[2]`, pattern]] : [];
    return [...own, ...value.flatMap((each, index) => patternsIn(each, `${path}[${index}]`))];
  }
  return Object.entries(value).flatMap(([key, part]) => {
    const at = `${path}.${key}`;
    // A table is data.
    if (key === "table") return [];
    const pattern = key === "extract"
      ? textAt(part, "pattern")
      : key === "$extract"
      ? textAt(part, "regex")
      : undefined;
    const name = key === "extract" ? "pattern" : "regex";
    return [...(pattern === undefined ? [] : [[`${at}.${name}`, pattern] as const]), ...patternsIn(part, at)];
  });
}

function textAt(value: unknown, key: string): string | undefined {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof found === "string" ? found : undefined;
}
