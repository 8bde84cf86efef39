/** What a flow says about itself. @module */
import type { NodeMetrics } from "../connector/connector_metrics.ts";
import type { Connectivity } from "../connector/connection.ts";
import type { PartMetrics } from "../connector/contract.ts";
import type { SupervisionReport } from "../connector/supervision.ts";
import type { LifeState } from "./life_cycle.ts";

/** Life of a flow. */
export type FlowState = LifeState;

/** One node of a running flow. */
export interface NodeReport {
  /** Name in the flow. */
  readonly name: string;
  /** What it is there. */
  readonly role:
    | "source"
    | "sink"
    | "processor"
    | "pipeline"
    | "buffer"
    | "codec"
    | "preprocessor"
    | "postprocessor";
  /** Component; `pipeline` for pipelines, `buffer` for buffers of links. */
  readonly type: string;
  /** Plugin it comes from; `builtin` for what the runtime brings. */
  readonly plugin: string;
  /** Where its code runs. */
  readonly isolation: string;
  /** What protects the host from it. */
  readonly level: string;
  /** Where it is in its life. */
  readonly state: LifeState;
  /** Whether it reaches its other side; `connected` for pipelines and processors. */
  readonly connectivity: Connectivity;
  /** Connections after the first. */
  readonly reconnects: number;
  /** Why nothing goes through at the moment: `user`, `flow`, `connection`, `breaker`, or `sink:<name>` for a source. */
  readonly waitsFor: readonly string[];
  /** What the host counted. */
  readonly metrics: Readonly<NodeMetrics>;
  /** What the part says about itself. */
  readonly part: PartMetrics;
  /** What was decided about its process, where something had to be. */
  readonly supervision?: SupervisionReport;
  /** What ended the node before its time, or kept it from ending well. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Latency from entering the system until written, milliseconds. */
export interface LatencyReport {
  /** Median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** 99.9th percentile. */
  readonly p999: number;
  /** Largest. */
  readonly max: number;
}

/** A flow at one moment, or at its end. */
export interface FlowReport {
  /** Name of the flow. */
  readonly flow: string;
  /** Where it is in its life. */
  readonly state: FlowState;
  /** Every node. */
  readonly nodes: readonly NodeReport[];
  /** Events sources read. */
  readonly in: number;
  /** Events sinks delivered; an event with two sinks counts twice. */
  readonly out: number;
  /** Events dropped on purpose. */
  readonly dropped: number;
  /** Events failed, counted where they failed. */
  readonly failed: number;
  /** Seconds from start until now, or until the end. */
  readonly seconds: number;
  /** Events read a second. */
  readonly eventsPerSecond: number;
  /** Over all sinks: from when an event, or the last event of a window, came in until its sink had written it. */
  readonly latencyMs: LatencyReport;
  /** Error codes and how often each was seen. */
  readonly errors: Readonly<Record<string, number>>;
  /** What a sink `exit` asked whoever runs the flow to exit with. */
  readonly exitCode?: number;
}
