/** One node of a flow that was started, with what it says about itself. @module */
import type { Connection } from "../connector/connection.ts";
import type { NodeMetrics } from "../connector/connector_metrics.ts";
import type { Part, PartMetrics } from "../connector/contract.ts";
import type { Gate } from "../connector/gate.ts";
import type { SupervisionReport } from "../connector/supervision.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import type { NodeReport } from "./flow_report.ts";
import type { LifeCycle } from "./life_cycle.ts";

/** What a report says that follows from connection, gate and life. */
type Standing = Pick<NodeReport, "state" | "connectivity" | "reconnects" | "waitsFor">;

/** One node that was started. */
export interface Node extends Omit<NodeReport, "metrics" | "part" | "error" | keyof Standing | "supervision"> {
  /** Where it is in its life. */
  readonly life: LifeCycle;
  /** Nothing goes through it while this is closed. */
  readonly gate: Gate;
  /** Of its part; pipelines have none. */
  readonly connection: Connection | undefined;
  /** What the host counted. */
  readonly metrics: () => Readonly<NodeMetrics>;
  /** The part; pipelines have none. */
  readonly part: Part | undefined;
  /** What was decided about its process. */
  readonly supervision?: () => SupervisionReport | undefined;
  /** What ended it before its time. */
  readonly failure: () => CaissonError | undefined;
  /** What the part said about itself last. */
  partMetrics: PartMetrics;
  /** Why it could not be closed. */
  closeError?: CaissonError;
}

/** What a node says about itself now. */
export function reportOf(node: Node): NodeReport {
  const { name, role, type, plugin, isolation, level, life, gate, connection, metrics, partMetrics } = node;
  const supervision = node.supervision?.();
  const error = node.failure() ?? node.closeError;
  return {
    name,
    role,
    type,
    plugin,
    isolation,
    level,
    state: life.state,
    connectivity: connection?.connectivity ?? "connected",
    reconnects: connection?.reconnects ?? 0,
    waitsFor: gate.reasons,
    metrics: { ...metrics() },
    part: partMetrics,
    ...(supervision === undefined ? {} : { supervision }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  };
}
