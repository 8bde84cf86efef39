import type { ModuleGraph } from "./module_graph.ts";

/**
 * Groups of modules that import one another in a circle, each sorted. Imports
 * of types are gone at run time and `import()` waits, so neither counts.
 *
 * Tarjan's strongly connected components.
 */
export function importCycles(graph: ModuleGraph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];

  function targets(path: string): string[] {
    return (graph.get(path)?.edges ?? [])
      .filter(({ kind, target }) => kind === "static" && graph.has(target ?? ""))
      .map(({ target }) => target!);
  }

  function visit(path: string): void {
    order.set(path, order.size);
    lowest.set(path, order.get(path)!);
    stack.push(path);
    for (const target of targets(path)) {
      if (!order.has(target)) visit(target);
      if (!stack.includes(target)) continue;
      lowest.set(path, Math.min(lowest.get(path)!, lowest.get(target)!));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const group = stack.splice(stack.indexOf(path));
    if (group.length > 1 || targets(path).includes(path)) {
      cycles.push(group.sort());
    }
  }

  for (const path of graph.keys()) if (!order.has(path)) visit(path);
  return cycles;
}
