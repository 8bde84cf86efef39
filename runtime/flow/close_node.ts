/** The end of one node. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { LifeCycle } from "./life_cycle.ts";
import type { Node } from "./node.ts";
import { closeError } from "./node_errors.ts";

/** It is over: for a reason, or in good order. What failed before stays failed. */
export function endLife(life: LifeCycle, failure: CaissonError | undefined): void {
  life.on(failure === undefined ? "stop" : "fail");
}

/** Reads the last numbers of a node's part and closes it. What goes wrong is told and stops nothing. */
export async function closeNode(node: Node, alias: string, onError: (error: CaissonError) => void): Promise<void> {
  node.gate.release();
  await node.connection?.settled();
  endLife(node.life, node.failure());
  if (node.part === undefined) return;
  try {
    node.partMetrics = await node.part.metrics?.() ?? {};
  } catch (error) {
    onError(closeError(alias, error));
  }
  try {
    await node.part.close();
  } catch (error) {
    node.closeError = closeError(alias, error);
    onError(node.closeError);
  }
}
