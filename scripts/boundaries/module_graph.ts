import { posix } from "node:path";
import { type ImportSite, scanImports } from "../imports/scan_imports.ts";
import { lineAt } from "../finding.ts";

/** An import, with the module it leads to where that is one of ours. */
export interface Edge extends Pick<ImportSite, "specifier" | "kind"> {
  /** Line of the import, counted from 1. */
  readonly line: number;
  /** The imported file relative to the root; absent for packages. */
  readonly target?: string;
}

/** A module of the repository. */
export interface Module {
  /** Its file relative to the root, with `/` between segments. */
  readonly path: string;
  /** How many lines it has. */
  readonly lines: number;
  /** What it imports. */
  readonly edges: readonly Edge[];
}

/** Every module by its path. */
export type ModuleGraph = ReadonlyMap<string, Module>;

/** Builds the import graph of sources, given by their paths. */
export function moduleGraph(sources: ReadonlyMap<string, string>): ModuleGraph {
  const graph = new Map<string, Module>();
  for (const [path, source] of sources) {
    const edges = scanImports(source).map(({ specifier, kind, start }) => ({
      specifier,
      kind,
      line: lineAt(source, start),
      ...(/^\.{0,2}\//.test(specifier) &&
        { target: posix.join(posix.dirname(path), specifier) }),
    }));
    const lines = source.replace(/\n$/, "").split("\n").length;
    graph.set(path, { path, lines, edges });
  }
  return graph;
}
