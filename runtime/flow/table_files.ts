/** The files that `enrich` steps of a flow look up in. @module */
import type { FlowDefinition, OperatorDefinition } from "./flow_definition.ts";

/** Paths as they are written, with the pipeline they are in. */
export interface TableFiles {
  /** Pipeline. */
  readonly pipeline: string;
  /** Path of the file. */
  readonly path: string;
  /** Whether it is a SQLite file, which is made when it is not there. */
  readonly isStore: boolean;
}

/** Finds them. */
export function tableFilesOf({ pipelines = {} }: FlowDefinition): TableFiles[] {
  return Object.entries(pipelines).flatMap(([pipeline, definition]) => {
    const steps: readonly OperatorDefinition[] = "nodes" in definition
      ? Object.values(definition.nodes).flat()
      : "operators" in definition
      ? definition.operators
      : definition;
    return steps.flatMap((step): TableFiles[] => {
      if (!("enrich" in step)) return [];
      const { file, store } = step.enrich;
      if (file !== undefined) return [{ pipeline, path: file.path, isStore: false }];
      return typeof store === "string" ? [{ pipeline, path: store, isStore: true }] : [];
    });
  });
}
