/** The end of one node. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { Node } from "./node.ts";
import { closeError } from "./node_errors.ts";

/** Reads the last numbers of a node's part and closes it. What goes wrong is told and stops nothing. */
export async function closeNode(node: Node, alias: string, onError: (error: CaissonError) => void): Promise<void> {
  node.gate.release();
  await node.connection?.settled();
  if (node.failure() !== undefined && node.life.takes("fail")) node.life.on("fail");
  node.life.on("stop");
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
