/** Windows under events and limits that were not meant well. */
import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { msgpack } from "../../runtime/codec/msgpack.ts";
import { Fanout } from "../../runtime/flow/fanout.ts";
import { type Event, eventsOf } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { compilePipeline, Pipeline } from "../../runtime/pipeline/pipeline.ts";
import { runApart } from "../run_apart.ts";
import { Bench, runPipeline } from "./run_pipeline.ts";

const whole = ["field", []] as const;
const at = (t: number, more: object = {}) => ({ t, ...more });

Deno.test("groups whose windows have ended make room for others, whatever the limit", async () => {
  for (const onOverflow of ["drop", "evict"] as const) {
    const definition: PipelineDefinition = [{
      select: {
        groupBy: ["field", "k"],
        window: { tumbling: { intervalMs: 10, time: ["field", "t"], maxGroups: 2, onOverflow } },
        target: { k: ["group", 0], n: ["count"], end: ["window", "end"] },
      },
    }];
    const { out, errors } = await runPipeline(definition, [
      at(1, { k: "a" }),
      at(2, { k: "b" }),
      at(11, { k: "c" }),
      at(12, { k: "d" }),
      at(21, { k: "e" }),
    ]);
    assertEquals(out, [
      { k: "a", n: 1, end: 10 },
      { k: "b", n: 1, end: 10 },
      { k: "c", n: 1, end: 20 },
      { k: "d", n: 1, end: 20 },
      { k: "e", n: 1, end: 30 },
    ]);
    assertEquals(errors, []);
  }
});

Deno.test("an event of a group beyond the limit moves time on as any other", async () => {
  const definition: PipelineDefinition = [{
    select: {
      groupBy: ["field", "k"],
      window: { tumbling: { intervalMs: 10, time: ["field", "t"], maxGroups: 1, latenessMs: 100 } },
      target: { k: ["group", 0], n: ["count"], revision: ["window", "revision"] },
    },
  }];
  const { out, ports } = await runPipeline(definition, [at(1, { k: "a" }), at(15, { k: "b" }), at(2, { k: "a" })], {
    linked: ["overflow"],
  });
  assertEquals(out, [{ k: "a", n: 1, revision: 0 }, { k: "a", n: 2, revision: 1 }]);
  assertEquals(ports["overflow"], [at(15, { k: "b" })]);
});

Deno.test("a window that waits for late events does not wake an idle pipeline again and again", async () => {
  let asked = 0;
  const clock = {
    get now(): number {
      asked++;
      return 100;
    },
  };
  const window = { tumbling: { intervalMs: 10, time: ["field", "t"], latenessMs: 1000, idleMs: 5 } } as const;
  const bench = new Bench([{ select: { window, target: ["count"] } }], { clock });
  await bench.feed([{ at: 0, value: at(1) }]);
  while (bench.run.out.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const before = asked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(asked - before <= 2, `${asked - before} wake-ups`);
  await bench.run.pipeline.drain();
  bench.run.pipeline.close();
});

Deno.test("an event in several sliding windows by size has the worst verdict of all their results", async () => {
  const definition: PipelineDefinition = [
    { select: { window: { sliding: { size: 2 } }, target: { all: ["collect", whole] } } },
    { match: { cases: [{ case: { all: { $list: [3] } }, to: "nowhere" }, { case: { $type: "record" } }] } },
  ];
  const failing: PipelineDefinition = [
    { select: { window: { sliding: { size: 2 } }, target: { all: ["collect", whole] } } },
    { match: { cases: [{ case: { $not: { all: { $list: [3] } } } }] } },
  ];
  for (const perDelivery of [1, 10]) {
    const good = await runPipeline(definition, [1, 2, 3, 4], { perDelivery });
    assertEquals([...good.verdicts.values()], ["delivered", "delivered", "delivered", "delivered"]);
    const { verdicts } = await runPipeline(failing, [1, 2, 3, 4, 5], { perDelivery });
    assertEquals(
      [1, 2, 3, 4, 5].map((_, index) => verdicts.get(index)),
      ["delivered", "failed", "failed", "failed", "delivered"],
    );
  }
});

Deno.test("the result of a window is not taken back with the event that ended it", async () => {
  const definition: PipelineDefinition = {
    nodes: {
      pairs: [{ select: { window: { tumbling: { size: 2 } }, target: ["collect", whole] } }],
      strict: [{ match: { cases: [{ case: 1 }, { case: 3 }, { case: 4 }] } }],
    },
    links: [{ from: "in", to: ["pairs", "strict"] }, { from: "pairs", to: "results" }, { from: "strict", to: "out" }],
  };
  const { ports, verdicts } = await runPipeline(definition, [1, 2, 3, 4], { linked: ["results"] });
  assertEquals(ports["results"], [[1, 2], [3, 4]]);
  assertEquals([0, 1, 2, 3].map((index) => verdicts.get(index)), ["delivered", "failed", "delivered", "delivered"]);
});

Deno.test("bytes inside a value that a window keeps are its own", async () => {
  const out: unknown[] = [];
  const fanout = new Fanout();
  fanout.link({
    push: (delivery) => {
      for (const event of eventsOf(delivery)) out.push(event.value);
      delivery.settlement.release();
    },
    drain: () => Promise.resolve(),
  });
  const definition: PipelineDefinition = [
    { select: { window: { tumbling: { size: 2 } }, target: { all: ["collect", whole], last: whole } } },
  ];
  const pipeline = new Pipeline(compilePipeline(definition, "flow: pipelines.main"), {
    alias: "flow/main",
    out: fanout,
    err: new Fanout(),
    onError: (error) => {
      throw error;
    },
  });
  for (const byte of [1, 2]) {
    const batch = Batch.allocate({ capacity: 1, arenaBytes: 1024 });
    batch.appendBytes(msgpack.encode({ data: new Uint8Array([byte, byte]), list: [new Uint8Array([byte])] }), 0);
    const wipe = (): void => void batch.arena.fill(0);
    await pipeline.push({ batch, events: undefined, codec: msgpack, settlement: new Settlement(wipe, wipe) });
  }
  const event = (byte: number) => ({ data: new Uint8Array([byte, byte]), list: [new Uint8Array([byte])] });
  assertEquals(out, [{ all: [event(1), event(2)], last: event(2) }]);
  await pipeline.drain();
  pipeline.close();
});

/** What a careless function may put into an event: it cannot be written as text. */
const unwritable = {
  toJSON: () => {
    throw new RangeError("not today");
  },
};

Deno.test("a target that throws when its window ends by itself fails its events, and neither the host nor other groups", async () => {
  const select = {
    groupBy: ["field", "k"],
    window: { tumbling: { intervalMs: 5 } },
    target: { k: ["group", 0], text: ["string", ["last", ["field", "v"]]] },
  } as const;
  const sliding = { ...select, window: { sliding: { intervalMs: 5, everyMs: 5 } } } as const;
  for (const how of ["timer", "drain"] as const) {
    for (const definition of [select, sliding]) {
      const clock = { now: 0 };
      const bench = new Bench([{ project: ({ value }: Event) => value === "bad" ? { k: "a", v: unwritable } : value }, {
        select: definition,
      }], { clock });
      await bench.feed([{ at: 0, value: "bad" }, { at: 1, value: { k: "b", v: 7 } }]);
      if (how === "timer") {
        clock.now = 100;
        while (bench.run.verdicts.size < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await bench.run.pipeline.drain();
      bench.run.pipeline.close();
      assertEquals(bench.run.out, [{ k: "b", text: "7" }]);
      assertEquals([bench.run.verdicts.get(0), bench.run.verdicts.get(1)], ["failed", "delivered"]);
      assertEquals(bench.run.errors.map(({ code }) => code), ["CAISSON_OPERATOR_FAILED"]);
    }
  }
});

Deno.test("groups by text, list and number are told apart, however a text is made", async () => {
  const definition: PipelineDefinition = [{
    select: { groupBy: ["field", []], window: { tumbling: { size: 9 } }, target: ["count"] },
  }];
  const { out } = await runPipeline(definition, [[1], "\u0000[1]", "[1]", 1, "1", null, "null", true, "true", [1]]);
  assertEquals(out, [2, 1, 1, 1, 1, 1, 1, 1, 1]);
});

Deno.test("times of a codec that has them are compared, grouped and windowed as times", async () => {
  const day = (text: string) => new Date(text);
  const definition: PipelineDefinition = [
    { project: ({ value }: Event) => ({ at: day(value as string), noon: day("2026-01-01T12:00:00Z") }) },
    { set: { isNoon: ["==", ["field", "at"], ["field", "noon"]] } },
    {
      select: {
        groupBy: ["field", "at"],
        window: { tumbling: { intervalMs: 3_600_000, time: ["field", "at"] } },
        target: { n: ["count"], isNoon: ["last", ["field", "isNoon"]] },
      },
    },
  ];
  const { out } = await runPipeline(definition, [
    "2026-01-01T12:00:00Z",
    "2026-01-01T12:00:00Z",
    "2026-01-01T12:30:00Z",
  ]);
  assertEquals(out, [{ n: 2, isNoon: true }, { n: 1, isNoon: false }]);
});

Deno.test("a number without room in a number becomes text with all its digits", async () => {
  const definition: PipelineDefinition = [
    { project: () => ({ list: [12345678901234567890n] }) },
    { project: { text: ["string", ["field", []]] } },
  ];
  assertEquals((await runPipeline(definition, [1])).out, [{ text: '{"list":[12345678901234567890]}' }]);
});

Deno.test("a record is no key of a table, whatever it calls its fields", async () => {
  const definition: PipelineDefinition = [{
    enrich: { key: ["field", "k"], table: { a: 1, "[object Object]": 2 }, as: "known" },
  }];
  const { out, errors } = await runPipeline(definition, [{ k: "a" }, { k: { toString: 1, valueOf: 2 } }, { k: {} }]);
  assertEquals(out, [{ k: "a", known: 1 }, { k: { toString: 1, valueOf: 2 } }, { k: {} }]);
  assertEquals(errors, []);
});

Deno.test("a bucket keeps a bounded number of classes, and those in use", async () => {
  const definition: PipelineDefinition = [{ bucket: { class: ["field", "class"], rate: 1, timeRangeMs: 1e6 } }];
  const attack = Array.from({ length: 3000 }, (_, id) => id % 100 === 0 ? { class: "mine" } : { class: `c${id}` });
  const { out, pipeline } = await runPipeline(definition, attack);
  assertEquals(out.filter((event) => (event as { class: string }).class === "mine").length, 1);
  const [[, classes]] = Object.entries(pipeline.snapshot()) as [[string, unknown[]]];
  assertEquals(classes.length, 1000);
});

Deno.test("lists of an event that multiply to very many groups fail the event", async () => {
  const definition: PipelineDefinition = [{
    select: {
      groupBy: { set: [{ each: ["field", "a"] }, { each: ["field", "b"] }] },
      window: { tumbling: { size: 1 } },
      target: ["group"],
    },
  }];
  const list = Array.from({ length: 10_000 }, (_, index) => index);
  const { out, errors, verdicts } = await runPipeline(definition, [{ a: list, b: list }, { a: [1], b: [2, 3] }]);
  assertEquals(out, [[1, 2, "[1,2]"], [1, 3, "[1,3]"]]);
  assertEquals(errors.map(({ found }) => found), ["100000000 groups of one event"]);
  assertEquals([verdicts.get(0), verdicts.get(1)], ["failed", "delivered"]);
});

Deno.test("long keys are told apart, and remembered by their digest", async () => {
  const key = (end: string) => ({ key: "x".repeat(100_000) + end });
  const events = [key("a"), key("b"), key("a"), { key: "short" }, { key: "short" }];
  for (
    const step of [
      { dedupe: { key: ["field", "key"] } },
      { throttle: { limit: 1, perMs: 1e6, key: ["field", "key"] } },
      { state: { key: ["field", "key"], update: ["+", ["coalesce", ["state"], 0], 1], target: ["state"] } },
    ] as const
  ) {
    const { out, pipeline } = await runPipeline([step], events);
    assertEquals(out, "state" in step ? [1, 1, 2, 1, 2] : [events[0], events[1], events[3]]);
    assert(JSON.stringify(pipeline.snapshot()).length < 10_000);
  }
});

Deno.test("a time without a zone is UTC, wherever the host stands, and one that is none is told", async () => {
  const times = ["1970-01-01T00:00:05", "1970-01-01 00:00:05.25", "1970-01-01T01:00:05+01:00"];
  const module = import.meta.resolve("./window_starts.ts");
  assertEquals(await runApart(module, { args: times, env: { TZ: "America/New_York" } }), {
    starts: times.map(() => ({ start: 5000 })),
    offsetMinutes: 300,
  });
  const definition: PipelineDefinition = [{
    select: {
      window: { tumbling: { intervalMs: 1000, time: ["field", "at"] } },
      target: { start: ["window", "start"] },
    },
  }];
  const wide: PipelineDefinition = [{ project: () => ({ at: 10n ** 30n }) }, ...definition as readonly []];
  const { errors } = await runPipeline(wide, [1]);
  assertEquals(errors.map(({ found }) => found), [`"${10n ** 30n}"`]);
});
