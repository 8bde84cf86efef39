/** One node of a flow that was started, with what it says about itself. @module */
import type { NodeMetrics } from "../connector/connector_metrics.ts";
import type { Part, PartMetrics } from "../connector/contract.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import type { NodeReport } from "./flow_report.ts";

/** One node that was started. */
export interface Node extends Omit<NodeReport, "metrics" | "part" | "error"> {
  /** What the host counted. */
  readonly metrics: () => Readonly<NodeMetrics>;
  /** The part; pipelines have none. */
  readonly part: Part | undefined;
  /** What ended it before its time. */
  readonly failure: () => CaissonError | undefined;
  /** What the part said about itself last. */
  partMetrics: PartMetrics;
  /** Why it could not be closed. */
  closeError?: CaissonError;
}
