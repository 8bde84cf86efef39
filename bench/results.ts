/** Everything one run measured, and the JSON made of it. @module */
import type { BoundaryResult, CostByBatch } from "./boundary.ts";
import type { Growth, Start } from "./life.ts";
import type { Limits } from "./limits.ts";
import type { MessageResult } from "./messages.ts";
import type { Method } from "./methods.ts";
import type { PeerResult } from "./peers.ts";
import { ratioOf, type WorkloadResult } from "./retained.ts";
import { median, significant } from "./statistics.ts";

/** One run. */
export interface Results {
  readonly machine: Machine;
  /** Isolations that this version offers. */
  readonly isolations: readonly string[];
  /** Isolations it does not offer. */
  readonly missing: readonly string[];
  /** Workloads this version cannot run, with the reason. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly retained: ReadonlyMap<string, WorkloadResult>;
  readonly limits: Limits;
  readonly boundary: BoundaryResult;
  readonly messages: MessageResult;
  readonly start: ReadonlyMap<string, Start>;
  readonly growth: Growth;
  readonly peers: PeerResult;
  readonly methods: readonly Method[];
}

/** Where it ran. */
export interface Machine {
  readonly deno: string;
  readonly v8: string;
  readonly os: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly date: string;
  readonly quick: boolean;
  readonly input: string;
  readonly seconds: number;
  /** Processes that wanted to run before the benchmark began: above 0.5 the machine was not quiet. */
  readonly loadBefore: number;
}

/** Median events a second of one contender. */
export function rateOf({ rounds }: WorkloadResult, name: string): number {
  return median((rounds.get(name) ?? []).map(({ eventsPerSecond }) => eventsPerSecond));
}

function record<T, U>(map: ReadonlyMap<string | number, T>, value: (each: T) => U): Record<string, U> {
  return Object.fromEntries([...map].map(([key, each]) => [key, value(each)]));
}

const rounded = (costs: CostByBatch): Record<string, number> => record(costs, (each) => significant(each));

/** The report as JSON: the same shape in every version. What was not measured is absent. */
export function toJson(results: Results): Record<string, unknown> {
  const { retained, boundary, growth } = results;
  return {
    retained: record(
      retained,
      (each) =>
        Object.fromEntries(results.isolations.map((name) => [name, significant(ratioOf(each, name, "builtin"))])),
    ),
    baseline: record(retained, (each) => significant(ratioOf(each, "builtin", "hand"))),
    throughput: record(
      retained,
      (each) => Object.fromEntries([...each.rounds.keys()].map((name) => [name, Math.round(rateOf(each, name))])),
    ),
    latencyMs: record(
      retained,
      ({ rounds }) =>
        Object.fromEntries(
          [...rounds].filter(([name]) => name !== "hand").map(([name, samples]) => [name, {
            p50: significant(median(samples.map(({ p50Ms }) => p50Ms))),
            p99: significant(median(samples.map(({ p99Ms }) => p99Ms))),
          }]),
        ),
    ),
    hostNs: record(
      retained,
      ({ rounds }) =>
        Object.fromEntries(
          [...rounds].map(([name, samples]) => [name, significant(median(samples.map(({ hostNs }) => hostNs)))])
            .filter(([, cost]) => Number.isFinite(cost)),
        ),
    ),
    methods: results.methods.map((each) => ({ ...each })),
    bytesPerEvent: record(retained, (each) => significant(each.bytesPerEvent)),
    limits: results.limits,
    boundary: record(boundary.isolations, (each) => rounded(each.in)),
    boundaryOut: record(boundary.isolations, (each) => rounded(each.out)),
    roundTrip: record(boundary.roundTrip, ({ p50, p99, pacedP50 }) => ({
      p50: significant(p50),
      p99: significant(p99),
      pacedP50: significant(pacedP50),
    })),
    messages: record(results.messages, (sizes) => record(sizes, (each) => ({ ...each }))),
    start: record(results.start, (each) => each),
    peers: record(results.peers, (each) => typeof each === "string" ? { notMeasured: each } : rounded(each)),
    growth: {
      sources: record(growth.sources, rounded),
      plugins: record(growth.plugins, rounded),
      flows: record(growth.flows, (each) => each),
    },
    notAvailable: results.missing,
    skipped: Object.fromEntries(results.skipped),
    machine: results.machine,
  };
}
