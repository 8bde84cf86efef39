/** The rules of windows, groups and aggregates: each case with an expectation worked out by hand, in both forms. */
import { assertEquals } from "@std/assert";
import {
  cardinality,
  collect,
  collectNested,
  Condition,
  count,
  field,
  first,
  group,
  last,
  literal,
  max,
  mean,
  min,
  pipeline,
  stdev,
  type Stream,
  sum,
  unique,
  variance,
  when,
  windowFact,
} from "../../mod.ts";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { runPipeline } from "./run_pipeline.ts";

interface Case {
  readonly data: PipelineDefinition;
  readonly built: (events: Stream<unknown>) => { readonly build: () => PipelineDefinition };
  /** Whether events are turned away on purpose. */
  readonly warns?: boolean;
  readonly in: readonly unknown[];
  /** When each event comes in, milliseconds. */
  readonly times?: readonly number[];
  readonly out: readonly unknown[];
}

const event = ["field", []] as const;
const whole = field([]);
const size = (size: number) => ({ tumbling: { size } });
const every = (intervalMs: number) => ({ tumbling: { intervalMs } });
const range = (to: number): number[] => Array.from({ length: to }, (_, index) => index);
const pairs = (...pairs: [string, number][]): { k: string; v: number }[] => pairs.map(([k, v]) => ({ k, v }));

const cases: Readonly<Record<string, Case>> = {
  "where looks at what comes in, having at what goes out": {
    data: [{
      select: {
        where: [">", ["field", "v"], 1],
        window: size(2),
        target: { s: ["sum", ["field", "v"]] },
        having: ["<", ["field", "s"], 8],
      },
    }],
    built: (events) =>
      events.where(field("v").gt(1)).window(size(2)).select({ s: sum(field("v")) }).having(field("s").lt(8)),
    in: pairs(["a", 1], ["a", 2], ["a", 3], ["a", 1], ["a", 4], ["a", 5]),
    out: [{ s: 5 }],
  },
  "a size window takes the event that fills it": {
    data: [{ select: { window: size(3), target: ["collect", event] } }],
    built: (events) => events.window(size(3)).select(collect(whole)),
    in: range(6),
    out: [[0, 1, 2], [3, 4, 5]],
  },
  "what a window holds at the end comes out when the flow drains": {
    data: [{ select: { window: size(4), target: ["collect", event] } }],
    built: (events) => events.window(size(4)).select(collect(whole)),
    in: range(6),
    out: [[0, 1, 2, 3], [4, 5]],
  },
  "or is let go, as in Tremor": {
    data: [{ select: { window: size(4), target: ["collect", event], atEnd: "drop" } }],
    built: (events) => events.window(size(4)).atEnd("drop").select(collect(whole)),
    in: range(6),
    out: [[0, 1, 2, 3]],
  },
  "an increment counts more than one": {
    data: [{ select: { window: { tumbling: { size: 4, increment: 2 } }, target: ["collect", event] } }],
    built: (events) => events.window({ tumbling: { size: 4, increment: 2 } }).select(collect(whole)),
    in: [1, 2, 3, 4, 5, 6, 7, 8, 9, "emit"],
    out: [[1, 2], [3, 4], [5, 6], [7, 8], [9, "emit"]],
  },
  "an increment may come from the event": {
    data: [{
      select: { window: { tumbling: { size: 10, increment: ["field", "v"] } }, target: ["collect", ["field", "k"]] },
    }],
    built: (events) => events.window({ tumbling: { size: 10, increment: field("v") } }).select(collect(field("k"))),
    in: pairs(["a", 4], ["b", 4], ["c", 4], ["d", 10]),
    out: [["a", "b", "c"], ["d"]],
  },
  "an interval starts with its first event and ends before the event that comes after it": {
    data: [{ select: { window: every(10), target: ["collect", event] } }],
    built: (events) => events.window(every(10)).select(collect(whole)),
    in: [0, 9, 10, 15, 25, 40],
    times: [1000, 1009, 1010, 1015, 1025, 1040],
    out: [[0, 9], [10, 15], [25], [40]],
  },
  "an event exactly at the end of an interval opens the next": {
    data: [{ select: { window: every(5), target: ["count"] } }],
    built: (events) => events.window(every(5)).select(count()),
    in: [0, 0, 0],
    times: [100, 104, 105],
    out: [2, 1],
  },
  "each group has an interval of its own": {
    data: [{ select: { groupBy: ["field", "k"], window: every(10), target: { k: ["group", 0], n: ["count"] } } }],
    built: (events) => events.groupBy(field("k")).window(every(10)).select({ k: group(0), n: count() }),
    in: pairs(["a", 0], ["b", 0], ["a", 0], ["b", 0], ["a", 0]),
    times: [0, 5, 10, 12, 21],
    out: [{ k: "a", n: 1 }, { k: "a", n: 1 }, { k: "a", n: 1 }, { k: "b", n: 2 }],
  },
  "a state window ends with the event that says so": {
    data: [{ select: { window: { state: { emit: ["==", event, "end"] } }, target: ["collect", event] } }],
    built: (events) => events.window({ state: { emit: whole.eq("end") } }).select(collect(whole)),
    in: [1, 2, "end", 3, "end", "end"],
    out: [[1, 2, "end"], [3, "end"], ["end"]],
  },
  "a state window may end before that event": {
    data: [{
      select: { window: { state: { emit: ["==", event, "new"], include: false } }, target: ["collect", event] },
    }],
    built: (events) =>
      events.window({ state: { emit: whole.eq("new"), include: new Condition(false) } }).select(collect(whole)),
    in: ["new", 1, "new", 2, 3, "new"],
    out: [["new", 1], ["new", 2, 3], ["new"]],
  },
  "a coarser frame comes after the finer one that filled it": {
    data: [{ select: { window: [size(1), size(2)], target: { w: ["window", "name"], all: ["collect", event] } } }],
    built: (events) => events.window(size(1), size(2)).select({ w: windowFact("name"), all: collect(whole) }),
    in: range(3),
    out: [
      { w: "window 1", all: [0] },
      { w: "window 1", all: [1] },
      { w: "window 2", all: [0, 1] },
      { w: "window 1", all: [2] },
      { w: "window 2", all: [2] },
    ],
  },
  "three frames merge twice": {
    data: [{ select: { window: [size(2), size(2), size(2)], target: ["sum", event], atEnd: "drop" } }],
    built: (events) => events.window(size(2), size(2), size(2)).atEnd("drop").select(sum(whole)),
    in: [1, 2, 3, 4, 5, 6, 7, 8],
    out: [3, 7, 10, 11, 15, 26, 36],
  },
  "nested collecting keeps the finer windows apart": {
    data: [{ select: { window: [size(2), size(2)], target: ["collect_nested", event], atEnd: "drop" } }],
    built: (events) => events.window(size(2), size(2)).atEnd("drop").select(collectNested(whole)),
    in: range(4),
    out: [[0, 1], [2, 3], [[0, 1], [2, 3]]],
  },
  "frames of different kinds": {
    data: [{ select: { window: [size(2), every(10)], target: ["collect", event], atEnd: "drop" } }],
    built: (events) => events.window(size(2), every(10)).atEnd("drop").select(collect(whole)),
    in: range(6),
    times: [0, 1, 2, 3, 14, 15],
    out: [[0, 1], [2, 3], [4, 5], [0, 1, 2, 3]],
  },
  "an aggregate of a merged frame is that of all its events": {
    data: [{
      select: { window: [size(2), size(2)], target: { m: ["mean", event], s: ["var", event] }, atEnd: "drop" },
    }],
    built: (events) => events.window(size(2), size(2)).atEnd("drop").select({ m: mean(whole), s: variance(whole) }),
    in: [2, 4, 6, 8],
    out: [{ m: 3, s: 2 }, { m: 7, s: 2 }, { m: 5, s: 20 / 3 }],
  },
  "group by a value": {
    data: [{
      select: { groupBy: ["field", "k"], window: size(2), target: { g: ["group"], s: ["sum", ["field", "v"]] } },
    }],
    built: (events) => events.groupBy(field("k")).window(size(2)).select({ g: group(), s: sum(field("v")) }),
    in: pairs(["a", 1], ["b", 2], ["a", 3], ["b", 4]),
    out: [{ g: ["a", '["a"]'], s: 4 }, { g: ["b", '["b"]'], s: 6 }],
  },
  "group by a set tells every combination apart": {
    data: [{
      select: { groupBy: { set: [["field", "a"], ["field", "b"]] }, window: size(2), target: ["group"], atEnd: "drop" },
    }],
    built: (events) => events.groupBy({ set: [field("a"), field("b")] }).window(size(2)).atEnd("drop").select(group()),
    in: [{ a: 1, b: 1 }, { a: 1, b: 2 }, { a: 1, b: 1 }, { a: 1, b: 2 }],
    out: [[1, 1, "[1,1]"], [1, 2, "[1,2]"]],
  },
  "group by each item of a list": {
    data: [{
      select: {
        groupBy: { each: ["field", "t"] },
        window: size(2),
        target: { t: ["group", 0], n: ["count"] },
        atEnd: "drop",
      },
    }],
    built: (events) =>
      events.groupBy({ each: field("t") }).window(size(2)).atEnd("drop").select({ t: group(0), n: count() }),
    in: [{ t: ["x", "y"] }, { t: ["y"] }, { t: [] }, { t: ["x"] }],
    out: [{ t: "y", n: 2 }, { t: "x", n: 2 }],
  },
  "group by each without a window gives one event for each item": {
    data: [{ select: { groupBy: { each: ["field", "t"] }, target: { t: ["group", 0], id: ["field", "id"] } } }],
    built: (events) => events.groupBy({ each: field("t") }).select({ t: group(0), id: field("id") }),
    in: [{ id: 1, t: ["x", "y"] }, { id: 2, t: ["z"] }],
    out: [{ t: "x", id: 1 }, { t: "y", id: 1 }, { t: "z", id: 2 }],
  },
  "a number and its text are two groups": {
    data: [{ select: { groupBy: event, window: size(2), target: ["group", 0], atEnd: "drop" } }],
    built: (events) => events.groupBy(whole).window(size(2)).atEnd("drop").select(group(0)),
    in: [1, "1", 1, "1"],
    out: [1, "1"],
  },
  "records with the same fields are one group": {
    data: [{ select: { groupBy: event, window: size(2), target: ["count"], atEnd: "drop" } }],
    built: (events) => events.groupBy(whole).window(size(2)).atEnd("drop").select(count()),
    in: [{ a: 1, b: 2 }, { b: 2, a: 1 }],
    out: [2],
  },
  "cardinality counts the groups that hold something": {
    data: [{
      select: {
        groupBy: { set: [["field", "g"]] },
        window: size(2),
        target: { g: ["group", 0], n: ["cardinality"] },
        atEnd: "drop",
      },
    }],
    built: (events) =>
      events.groupBy({ set: [field("g")] }).window(size(2)).atEnd("drop").select({ g: group(0), n: cardinality() }),
    in: [{ g: 0 }, { g: 1 }, { g: 0 }, { g: 1 }],
    out: [{ g: 0, n: 2 }, { g: 1, n: 1 }],
  },
  "aggregates may stand inside expressions": {
    data: [{ select: { window: size(4), target: ["/", ["sum", ["if", [">=", event, 500], 1, 0]], ["count"]] } }],
    built: (events) => events.window(size(4)).select(sum(when(whole.ge(500), 1, 0)).dividedBy(count())),
    in: [200, 500, 200, 503],
    out: [0.5],
  },
  "beside aggregates, a field is that of the last event": {
    data: [{
      select: {
        window: size(2),
        target: { v: ["field", "v"], f: ["first", ["field", "v"]], l: ["last", ["field", "v"]] },
      },
    }],
    built: (events) => events.window(size(2)).select({ v: field("v"), f: first(field("v")), l: last(field("v")) }),
    in: [{ v: 1 }, { v: 2 }],
    out: [{ v: 2, f: 1, l: 2 }],
  },
  "aggregates over numbers skip what is none": {
    data: [{
      select: {
        window: size(5),
        target: { n: ["count", event], s: ["sum", event], lo: ["min", event], hi: ["max", event] },
      },
    }],
    built: (events) =>
      events.window(size(5)).select({ n: count(whole), s: sum(whole), lo: min(whole), hi: max(whole) }),
    in: [3, "x", null, -1, { a: 1 }],
    out: [{ n: 4, s: 2, lo: -1, hi: 3 }],
  },
  "an aggregate without numbers is left out": {
    data: [{ select: { window: size(1), target: { m: ["mean", event], d: ["stdev", event], n: ["count"] } } }],
    built: (events) => events.window(size(1)).select({ m: mean(whole), d: stdev(whole), n: count() }),
    in: ["x", 4],
    out: [{ n: 1 }, { m: 4, n: 1 }],
  },
  "unique keeps the order and no more than it may": {
    data: [{ select: { window: size(6), target: ["unique", event, 2] } }],
    built: (events) => events.window(size(6)).select(unique(whole, 2)),
    in: [3, 1, 3, { a: 1 }, 1, 2],
    out: [[3, 1]],
  },
  "a target may be a record of records": {
    data: [{ select: { window: size(2), target: { a: { n: ["count"], fixed: ["literal", [1, 2]] }, b: "text" } } }],
    built: (events) => events.window(size(2)).select({ a: { n: count(), fixed: literal([1, 2]) }, b: "text" }),
    in: [1, 2],
    out: [{ a: { n: 2, fixed: [1, 2] }, b: "text" }],
  },
  "sliding by size gives the last so many after every event": {
    data: [{ select: { window: { sliding: { size: 3 } }, target: ["collect", event] } }],
    built: (events) => events.window({ sliding: { size: 3 } }).select(collect(whole)),
    in: range(5),
    out: [[0, 1, 2], [1, 2, 3], [2, 3, 4]],
  },
  "sliding by size, every so many": {
    data: [{ select: { window: { sliding: { size: 4, every: 2 } }, target: ["collect", event] } }],
    built: (events) => events.window({ sliding: { size: 4, every: 2 } }).select(collect(whole)),
    in: range(7),
    out: [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6]],
  },
  "sliding by time puts an event into every window it lies in": {
    data: [{
      select: {
        window: { sliding: { intervalMs: 10, everyMs: 5, time: event } },
        target: { s: ["window", "start"], all: ["collect", event] },
      },
    }],
    built: (events) =>
      events.window({ sliding: { intervalMs: 10, everyMs: 5, time: whole } })
        .select({ s: windowFact("start"), all: collect(whole) }),
    in: [1, 6, 12],
    out: [{ s: -5, all: [1] }, { s: 0, all: [1, 6] }, { s: 5, all: [6, 12] }, { s: 10, all: [12] }],
  },
  "event time: windows are aligned, and order within the delay does not matter": {
    data: [{
      select: {
        window: { tumbling: { intervalMs: 10, time: event, delayMs: 5 } },
        target: { s: ["window", "start"], all: ["collect", event] },
      },
    }],
    built: (events) =>
      events.window({ tumbling: { intervalMs: 10, time: whole, delayMs: 5 } })
        .select({ s: windowFact("start"), all: collect(whole) }),
    in: [3, 12, 8, 16, 27],
    out: [{ s: 0, all: [3, 8] }, { s: 10, all: [12, 16] }, { s: 20, all: [27] }],
  },
  "event time: late within the allowed lateness makes the result anew": {
    data: [{
      select: {
        window: { tumbling: { intervalMs: 10, time: event, latenessMs: 10 } },
        target: { r: ["window", "revision"], all: ["collect", event] },
        atEnd: "drop",
      },
    }],
    built: (events) =>
      events.window({ tumbling: { intervalMs: 10, time: whole, latenessMs: 10 } }).atEnd("drop")
        .select({ r: windowFact("revision"), all: collect(whole) }),
    in: [1, 11, 5, 21, 6],
    warns: true,
    out: [{ r: 0, all: [1] }, { r: 1, all: [1, 5] }, { r: 0, all: [11] }],
  },
  "event time may be written as a date": {
    data: [{
      select: {
        window: { tumbling: { intervalMs: 60_000, time: ["field", "t"] } },
        target: { m: ["window", "start"], n: ["count"] },
      },
    }],
    built: (events) =>
      events.window({ tumbling: { intervalMs: 60_000, time: field("t") } }).select({
        m: windowFact("start"),
        n: count(),
      }),
    in: [{ t: "1970-01-01T00:00:30Z" }, { t: "1970-01-01T00:00:59.999Z" }, { t: "1970-01-01T00:01:00Z" }],
    out: [{ m: 0, n: 2 }, { m: 60_000, n: 1 }],
  },
  "a session ends with a pause longer than its gap": {
    data: [{
      select: {
        groupBy: ["field", "k"],
        window: { session: { gapMs: 5, time: ["field", "v"] } },
        target: { k: ["group", 0], all: ["collect", ["field", "v"]] },
      },
    }],
    built: (events) =>
      events.groupBy(field("k")).window({ session: { gapMs: 5, time: field("v") } })
        .select({ k: group(0), all: collect(field("v")) }),
    in: pairs(["a", 1], ["b", 2], ["a", 4], ["a", 12], ["b", 30]),
    out: [{ k: "b", all: [2] }, { k: "a", all: [1, 4] }, { k: "a", all: [12] }, { k: "b", all: [30] }],
  },
  "an event between two sessions joins them": {
    data: [{ select: { window: { session: { gapMs: 5, time: event, delayMs: 100 } }, target: ["collect", event] } }],
    built: (events) => events.window({ session: { gapMs: 5, time: whole, delayMs: 100 } }).select(collect(whole)),
    in: [1, 9, 5],
    out: [[1, 9, 5]],
  },
};

for (const [name, each] of Object.entries(cases)) {
  for (const perDelivery of [1, 100]) {
    Deno.test(`${name} (JSON, ${perDelivery} at once)`, async () => {
      const written = JSON.parse(JSON.stringify(each.data));
      const flow = parseFlow({
        name: "f",
        connectors: { a: { type: "stdio" } },
        pipelines: { p: written },
        links: [{ from: "a", to: "p" }, { from: "p", to: "a" }],
      }, "flow.json");
      const run = await runPipeline(flow.pipelines!["p"]!, each.in, {
        perDelivery,
        ...(each.times === undefined ? {} : { times: each.times }),
      });
      assertEquals(run.errors.map(({ code }) => code), each.warns === true ? ["CAISSON_OPERATOR_LIMIT"] : []);
      assertEquals(run.out, each.out);
      assertEquals(run.verdicts.size, each.in.length);
    });
  }
  Deno.test(`${name} (builder)`, async () => {
    const definition = each.built(pipeline("p")).build();
    const run = await runPipeline(definition, each.in, each.times === undefined ? {} : { times: each.times });
    assertEquals(run.errors.map(({ code }) => code), each.warns === true ? ["CAISSON_OPERATOR_LIMIT"] : []);
    assertEquals(run.out, each.out);
  });
}
