/** Limits of windows that count bytes and times, not groups. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { compilePipeline } from "../../runtime/pipeline/pipeline.ts";
import type { Target, WindowDefinition } from "../../runtime/pipeline/select_definition.ts";
import { compileTarget } from "../../runtime/pipeline/target.ts";
import { WindowResult } from "../../runtime/pipeline/window/window_result.ts";
import { Bench, runPipeline } from "./run_pipeline.ts";

const counted = (window: WindowDefinition): PipelineDefinition => [{
  select: { groupBy: ["field", "k"], window, target: { k: ["group", 0], n: ["count"] } },
}];
/** A key of 10,000 characters, which counts some 40,000 bytes. */
const long = (letter: string): string => letter.repeat(10_000);
const limits = { maxKeyBytes: 100_000 } as const;

Deno.test("groups with long keys are as many as their bytes allow, in every kind of window", async () => {
  const events = ["a", "b", "c", "a", "short"].map((letter) => ({
    k: letter === "short" ? letter : long(letter),
    t: 1,
  }));
  for (
    const window of [
      { tumbling: { size: 100, ...limits } },
      { sliding: { size: 100, every: 10, ...limits } },
      { session: { gapMs: 10, time: ["field", "t"], ...limits } },
      { state: { emit: false, ...limits } },
    ] as const
  ) {
    const { out, ports, errors } = await runPipeline(counted(window), events, { linked: ["overflow"] });
    assertEquals(
      new Set(out.map((result) => JSON.stringify(result))),
      new Set(
        [{ k: long("a"), n: 2 }, { k: long("b"), n: 1 }, { k: "short", n: 1 }].map((made) => JSON.stringify(made)),
      ),
    );
    assertEquals(ports["overflow"], [events[2]]);
    assertEquals(errors.map(({ code, allowed }) => [code, allowed]), [
      ["CAISSON_OPERATOR_LIMIT", "at most 100000 bytes of keys"],
    ]);
  }
});

Deno.test("as many of the oldest groups are sent out early as a long key needs, and none for one that fits nowhere", async () => {
  const definition = counted({ tumbling: { size: 100, ...limits, onOverflow: "evict" } });
  const keys = ["one", long("a"), "two", long("b"), long("c").repeat(3), long("d")];
  const { out, ports } = await runPipeline(definition, keys.map((k) => ({ k })), { linked: ["overflow"] });
  assertEquals(out, ["one", long("a"), "two", long("b"), long("d")].map((k) => ({ k, n: 1 })));
  assertEquals(ports["overflow"], [{ k: keys[4] }]);
});

Deno.test("what was turned away in all is told by the limit that did it, when the windows are gone", async () => {
  for (
    const [window, keys, allowed] of [
      [{ tumbling: { size: 100, maxGroups: 2 } }, ["a", "b", "c", "d"], "at most 2 groups"],
      [{ tumbling: { size: 100, ...limits } }, ["a", "b", "c", "d"].map(long), "at most 100000 bytes of keys"],
    ] as const
  ) {
    const { errors } = await runPipeline(counted(window), keys.map((k) => ({ k })));
    assertEquals(errors.map((error) => error.allowed), [allowed, allowed]);
  }
});

Deno.test("a group that has ended gives the bytes of its key back", async () => {
  const definition = counted({ tumbling: { size: 1, maxKeyBytes: 50_000 } });
  const keys = ["a", "b", "c", "d"].map(long);
  const { out, errors } = await runPipeline(definition, keys.map((k) => ({ k })));
  assertEquals(out.length, 4);
  assertEquals(errors, []);
});

Deno.test("a count puts keys together when they are too many bytes, and begins anew with the next window", async () => {
  const definition: PipelineDefinition = [{ count: { by: { k: ["field", "k"] }, everyEvents: 4, ...limits } }];
  const keys = [long("a"), long("b"), long("c"), "short", long("d"), long("d"), "short", [long("e")]];
  const { out } = await runPipeline(definition, keys.map((k) => ({ k })));
  assertEquals(out, [
    { k: long("a"), count: 1 },
    { k: long("b"), count: 1 },
    { k: null, count: 1 },
    { k: "short", count: 1 },
    { k: long("d"), count: 2 },
    { k: "short", count: 1 },
    { k: [long("e")], count: 1 },
  ]);
});

Deno.test("an event that claims to come from the future fails and leaves the others in time", async () => {
  const window = { tumbling: { intervalMs: 10, time: ["field", "t"], maxAheadMs: 1000 } } as const;
  // All of them come in within some nanoseconds of 1970.
  const events = [{ k: "a", t: 1 }, { k: "a", t: 8e12 }, { k: "a", t: 2 }, { k: "a", t: 15 }, { k: "b", t: 1000 }];
  const { out, ports, errors } = await runPipeline(counted(window), events, { linked: ["late"] });
  assertEquals(out, [{ k: "a", n: 2 }, { k: "a", n: 1 }, { k: "b", n: 1 }]);
  assertEquals(ports["late"] ?? [], []);
  const [error, ...more] = errors;
  assertEquals(more, []);
  assertEquals(error!.code, "CAISSON_OPERATOR_FAILED");
  assert(error!.message.includes("2223-07-06"), error!.message);
  assert(error!.message.includes("maxAheadMs, 1000 ms"), error!.message);
});

Deno.test("a window that is full ends, and what comes then is the next one between the same moments", async () => {
  const maxEvents = 2;
  const time = ["field", "t"] as const;
  for (
    const [window, expected] of [
      [{ tumbling: { intervalMs: 10, maxEvents } }, [[1, 2], [3, 4], [5]]],
      [{ tumbling: { size: 10, increment: 1, maxEvents } }, [[1, 2], [3, 4], [5]]],
      [{ state: { emit: ["==", ["field", "i"], 3], maxEvents } }, [[1, 2], [3], [4, 5]]],
      [{ tumbling: { intervalMs: 10, time, maxEvents } }, [[1, 2], [3, 4], [5]]],
      [{ session: { gapMs: 10, time, maxEvents } }, [[1, 2], [3, 4], [5]]],
      [{ sliding: { intervalMs: 10, everyMs: 10, time, maxEvents } }, [[1, 2], [3, 4], [5]]],
      [[{ tumbling: { size: 1 } }, { tumbling: { intervalMs: 10, maxEvents } }], [[1], [2], [1, 2], [3], [4], [3, 4], [
        5,
      ], [5]]],
    ] as const
  ) {
    const definition: PipelineDefinition = [{
      select: { window: window as WindowDefinition, target: ["collect", ["field", "i"]] },
    }];
    const { out, errors, verdicts } = await runPipeline(definition, [1, 2, 3, 4, 5].map((i) => ({ i, t: i })));
    assertEquals<unknown>(out, expected, JSON.stringify(window));
    assertEquals(errors.map(({ code, allowed }) => [code, allowed]), [
      ["CAISSON_OPERATOR_LIMIT", "at most 2 events in a window"],
    ]);
    assertEquals([...verdicts.values()], Array(5).fill("delivered"));
  }
});

Deno.test("a late event of a window that was full and has ended is told at once, as a result of its own", async () => {
  const window = { tumbling: { intervalMs: 10, time: ["field", "t"], latenessMs: 100, maxEvents: 2 } } as const;
  const definition: PipelineDefinition = [{
    select: { window, target: { n: ["count"], start: ["window", "start"], revision: ["window", "revision"] } },
  }];
  const { out } = await runPipeline(definition, [1, 2, 15, 3, 4, 5].map((t) => ({ t })));
  assertEquals(out, [
    { n: 2, start: 0, revision: 0 },
    { n: 1, start: 0, revision: 0 },
    { n: 2, start: 0, revision: 1 },
    { n: 1, start: 0, revision: 0 },
    { n: 1, start: 10, revision: 0 },
  ]);
});

Deno.test("windows are bounded without a word where collect keeps a value of each event, and only there", () => {
  const mostOf = (target: Target) =>
    new WindowResult(compileTarget(target, "target", { names: [], aggregates: true }), undefined).mostEvents;
  assertEquals(mostOf({ all: ["collect", ["field", "i"]] }), 1_000_000);
  assertEquals(mostOf(["collect_nested", ["field", "i"]]), 1_000_000);
  assertEquals(mostOf({ n: ["count"], last: ["last", ["field", "i"]] }), Infinity);
});

Deno.test("frames of event time that cannot be fed are refused, by path", () => {
  const time = ["field", "t"] as const;
  const first = { tumbling: { intervalMs: 10, time } };
  const refusals: readonly (readonly [unknown, string])[] = [
    [
      [first, { tumbling: { intervalMs: 25 } }],
      "[1].tumbling.intervalMs: 25; allowed: a multiple of the finer frame's 10",
    ],
    [[first, { tumbling: { intervalMs: 20, time } }], "[1].tumbling.time: time in a coarser tilt frame"],
    [[first, { tumbling: { intervalMs: 20, latenessMs: 5 } }], "[1].tumbling.latenessMs: latenessMs in a coarser"],
    [[first, { tumbling: { intervalMs: 20, name: "window 1" } }], '[1]: a second window named "window 1"'],
    [[first, { tumbling: { size: 6 } }], "[1]: tumbling without intervalMs"],
    [[first, { state: { emit: true } }], "[1]: state without intervalMs"],
    [[{ tumbling: { size: 6 } }, first], "[1].tumbling.time: time in a coarser tilt frame"],
    [[{ tumbling: { intervalMs: 10, delayMs: 5 } }, { tumbling: { intervalMs: 20 } }], "[0].tumbling.delayMs"],
  ];
  for (const [window, said] of refusals) {
    const error = assertThrows(
      () => compilePipeline([{ select: { window } }] as unknown as PipelineDefinition, "flow: pipelines.main"),
      CaissonError,
    );
    assertEquals(error.code, "CAISSON_FLOW_INVALID");
    assert(error.message.includes(`main[0].select.window${said}`), error.message);
  }
});

Deno.test("a coarser frame of event time ends when it is full, and its events fail with its result", async () => {
  const window = [
    { tumbling: { intervalMs: 10, time: ["field", "t"] } },
    { tumbling: { name: "coarse", intervalMs: 100, maxEvents: 3 } },
  ] as const;
  const definition: PipelineDefinition = [
    { select: { window, target: { name: ["window", "name"], s: ["window", "start"], n: ["count"] } } },
    { match: { cases: [{ case: { $is: ["!=", ["field", "n"], 3] } }] } },
  ];
  const bench = new Bench(definition);
  const times = [1, 11, 12, 23, 44];
  for (const t of times) await bench.feed([{ at: t, value: { t } }]);
  const { out, verdicts, pipeline } = bench.run;
  const fine = (s: number, n: number) => ({ name: "window 1", s, n });
  assertEquals(out, [fine(0, 1), fine(10, 2), fine(20, 1)]);
  // The first three are in a result of three, which fails.
  assertEquals([...verdicts], [[0, "failed"], [1, "failed"], [2, "failed"]]);
  await pipeline.drain();
  assertEquals(out.slice(3), [fine(40, 1), { name: "coarse", s: 0, n: 2 }]);
  assertEquals([...verdicts.values()], ["failed", "failed", "failed", "delivered", "delivered"]);
  pipeline.close();
});

Deno.test("maxAheadMs without event time is refused, and limits in a coarser frame are", () => {
  const compile = (window: unknown) => () =>
    compilePipeline([{ select: { window } }] as unknown as PipelineDefinition, "flow: pipelines.main");
  for (
    const window of [
      { tumbling: { intervalMs: 10, maxAheadMs: 5 } },
      { session: { gapMs: 10, maxAheadMs: 5 } },
      [{ tumbling: { size: 2 } }, { tumbling: { size: 2, maxKeyBytes: 5000 } }],
    ]
  ) {
    const error = assertThrows(compile(window), CaissonError);
    assertEquals(error.code, "CAISSON_FLOW_INVALID");
  }
});
