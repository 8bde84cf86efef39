/** What the type checker makes of pipelines: wrong names and values do not compile, and types follow every step. */
import { assertEquals } from "@std/assert";
import {
  captured,
  field,
  literal,
  mean,
  pipeline,
  type PipelineDefinition,
  shape,
  type Stream,
  sum,
  when,
} from "../../mod.ts";
import { runPipeline } from "./run_pipeline.ts";

interface LogEvent {
  readonly level: "error" | "info";
  readonly host: string;
  readonly ms?: number;
  readonly user: { readonly name: string; readonly tags: readonly string[] };
}

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
type EventsOf<S> = S extends Stream<infer Value> ? Value : never;
function expectType<T extends true>(_: T extends true ? true : never): void {}

const events = pipeline("main", { in: shape<LogEvent>() });
const log = (level: string, host: string, tags: readonly string[] = []): unknown => ({
  level,
  host,
  user: { name: host, tags },
});

Deno.test("a match gives what its cases make, and each port what goes there", async () => {
  const matched = events.match((on) =>
    on.drop({ level: "info", user: { tags: { $list: ["quiet"] } } })
      .case({ host: { $extract: { dissect: "%{name}.%{domain}" }, $as: "at" } }, (event) => ({
        host: captured<string>("at", "name"),
        level: event("level"),
      }), { when: (event) => event("level").eq("error") })
      .to("named", { host: { $in: ["a", "b"] } })
      .to("counted", { user: { tags: { $type: "list" } } }, (event) => ({ tags: event("user.tags").length() }))
  );
  expectType<Same<EventsOf<typeof matched>, { host: string; level: "error" | "info" }>>(true);
  const named = matched.port("named");
  expectType<Same<EventsOf<typeof named>, LogEvent>>(true);
  const counted = matched.port("counted");
  expectType<Same<EventsOf<typeof counted>, { tags: number }>>(true);

  const data: PipelineDefinition = [{
    match: {
      cases: [
        { case: { level: "info", user: { tags: { $list: ["quiet"] } } }, drop: true },
        {
          case: { host: { $extract: { dissect: "%{name}.%{domain}" }, $as: "at" } },
          when: ["==", ["field", "level"], "error"],
          then: { host: ["captured", "at", "name"], level: ["field", "level"] },
        },
        { case: { host: { $in: ["a", "b"] } }, to: "named" },
        {
          case: { user: { tags: { $type: "list" } } },
          to: "counted",
          then: { tags: ["length", ["field", "user.tags"]] },
        },
      ],
      otherwise: "fail",
    },
  }];
  const built = matched.build();
  assertEquals(JSON.parse(JSON.stringify(built)), data);
  const run = await runPipeline(
    built,
    [log("info", "x", ["quiet"]), log("error", "web.example"), log("info", "b"), log("info", "q.r", ["s"])],
    { linked: ["named", "counted"] },
  );
  assertEquals(run.out, [{ host: "web", level: "error" }]);
  assertEquals(run.ports["named"], [log("info", "b")]);
  assertEquals(run.ports["counted"], [{ tags: 1 }]);
});

Deno.test("a match passes on what no case fits only where it says so, and types know", () => {
  const passed = events.match((on) => on.case({ level: "error" }, { bad: true }).otherwise("pass"));
  expectType<Same<EventsOf<typeof passed>, LogEvent | { bad: boolean }>>(true);
  const kept = events.match((on) => on.case({ level: "error" }));
  expectType<Same<EventsOf<typeof kept>, LogEvent>>(true);
  // As data, whoever writes it says what comes out.
  const said = events.match<{ n: number }>({ cases: [{ case: {}, then: { n: 1 } }] });
  expectType<Same<EventsOf<typeof said>, { n: number }>>(true);
  assertEquals(JSON.parse(JSON.stringify(kept.build())), [
    { match: { cases: [{ case: { level: "error" } }], otherwise: "fail" } },
  ]);
});

Deno.test("patterns name fields and values that there are", () => {
  events.match((on) =>
    // @ts-expect-error no such field
    on.case({ levle: "error" })
      // @ts-expect-error no such value
      .case({ level: "eror" })
      // @ts-expect-error no such field of a field
      .case({ user: { nmae: "ada" } })
      // @ts-expect-error no such value in a list
      .case({ level: { $in: ["eror"] } })
      // @ts-expect-error no such field in one of several patterns
      .case({ $any: [{ host: "a" }, { hots: "b" }] })
      // @ts-expect-error items are texts
      .case({ user: { tags: { $list: [3] } } })
      // @ts-expect-error no such option
      .case({ host: "a" }, "b", { whn: true })
      // @ts-expect-error no such field for the new value
      .case({ host: "b" }, (event) => event("hots"))
  );
  const untyped = pipeline("main").match((on) => on.case({ anything: { goes: 1 } }, { n: 1 }));
  expectType<Same<EventsOf<typeof untyped>, { n: number }>>(true);
  assertEquals(typeof untyped, "object");
});

Deno.test("terms are compared with values of their own type", () => {
  // @ts-expect-error a level that does not exist
  events.where((event) => event("level").eq("eror"));
  // @ts-expect-error a number is never a text
  events.where((event) => event("ms").gt("a"));
  // @ts-expect-error none of these levels exists
  events.where((event) => event("level").in(["eror"]));
  // @ts-expect-error texts have no sum
  events.window({ tumbling: { size: 2 } }).select((event) => ({ sum: sum(event("host")) }));
  // @ts-expect-error texts have no mean
  events.window({ tumbling: { size: 2 } }).select((event) => ({ mean: mean(event("level")) }));
  const fine = events.where((event) =>
    event("level").in(["error"]).and(
      event("ms").gt(3),
      event("level").ne(null),
      event("level").eq(field("other")),
      event("user.tags").eq(["a"]),
      field("whatever").eq(3),
    )
  ).window({ tumbling: { size: 2 } })
    .select((event) => ({ ms: sum(event("ms")), one: sum(1), any: mean(field("whatever")) }));
  expectType<Same<EventsOf<typeof fine>, { ms: number; one: number; any: number | undefined }>>(true);
  assertEquals(typeof fine, "object");
});

Deno.test("parts, alternatives and literals keep their type", async () => {
  const stream = events.select((event) => ({
    ms: event("ms").orElse(0),
    part: event("host").slice(0, 1),
    tags: event("user.tags").slice(1),
    chosen: when(event("level").eq("error"), event("host"), 0),
    perhaps: when(event("level").eq("error"), "bad"),
    list: literal([1, 2]),
  }));
  interface Selected {
    ms: number;
    part: string;
    tags: readonly string[];
    chosen: string | number;
    perhaps: string | undefined;
    list: number[];
  }
  expectType<Same<keyof EventsOf<typeof stream>, keyof Selected>>(true);
  const typed: Stream<Selected> = stream;
  const lengths = typed.map(({ ms, part, tags, list }) =>
    ms.toFixed().length + part.length + tags.length + list.length
  );
  const run = await runPipeline(lengths.build(), [log("error", "web", ["a", "b"])]);
  assertEquals(run.out, [1 + 1 + 1 + 2]);
});

Deno.test("a window may take its time, increment and end from the fields of the event", () => {
  const built = events
    .window((event) => ({ tumbling: { intervalMs: 10, time: event("ms") } }), { tumbling: { size: 3 } })
    .select((event) => ({ host: event("host") }))
    .build();
  assertEquals(JSON.parse(JSON.stringify(built)), [{
    select: {
      window: [{ tumbling: { intervalMs: 10, time: ["field", "ms"] } }, { tumbling: { size: 3 } }],
      target: { host: ["field", "host"] },
    },
  }]);
  // @ts-expect-error no such field
  events.window((event) => ({ state: { emit: event("last") } }));
});

Deno.test("an extraction has a field for each group of its pattern, and a count one for each key", async () => {
  const extracted = pipeline("main", { in: shape<{ text: string }>() })
    .extract("^(?<=)(?<who>\\w+)=(?<ms>\\d+)(?: (?<rest>.*))?$", { from: (event) => event("text"), numbers: ["ms"] });
  expectType<
    Same<
      EventsOf<typeof extracted>,
      { who: string | undefined; ms: number | null | undefined; rest: string | undefined }
    >
  >(true);
  const counted = extracted.count((event) => ({ who: event("who") }), { as: "times" });
  const typed: Stream<{ who: string | null; times: number }> = counted;
  const run = await runPipeline(typed.build(), [{ text: "ada=3" }, { text: "bob=4 x" }, { text: "ada=5" }]);
  assertEquals(run.out, [{ who: "ada", times: 2 }, { who: "bob", times: 1 }]);
  assertEquals(JSON.parse(JSON.stringify(extracted.build())), [
    {
      extract: {
        pattern: "^(?<=)(?<who>\\w+)=(?<ms>\\d+)(?: (?<rest>.*))?$",
        numbers: ["ms"],
        from: ["field", "text"],
      },
    },
  ]);
  // @ts-expect-error no group has this name
  events.extract("(?<who>.*)", { from: (event) => event("host"), numbers: ["ms"] });
  // @ts-expect-error no such key
  counted.where((result) => result("count").gt(1));
  // @ts-expect-error no such field
  events.count((event) => ({ host: event("hots") }));
});

Deno.test("the values of a group have types, by value, set and each", () => {
  const byValue = events.groupBy((event) => event("level")).window({ tumbling: { size: 2 } })
    .select((event, group) => ({ level: group(0), all: group(), ms: sum(event("ms")) }));
  expectType<
    Same<EventsOf<typeof byValue>, { level: "error" | "info"; all: ["error" | "info", string]; ms: number }>
  >(true);
  const bySet = events.groupBy((event) => ({ set: [event("ms"), { each: event("user.tags") }] }))
    .select((_, group) => ({ ms: group(0), tag: group(1) }));
  expectType<Same<EventsOf<typeof bySet>, { ms: number | null; tag: string }>>(true);
  const byEach = events.groupBy((event) => ({ each: event("user.tags") })).select((_, group) => group(0));
  expectType<Same<EventsOf<typeof byEach>, string>>(true);
  const asData = events.groupBy(["field", "host"]).select((_, group) => ({ host: group(0) }));
  expectType<Same<EventsOf<typeof asData>, { host: unknown }>>(true);
  assertEquals(JSON.parse(JSON.stringify(bySet.build())), [{
    select: {
      groupBy: { set: [["field", "ms"], { each: ["field", "user.tags"] }] },
      target: { ms: ["group", 0], tag: ["group", 1] },
    },
  }]);
  // @ts-expect-error no such field
  events.groupBy((event) => ({ set: [event("hots")] }));
  // @ts-expect-error a level is no number
  byValue.having((made) => made("level").gt(3));
});

Deno.test("a state has the type of what it begins with", async () => {
  const stream = events.state({
    key: (event) => event("host"),
    initial: { count: 0, last: { level: "none" } },
    update: (event, state) => ({ count: state("count").plus(1), last: { level: event("level") } }),
    target: (event, state) => ({ host: event("host"), count: state("count"), last: state("last.level") }),
  });
  expectType<Same<EventsOf<typeof stream>, { host: string; count: number; last: string }>>(true);
  const run = await runPipeline(stream.build(), [log("info", "a"), log("error", "a"), log("info", "b")]);
  assertEquals(run.out, [
    { host: "a", count: 1, last: "info" },
    { host: "a", count: 2, last: "error" },
    { host: "b", count: 1, last: "info" },
  ]);
  // @ts-expect-error the state has no such part
  events.state({ initial: { count: 0 }, update: 1, target: (_, state) => state("cuont") });
  // @ts-expect-error a number has no parts
  events.state({ initial: 0, update: 1, target: (_, state) => state("count") });
});
