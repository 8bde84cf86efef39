/** What `bench:pipeline` measures: events, and what is done to them, once as a pipeline and once in plain JavaScript. @module */
import { generateEvents, seeded } from "../generate_events.ts";
import { LoggingWorkload } from "../logging.ts";
import { loggingBucket } from "../logging_bucket.ts";
import type { Event } from "../../runtime/flow/delivery.ts";
import type { OperatorDefinition, PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import type { SelectDefinition } from "../../runtime/pipeline/select_definition.ts";

/** Names of the workloads, in the order they are reported. */
export const WORKLOADS = ["pass", "filter", "project", "count", "logging", "enrich"] as const;

/** One of them. */
export type WorkloadName = typeof WORKLOADS[number];

/** A JSON object. */
export type Fields = Record<string, unknown>;

/** Events a window of `count` and `enrich` has. */
export const WINDOW = 10_000;

/** One workload in plain JavaScript: what every loop and stream library runs. */
export interface PlainWorkload {
  /** Whether the event goes on; `undefined` keeps all. */
  readonly keep?: (event: Fields) => boolean;
  /** What it becomes; without it the line goes on as it came. */
  readonly change?: (event: Fields) => Fields;
  /** Sees every changed event; what it returns goes on, too. */
  readonly gather?: (event: Fields) => readonly Fields[] | undefined;
  /** Whether only what {@linkcode PlainWorkload.gather} returns goes on. */
  readonly consumes?: boolean;
  /** Whether the line has to be decoded at all. */
  readonly decodes: boolean;
}

/** Count, sum and maximum of a field by another, in windows of {@linkcode WINDOW} events of each group. */
class Rollup {
  readonly #groups = new Map<string, { count: number; sum: number; max: number }>();
  /** Sums of all windows that ended; keeps the work from being optimized away. */
  sums = 0;

  take(service: string, latency: number): void {
    let group = this.#groups.get(service);
    if (group === undefined) this.#groups.set(service, group = { count: 0, sum: 0, max: 0 });
    group.count++;
    group.sum += latency;
    if (latency > group.max) group.max = latency;
    if (group.count < WINDOW) return;
    this.sums += group.sum;
    this.#groups.delete(service);
  }
}

/** The workload as a hand-written program does it. */
export function plainWorkload(name: WorkloadName): PlainWorkload {
  switch (name) {
    case "pass":
      return { decodes: false };
    case "filter":
      return { decodes: true, keep: ({ level }) => level === "error" };
    case "project":
      return { decodes: true, change: ({ id, service, latency_ms }) => ({ id, service, latency_ms }) };
    case "count": {
      let groups = new Map<unknown, number>();
      let events = 0;
      const gather = ({ account }: Fields): readonly Fields[] | undefined => {
        groups.set(account, (groups.get(account) ?? 0) + 1);
        if (++events < WINDOW) return undefined;
        const made = [...groups].map(([account, count]) => ({ account, count }));
        groups = new Map();
        events = 0;
        return made;
      };
      return { decodes: true, gather, consumes: true };
    }
    case "logging": {
      const workload = new LoggingWorkload();
      return { decodes: true, keep: (event) => workload.step(event, performance.now()) };
    }
    case "enrich": {
      const rollup = new Rollup();
      return {
        decodes: true,
        keep: ({ level }) => level !== "debug",
        change: (event) => {
          event["env"] = "prod";
          event["svc_host"] = `${event["service"]}@${event["host"]}`;
          event["user"] = undefined;
          return event;
        },
        gather: (event) => {
          rollup.take(event["service"] as string, event["latency_ms"] as number);
          return undefined;
        },
      };
    }
  }
}

const same = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, ["field", name] as const]));

const ENRICHED: readonly OperatorDefinition[] = [
  { filter: ["!=", ["field", "level"], "debug"] },
  {
    project: {
      ...same("id", "ts", "level", "service", "host", "latency_ms", "bytes", "path", "msg", "account"),
      env: "prod",
      "svc_host": ["concat", ["field", "service"], "@", ["field", "host"]],
    },
  },
];

/** Windows of {@linkcode WINDOW} events for each service. */
const ROLLUP: SelectDefinition = {
  groupBy: ["field", "service"],
  window: { tumbling: { size: WINDOW } },
  target: {
    count: ["count"],
    sum: ["sum", ["field", "latency_ms"]],
    max: ["max", ["field", "latency_ms"]],
  },
};

/** The workload as a pipeline. */
export function pipelineWorkload(name: WorkloadName): PipelineDefinition {
  switch (name) {
    case "pass":
      return [];
    case "filter":
      return [{ filter: ["==", ["field", "level"], "error"] }];
    case "project":
      return [{ project: same("id", "service", "latency_ms") }];
    case "count":
      return [{ count: { by: same("account"), everyEvents: WINDOW } }];
    case "logging": {
      const workload = new LoggingWorkload();
      return [{ filter: (event: Event) => workload.step(event.value as Fields, performance.now()) }];
    }
    case "enrich": {
      const rollup = new Rollup();
      return [
        ...ENRICHED,
        {
          filter: (event: Event) => {
            const { service, latency_ms: latency } = event.value as { service: string; latency_ms: number };
            rollup.take(service, latency);
            return true;
          },
        },
      ];
    }
  }
}

/** The same with nothing but data in it, as the kernel and the host in C take it. */
export function dataWorkload(name: WorkloadName): PipelineDefinition {
  switch (name) {
    case "logging":
      // What is above the rate is counted by the bucket and goes on as well.
      return {
        nodes: { limit: [{ bucket: loggingBucket }] },
        links: [{ from: "in", to: "limit" }, { from: "limit", to: "out" }, { from: "limit/overflow", to: "out" }],
      };
    case "enrich":
      return {
        nodes: { shape: ENRICHED, rollup: [{ select: ROLLUP }] },
        links: [
          { from: "in", to: "shape" },
          { from: "shape", to: ["out", "rollup"] },
          { from: "rollup", to: "rollups" },
        ],
      };
    default:
      return pipelineWorkload(name);
  }
}

const SERVICES = ["auth", "cart", "search", "pay", "ship", "img", "rec", "user"];

const LEVELS: Readonly<Record<string, string>> = { i: "info", w: "warn", d: "debug", e: "error" };

/** Lines of JSON: those of Tremor's benchmark for `logging`, else access logs of some 228 bytes. */
export function workloadLines(name: WorkloadName, count: number): string {
  if (name === "logging") {
    const block = generateEvents();
    return block.repeat(Math.ceil(count / 100));
  }
  const random = seeded(123456789);
  const below = (limit: number) => Math.floor(random() * limit);
  // One in ten is an error, one in four is debug output.
  const levels = [..."iiiiiiiiwwwwwdddddee"].map((first) => LEVELS[first]!);
  const lines: string[] = [];
  for (let id = 0; id < count; id++) {
    const service = SERVICES[below(8)]!;
    lines.push(JSON.stringify({
      id,
      ts: 1700000000000 + id,
      level: levels[below(20)]!,
      service,
      host: `node-${below(64)}`,
      "latency_ms": below(100_000) / 100,
      bytes: below(65_536),
      path: `/api/v1/${service}/${below(10_000)}`,
      msg: `request handled by worker ${below(1000)} with status ${200 + below(4) * 100}`,
      account: below(1000),
      user: { plan: `p${below(4)}` },
    }));
  }
  return `${lines.join("\n")}\n`;
}
