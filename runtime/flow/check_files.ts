/** Refuses flows that would write over what they read. @module */
import { resolve } from "@std/path";
import { builtins } from "../connector/builtin/builtins.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { FlowDefinition } from "./flow_definition.ts";
import type { Graph } from "./graph.ts";
import { tableFilesOf } from "./table_files.ts";

/**
 * Checks that no builtin connector truncates a file another one reads or writes. Sinks start first, so the input would
 * be gone before its first byte was read.
 *
 * @throws {CaissonError} `CAISSON_FLOW_INVALID`
 */
export function checkFiles(flow: FlowDefinition, graph: Graph): void {
  const readers = new Map<string, string>();
  for (const name of graph.sources) {
    for (const path of paths(flow, name, "source", "read")) readers.set(path, name);
  }
  for (const { pipeline, path, isStore } of tableFilesOf(flow)) if (!isStore) readers.set(realPath(path), pipeline);
  const writers = new Map<string, string>();
  for (const name of graph.sinks) {
    const { config } = flow.connectors[name]!;
    for (const path of paths(flow, name, "sink", "write")) {
      const other = readers.get(path) ?? writers.get(path);
      writers.set(path, name);
      if (other === undefined || config?.["mode"] === "append") continue;
      throw new CaissonError("CAISSON_FLOW_INVALID", {
        subject: `${flow.name}: connectors.${name}.config.path`,
        found: `${path}, which ${other} ${readers.has(path) ? "reads" : "writes"}`,
        allowed: 'a file of its own, or "mode": "append"',
      });
    }
  }
}

function paths(flow: FlowDefinition, name: string, kind: "source" | "sink", use: "read" | "write"): string[] {
  const { type, config = {} } = flow.connectors[name]!;
  const builtin = builtins.find((each) =>
    each.kind === kind && (type === each.type || type === `builtin:${each.type}`)
  );
  // A configuration without its path is refused with its own error later.
  if (builtin?.type !== "file" || typeof config["path"] !== "string") return [];
  return (builtin.needs(config)[use] ?? []).map(realPath);
}

/** The file behind links where it is there and may be looked at. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    // Not there yet, or not readable for the host: then the spelling has to do.
    return resolve(path);
  }
}
