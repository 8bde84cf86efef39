/** What a builtin may ask of the flow it is part of. @module */
import type { NodeMetrics } from "./connector_metrics.ts";

/** One node of the flow, as far as the source `metrics` tells. */
export interface NodeCounts {
  /** Name in the flow. */
  readonly name: string;
  /** What it is there. */
  readonly role: string;
  /** Component. */
  readonly type: string;
  /** What the host counted. */
  readonly metrics: Readonly<NodeMetrics>;
}

/** How the flow is to end. */
export interface FlowEnd {
  /** For whoever runs the flow; `caisson run` exits with it. */
  readonly exitCode: number;
  /** How long what was read may take to drain, milliseconds; 0 closes at once. */
  readonly deadlineMs: number;
}

/** The flow, for its own builtins; plugins never see it. */
export interface FlowAccess {
  /** Name of the flow. */
  readonly name: string;
  /** Every node at this moment. */
  nodes(): readonly NodeCounts[];
  /** Whether a source has not come to its end yet. */
  isReading(source: string): boolean;
  /** Ends the flow; returns at once. The first to ask decides the exit code. */
  end(how: FlowEnd): void;
}
