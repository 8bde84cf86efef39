/** Named groups of a regular expression become fields. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import type { ExtractDefinition } from "../flow/flow_definition.ts";
import { compileReading } from "./expected_value.ts";
import type { Operator } from "./operator.ts";

/**
 * Compiles an extraction. An event that does not match, or is no text, is failed through the port `err`.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID` when the pattern is no regular expression or has no named group
 */
export function compileExtract(
  definition: ExtractDefinition,
  path: string,
): Operator {
  const pattern = compilePattern(definition, path);
  const from = definition.from === undefined
    ? (value: unknown) => value
    : compileReading(definition.from, `${path}.from`, ["text"], 'a text of each event, such as ["field", "message"]');
  const numbers = definition.numbers ?? [];
  return {
    name: "extract",
    step: (event, emit) => {
      const text = from(event.value);
      if (typeof text !== "string") {
        throw noMatch(path, `a ${typeof text}`, "text");
      }
      const groups = pattern.exec(text)?.groups;
      if (groups === undefined) {
        throw noMatch(
          path,
          JSON.stringify(text.slice(0, 80)),
          definition.pattern,
        );
      }
      const value: Record<string, unknown> = { ...groups };
      for (const name of numbers) {
        const group = groups[name];
        if (group === undefined) continue;
        const number = Number(group);
        // Logs write "-" where there is no number.
        value[name] = group === "" || Number.isNaN(number) ? null : number;
      }
      return emit(event.with(value));
    },
  };
}

function compilePattern(
  { pattern, flags = "u", numbers = [] }: ExtractDefinition,
  path: string,
): RegExp {
  let compiled: RegExp;
  try {
    // The sticky and global flags keep state between events.
    compiled = new RegExp(pattern, flags.replace(/[gy]/g, ""));
  } catch (error) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${path}.pattern`,
      found: messageOf(error),
      allowed: "a regular expression",
      cause: error,
    });
  }
  const groups = new Set(
    [...pattern.matchAll(/\(\?<([A-Za-z_$][\w$]*)>/g)].map((match) => match[1]!),
  );
  if (groups.size === 0) {
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${path}.pattern`,
      found: "no named group",
      allowed: "(?<name>…)",
    });
  }
  for (const name of numbers) {
    if (groups.has(name)) continue;
    throw new CaissonError("CAISSON_FLOW_INVALID", {
      subject: `${path}.numbers`,
      found: JSON.stringify(name),
      allowed: [...groups].join(", "),
    });
  }
  return compiled;
}

function noMatch(path: string, found: string, allowed: string): CaissonError {
  return new CaissonError("CAISSON_OPERATOR_FAILED", {
    subject: path,
    found: `${found} does not match`,
    allowed,
  });
}
