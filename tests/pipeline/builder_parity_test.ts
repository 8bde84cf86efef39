/** What the builder makes can be written as JSON: the schema takes it, and it compiles, after a round trip. */
import { assertEquals } from "@std/assert";
import { type AnyStream, count, Grouped, pipeline, ports, shape, Stream } from "../../mod.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { compilePipeline } from "../../runtime/pipeline/compile.ts";
import { portsOf } from "../../runtime/pipeline/ports.ts";

interface LogEvent {
  readonly level: "error" | "info";
  readonly host: string;
  readonly ms: number;
  readonly tags: readonly string[];
}

const events = pipeline("main", { in: shape<LogEvent>() });
const windowed = events.groupBy((event) => event("host")).window({ tumbling: { size: 2 } });

/** A use of each method whose arguments are data. */
const asData: Readonly<Record<string, AnyStream | Readonly<Record<string, AnyStream>>>> = {
  backpressure: events.backpressure({ timeoutMs: 5, method: "pause" }),
  batch: events.batch({ count: 2, timeoutMs: 5 }),
  branch: events.branch({ slow: (event) => event("ms").gt(3) }),
  bucket: events.bucket({ class: ["field", "level"], rate: 3, dimensions: ["field", "host"] }),
  count: events.count((event) => ({ host: event("host") }), { everyEvents: 3 }),
  dedupe: events.dedupe((event) => event("host"), { withinMs: 5 }),
  each: events.each((event) => event("tags")),
  enrich: events.enrich("info", (event) => event("host"), { table: { a: { rack: 1 } } }, "drop"),
  extract: events.extract("(?<name>.*)", { from: (event) => event("host") }),
  groupBy: events.groupBy((event) => ({ set: [event("host"), { each: event("tags") }] })).select({ n: 1 }),
  having: events.having((event) => event("ms").gt(3)),
  match: events.match((on) => on.to("errors", { level: "error" }, (event) => event("host")).otherwise("drop")),
  merge: events.merge(events.where((event) => event("ms").gt(3))),
  percentile: events.percentile({ timeoutMs: 5 }),
  port: events.throttle(1).port("overflow"),
  roundRobin: events.roundRobin("a", "b"),
  sample: events.sample(0.5, (event) => event("host")),
  select: events.select((event) => ({ host: event("host"), nested: { ms: event("ms") } })),
  set: events.set((event) => ({ up: event("host").upper() })),
  state: events.state({ initial: 0, update: (_, state) => state().plus(1), target: (_, state) => state() }),
  step: events.step({ filter: ["==", ["field", "host"], "a"] }),
  throttle: events.throttle(3, { perMs: 5, key: (event) => event("host") }),
  use: events.use("acme:geo", { depth: 1 }),
  where: events.where((event) => event("ms").gt(3)),
  window: events.window({ session: { gapMs: 5, time: ["field", "ms"] } }).select({ n: count() }),
  "Grouped.atEnd": windowed.atEnd("drop").select({ n: count() }),
  "Grouped.select": windowed.select((_, group) => ({ host: group(0), n: count() })),
  "Grouped.window": windowed.select({ n: count() }),
};

/** Methods whose arguments are functions of the program, and those that add no step. */
const others = ["filter", "flatMap", "map", "operator", "build", "origin"];

Deno.test("every step of the builder but functions is a step of a flow in JSON", () => {
  for (const [method, made] of Object.entries(asData)) {
    const definition = made instanceof Stream ? made.build() : ports({ ...made } as Record<string, AnyStream>);
    const main = JSON.parse(JSON.stringify(definition)) as PipelineDefinition;
    const flow = parseFlow({
      name: "parity",
      connectors: { a: { type: "stdio" }, b: { type: "stdio" } },
      pipelines: { main },
      links: [
        { from: "a", to: "main" },
        ...portsOf(main).map((port) => ({ from: `main/${port}`, to: "b" })),
      ],
    }, method);
    if (method !== "use") compilePipeline(flow.pipelines!["main"]!, `${method}: pipelines.main`);
  }
  const methods = (of: object): string[] => Object.getOwnPropertyNames(of).filter((name) => name !== "constructor");
  assertEquals(
    [...methods(Stream.prototype), ...methods(Grouped.prototype).map((name) => `Grouped.${name}`)].sort(),
    [...Object.keys(asData), ...others].sort(),
    "a method that is not tried here",
  );
});
