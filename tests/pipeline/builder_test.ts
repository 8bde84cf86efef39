import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import {
  CaissonError,
  collect,
  count,
  field,
  group,
  pipeline,
  ports,
  shape,
  type Stream,
  sum,
  type Term,
} from "../../mod.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { runPipeline } from "./run_pipeline.ts";

interface LogEvent {
  readonly level: "error" | "info";
  readonly host: string;
  readonly ms: number;
  readonly user?: { readonly name: string };
  readonly tags: readonly string[];
}

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function expectType<T extends true>(_: T extends true ? true : never): void {}

const events = pipeline("main", { in: shape<LogEvent>() });
const log = (level: string, host: string, ms: number): unknown => ({ level, host, ms, tags: [host] });

Deno.test("types follow the events through every step", () => {
  const selected = events.select((event) => ({ host: event("host"), name: event("user.name"), ok: true, n: 1 }));
  type Selected = typeof selected extends Stream<infer Value> ? Value : never;
  expectType<Same<Selected, { host: string; name: string | undefined; ok: boolean; n: number }>>(true);

  const grouped = events.groupBy((event) => event("host")).window({ tumbling: { size: 2 } })
    .select((event) => ({ total: sum(event("ms")), all: collect(event("level")) }));
  type Grouped = typeof grouped extends Stream<infer Value> ? Value : never;
  expectType<Same<Grouped, { total: number; all: ("error" | "info")[] }>>(true);

  const mapped = events.filter(({ ms }) => ms > 1).map(({ host }) => host.length).flatMap((n) => [String(n)]);
  type Mapped = typeof mapped extends Stream<infer Value> ? Value : never;
  expectType<Same<Mapped, string>>(true);

  const batches = events.batch({ count: 2 });
  type Batches = typeof batches extends Stream<infer Value> ? Value : never;
  expectType<Same<Batches, LogEvent[]>>(true);

  const set = events.set({ level: 3 });
  type Level = typeof set extends Stream<infer Value extends { level: unknown }> ? Value["level"] : never;
  expectType<Same<Level, number>>(true);

  // @ts-expect-error there is no such field
  events.where((event) => event("levle").eq("error"));
  // @ts-expect-error a path ends where a field is no record
  events.where((event) => event("host.name").eq("error"));
  // @ts-expect-error a term is no condition
  assertEquals(typeof events.where((event): Term => event("host")), "object");
});

Deno.test("a chain of steps is a plain list, the same as a flow in JSON has", () => {
  const built = events
    .where((event) => event("level").eq("error"))
    .groupBy((event) => ({ set: [event("host")] }))
    .window({ tumbling: { size: 2 } }, { tumbling: { size: 3 } })
    .select((event) => ({ host: group(0), n: count(), ms: sum(event("ms")) }))
    .having(field("n").gt(1))
    .build();
  const data: PipelineDefinition = [
    { filter: ["==", ["field", "level"], "error"] },
    {
      select: {
        groupBy: { set: [["field", "host"]] },
        window: [{ tumbling: { size: 2 } }, { tumbling: { size: 3 } }],
        target: { host: ["group", 0], n: ["count"], ms: ["sum", ["field", "ms"]] },
      },
    },
    { filter: [">", ["field", "n"], 1] },
  ];
  assertEquals(JSON.parse(JSON.stringify(built)), data);
});

Deno.test("branches go to ports of the pipeline, and merge again", async () => {
  const { slow, rest } = events.branch({ slow: (event) => event("ms").gt(100) });
  const marked = slow.select((event) => ({ host: event("host"), mark: "slow" }));
  const plain = rest.select((event) => ({ host: event("host"), mark: "ok" }));
  const definition = ports({ out: marked.merge(plain), audit: slow });
  const run = await runPipeline(definition, [log("info", "a", 1), log("info", "b", 200), log("info", "c", 2)], {
    linked: ["audit"],
  });
  assertEquals(run.out, [{ host: "a", mark: "ok" }, { host: "b", mark: "slow" }, { host: "c", mark: "ok" }]);
  assertEquals(run.ports["audit"], [log("info", "b", 200)]);
  assertEquals([...run.verdicts.values()], ["delivered", "delivered", "delivered"]);
});

Deno.test("a stream used twice feeds both", async () => {
  const errors = events.where((event) => event("level").eq("error"));
  const definition = ports({
    out: errors.select((event) => event("host")),
    times: errors.select((event) => event("ms")),
  });
  const run = await runPipeline(definition, [log("error", "a", 1), log("info", "b", 2)], { linked: ["times"] });
  assertEquals(run.out, ["a"]);
  assertEquals(run.ports["times"], [1]);
});

Deno.test("functions work beside data, and a flatMap makes several events of one", async () => {
  const definition = events.filter(({ ms }) => ms > 1).flatMap(({ host, ms }) => [host, ms]).build();
  const run = await runPipeline(definition, [log("info", "a", 1), log("info", "b", 2)]);
  assertEquals(run.out, ["b", 2]);
});

Deno.test("a schema checks events as they come in", async () => {
  const schema = z.object({ n: z.number().positive() });
  const definition = pipeline("main", { in: schema }).map(({ n }) => n + 1).build();
  const run = await runPipeline(definition, [{ n: 1 }, { n: -1 }, {}]);
  assertEquals(run.out, [2]);
  assertEquals([...run.verdicts.values()], ["delivered", "failed", "failed"]);
  assertEquals(run.errors[0]!.subject, "main/in");
});

Deno.test("a port no step has, a cycle, a node nothing leads to and window misuse are refused with their place", async () => {
  const pass = [{ filter: true }];
  const cases: [PipelineDefinition, string, string][] = [
    [
      { nodes: { a: pass }, links: [{ from: "in", to: "a" }, { from: "a/late", to: "out" }] },
      "CAISSON_FLOW_LINK",
      "links[1].from",
    ],
    [{ nodes: { a: pass }, links: [{ from: "b", to: "a" }] }, "CAISSON_FLOW_LINK", "links[0].from"],
    [
      { nodes: { a: pass, b: pass }, links: [{ from: "in", to: "a" }, { from: "a", to: "b" }, { from: "b", to: "a" }] },
      "CAISSON_FLOW_LINK",
      "links",
    ],
    [
      { nodes: { a: pass, b: pass }, links: [{ from: "in", to: "a" }, { from: "b", to: "out" }] },
      "CAISSON_FLOW_LINK",
      "nodes.b",
    ],
    [{ nodes: { out: pass }, links: [] }, "CAISSON_FLOW_LINK", "nodes.out"],
    [[{ select: { target: ["sum", ["field", "a"]] } }], "CAISSON_FLOW_INVALID", "[0].select.target"],
    [[{ select: { target: { g: ["group", 0] } } }], "CAISSON_FLOW_INVALID", "[0].select.target"],
    [
      [{ select: { window: { sliding: { size: 5, every: 2 } } } }],
      "CAISSON_FLOW_INVALID",
      "[0].select.window.sliding.every",
    ],
    [
      [{ select: { window: { session: { gapMs: 5, latenessMs: 2 } } } }],
      "CAISSON_FLOW_INVALID",
      "[0].select.window.session.latenessMs",
    ],
    [
      [{ select: { window: [{ tumbling: { size: 2 } }, { session: { gapMs: 1 } }] } }],
      "CAISSON_FLOW_INVALID",
      "[0].select.window[1]",
    ],
    [
      [{ select: { window: { tumbling: { size: 2 } }, target: { x: ["quantile", 1, 7] } } }],
      "CAISSON_FLOW_INVALID",
      "[0].select.target.x",
    ],
    [[{ match: { cases: [{ case: { $type: "txt" } }] } }], "CAISSON_FLOW_INVALID", "[0].match.cases[0].case.$type"],
    [
      [{ match: { cases: [{ case: { $extract: { grok: "%{NOPE:x}" } } }] } }],
      "CAISSON_FLOW_INVALID",
      "[0].match.cases[0].case.$extract.grok",
    ],
  ];
  for (const [definition, code, place] of cases) {
    const { compilePipeline } = await import("../../runtime/pipeline/compile.ts");
    const error = assertThrows(() => compilePipeline(definition, "f: pipelines.p"), CaissonError);
    assertEquals(error.code, code, JSON.stringify(definition));
    assertEquals(error.subject.includes(place), true, `${error.subject} names ${place}`);
  }
});

Deno.test("a stream that is merged with itself gives each event twice, also behind a window", async () => {
  const start = pipeline("main", { in: shape<{ n: number }>() });
  const some = start.where((event) => event("n").gt(1));
  const values = [{ n: 1 }, { n: 2 }, { n: 3 }];
  const twice = (list: readonly unknown[]): unknown[] => list.flatMap((each) => [each, each]);
  assertEquals((await runPipeline(start.merge(start).build(), values)).out, twice(values));
  assertEquals((await runPipeline(some.merge(some, some).build(), values)).out.length, 6);
  const counted = some.merge(some).window({ tumbling: { size: 4 } }).select({ n: count() }).build();
  assertEquals((await runPipeline(counted, values)).out, [{ n: 4 }]);
});

Deno.test("streams of two pipelines, and branches named as what is always there, are refused", () => {
  const other = pipeline("other", { in: shape<LogEvent>() }).where((event) => event("ms").gt(1));
  const several = assertThrows(() => events.where((event) => event("ms").gt(2)).merge(other).build(), CaissonError);
  assertEquals([several.code, several.message.includes("2 calls of pipeline()")], ["CAISSON_FLOW_INVALID", true]);
  assertThrows(() => ports({ out: events, other }), CaissonError, "2 calls");
  // @ts-expect-error out is where the rest goes
  assertThrows(() => events.branch({ out: (event) => event("ms").gt(1) }), CaissonError, 'branch: "out"');
  // @ts-expect-error rest is what no condition holds for
  assertThrows(() => events.branch({ rest: (event) => event("ms").gt(1) }), CaissonError, 'branch: "rest"');
  // @ts-expect-error what goes on is a case
  events.match((on) => on.to("out", { host: "a" }));
});

Deno.test("a port may be called as the builder calls its lists", async () => {
  const { slow, rest } = events.branch({ slow: (event) => event("ms").gt(100) });
  const definition = ports({ out: rest, step1: slow.select((event) => event("ms")), step2: slow });
  const run = await runPipeline(definition, [log("info", "a", 1), log("info", "b", 200)], {
    linked: ["step1", "step2"],
  });
  assertEquals(run.out, [log("info", "a", 1)]);
  assertEquals([run.ports["step1"], run.ports["step2"]], [[200], [log("info", "b", 200)]]);
});
