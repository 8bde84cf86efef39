/** Random pipelines of expressions that the kernel knows. @module */
import type { Expression, PipelineDefinition } from "../../runtime/flow/flow_definition.ts";

const PATHS: readonly Expression[] = [
  ["field", "level"],
  ["field", "n"],
  ["field", "m"],
  ["field", "user.name"],
  ["field", "user.id"],
  ["field", "user.a.a"],
  ["field", ["user", "length"]],
  ["field", ["user", 0]],
  ["field", "name"],
  ["field", ["ü"]],
  ["field", [""]],
  ["field", "user"],
  ["field", "a"],
  ["field", "__proto__"],
];
const CONSTANTS: readonly Expression[] = [
  ...["error", "info", "", "a", "é", "😀", "\uffff", 0, 1, -1, 12.5, 9007199254740992, 1e21, 1e-7, true, false, null],
];

/** A pipeline of filters and maybe a projection, sometimes with a step that only the host can do. */
export function randomPipeline(random: () => number): PipelineDefinition {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const expression = (depth: number): Expression => {
    const kind = random();
    if (depth === 0 || kind < 0.25) return random() < 0.7 ? pick(PATHS) : pick(CONSTANTS);
    const inner = () => expression(depth - 1);
    if (kind < 0.5) {
      const binary = [
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "contains",
        "starts_with",
        "ends_with",
        "+",
        "-",
        "*",
        "/",
        "%",
      ];
      return [pick(binary), inner(), inner()];
    }
    if (kind < 0.65) return [pick(["and", "or", "coalesce", "concat"]), inner(), inner(), inner()];
    if (kind < 0.85) return [pick(["not", "lower", "upper", "length", "number", "string", "present"]), inner()];
    if (kind < 0.95) return ["if", inner(), inner(), inner()];
    return ["in", inner(), ["literal", ["error", 1, 12.5, null, true]]];
  };
  const fields = () =>
    Object.fromEntries(
      ["x", "y z", 'q"\n', "ü"].slice(0, 1 + Math.floor(random() * 4)).map((name) => [name, expression(3)]),
    );
  const filter = { filter: ["or", expression(3), expression(2), ["==", ["field", "level"], "error"]] } as const;
  const kind = random();
  if (kind < 0.3) return [filter];
  if (kind < 0.6) return [{ project: fields() }];
  if (kind < 0.8) return [filter, { project: fields() }];
  return [filter, { project: fields() }, { filter: ["present", ["field", "x"]] }];
}
