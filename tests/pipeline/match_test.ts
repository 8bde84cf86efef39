/** Patterns and extractors. */
import { assertEquals } from "@std/assert";
import { compileExtractor } from "../../runtime/pipeline/extractor/extractors.ts";
import type { ExtractorDefinition, Pattern } from "../../runtime/pipeline/step/match_definition.ts";
import { compilePattern } from "../../runtime/pipeline/step/pattern.ts";
import { runPipeline } from "./run_pipeline.ts";

const patterns: readonly (readonly [Pattern, matching: readonly unknown[], others: readonly unknown[]])[] = [
  ["a", ["a"], ["b", 1, null]],
  [1, [1], ["1", 2]],
  [null, [null], [undefined, 0]],
  [{ a: 1 }, [{ a: 1 }, { a: 1, b: 2 }], [{ a: 2 }, {}, [], null]],
  [{ a: { b: "x" } }, [{ a: { b: "x" } }], [{ a: "x" }, { a: [] }]],
  [{ a: { $absent: true } }, [{}, { b: 1 }], [{ a: null }]],
  [{ a: { $type: "any" } }, [{ a: null }, { a: 0 }], [{}]],
  [{ $type: "text" }, ["", "x"], [1, null]],
  [{ $type: "integer" }, [1, -3], [1.5, "1"]],
  [{ $type: "list" }, [[]], [{}, "x"]],
  [{ $type: "record" }, [{}], [[], null]],
  [{ $in: [1, "x", null] }, [1, "x", null], [2, undefined]],
  [{ $any: [1, { a: 2 }] }, [1, { a: 2 }], [{ a: 1 }]],
  [{ $all: [{ a: 1 }, { b: { $not: 2 } }] }, [{ a: 1, b: 3 }, { a: 1 }], [{ a: 1, b: 2 }]],
  [{ $list: [1, { $type: "text" }] }, [["x", 1], [1, "x", 2]], [[1], ["x"], "x1"]],
  [{ $items: [1, 2] }, [[1, 2]], [[1, 2, 3], [2, 1]]],
  [{ $is: [">", ["field", []], 5] }, [6], [5, "6"]],
  [{ toString: 1 }, [{ toString: 1 }], [{}]],
];

Deno.test("patterns match what they say and nothing else", () => {
  for (const [pattern, matching, others] of patterns) {
    const matches = compilePattern(pattern, "p");
    for (const value of matching) {
      assertEquals(matches(value, {}), true, `${JSON.stringify(pattern)} ${JSON.stringify(value)}`);
    }
    for (const value of others) {
      assertEquals(matches(value, {}), false, `${JSON.stringify(pattern)} ${JSON.stringify(value)}`);
    }
  }
});

const apache = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326';
const extractors: readonly (readonly [ExtractorDefinition, text: string, found: unknown])[] = [
  [{ regex: "(?<a>\\d+)-(?<b>\\w)" }, "x 12-y", { a: "12", b: "y" }],
  [{ regex: "^A", flags: "i" }, "abc", {}],
  [{ regex: "^A" }, "abc", undefined],
  [{ grok: "%{IP:client} %{WORD:verb} %{NUMBER:ms:float}" }, "10.1.2.3 GET 1.5", {
    client: "10.1.2.3",
    verb: "GET",
    ms: 1.5,
  }],
  [{ grok: "^%{LOGLEVEL:level}: %{GREEDYDATA:text}$" }, "WARN: hot", { level: "WARN", text: "hot" }],
  [{ grok: "%{COMMONAPACHELOG}" }, apache, {
    clientip: "127.0.0.1",
    ident: "-",
    auth: "frank",
    timestamp: "10/Oct/2000:13:55:36 -0700",
    verb: "GET",
    request: "/a.gif",
    httpversion: "1.0",
    response: 200,
    bytes: 2326,
  }],
  [{ grok: "%{SYSLOGTIMESTAMP:t} %{HOSTNAME:h} %{SYSLOGPROG}:" }, "Oct 11 22:14:15 web1 sshd[42]: x", {
    t: "Oct 11 22:14:15",
    h: "web1",
    program: "sshd",
    pid: "42",
  }],
  [{ grok: "%{IPV4:a}" }, "nothing", undefined],
  [{ dissect: "%{a} %{b} [%{c}]" }, "x y [z w]", { a: "x", b: "y", c: "z w" }],
  [{ dissect: "%{a->} %{b}" }, "x    y", { a: "x", b: "y" }],
  [{ dissect: "%{d} %{+d} %{?s} %{n:int}" }, "a b c 7", { d: "a b", n: 7 }],
  [{ dissect: "%{n:int}!" }, "seven!", undefined],
  [{ dissect: "%{a}," }, "x,y", undefined],
  [{ dissect: "<%{a}>" }, "x>", undefined],
  [{ glob: "*.log" }, "a/b.log", "a/b.log"],
  [{ glob: "a?c[0-9]" }, "abc7", "abc7"],
  [{ glob: "a.c" }, "abc", undefined],
  [{ json: true }, '{"a":[1]}', { a: [1] }],
  [{ json: true }, "{", undefined],
  [{ kv: true }, 'a=1 b="two words" c=', { a: "1", b: "two words", c: "" }],
  [{ kv: { fields: "&", values: "=" } }, "x=1&y=2", { x: "1", y: "2" }],
  [{ kv: true }, "novalue", undefined],
  [{ base64: true }, "c25vdCBiYWRnZXI=", "snot badger"],
  [{ base64: true }, "c25*", undefined],
  [{ cidr: ["10.0.0.0/8", "192.168.1.0/24"] }, "192.168.1.77", {
    address: "192.168.1.77",
    family: 4,
    range: "192.168.1.0/24",
  }],
  [{ cidr: ["10.0.0.0/8"] }, "11.0.0.1", undefined],
  [{ cidr: ["10.0.0.0/8"] }, "10.0.0.256", undefined],
  [{ cidr: ["2001:db8::/32"] }, "2001:db8::1", { address: "2001:db8::1", family: 6, range: "2001:db8::/32" }],
  [{ cidr: ["::ffff:0:0/96"] }, "::ffff:1.2.3.4", { address: "::ffff:1.2.3.4", family: 6, range: "::ffff:0:0/96" }],
  [{ cidr: [] }, "1.2.3.4", { address: "1.2.3.4", family: 4 }],
  [{ cidr: ["10.0.0.0/8"] }, "1:2:3", undefined],
  [{ datetime: "%Y-%m-%d %H:%M:%S" }, "2024-02-29 12:30:15", Date.UTC(2024, 1, 29, 12, 30, 15)],
  [{ datetime: "%Y-%m-%d" }, "2023-02-29", undefined],
  [{ datetime: "%d/%b/%Y:%T %z" }, "10/Oct/2000:13:55:36 -0700", Date.UTC(2000, 9, 10, 20, 55, 36)],
  [{ datetime: "%F %T.%f" }, "1970-01-01 00:00:01.5", 1500],
  [{ datetime: "%s" }, "1700000000", 1_700_000_000_000],
  [{ influx: true }, "weather,location=us-midwest temperature=82,n=3i,t=t 1465839830100400200", {
    measurement: "weather",
    tags: { location: "us-midwest" },
    fields: { temperature: 82, n: 3, t: true },
    timestamp: 1465839830100400200n,
  }],
  [{ influx: true }, 'w\\,x,a\\ b=c\\=d s="a \\"b\\", c=d"', {
    measurement: "w,x",
    tags: { "a b": "c=d" },
    fields: { s: 'a "b", c=d' },
  }],
  [{ influx: true }, "weather", undefined],
];

Deno.test("extractors give what the table says", () => {
  for (const [definition, text, found] of extractors) {
    assertEquals(compileExtractor(definition, "e")(text), found, `${JSON.stringify(definition)} on ${text}`);
  }
});

Deno.test("the first case that matches decides, with what it captured", async () => {
  const run = await runPipeline([{
    match: {
      cases: [
        { case: { level: "debug" }, drop: true },
        {
          case: { level: "error", id: { $as: "id", $type: "integer" } },
          when: [">", ["captured", "id"], 5],
          to: "pager",
        },
        {
          case: { msg: { $extract: { dissect: "%{user} logged %{how}" }, $as: "login" } },
          then: { who: ["captured", "login", "user"], how: ["captured", "login", "how"], level: ["field", "level"] },
        },
        { case: { level: "info" } },
      ],
    },
  }], [
    { level: "debug" },
    { level: "error", id: 7 },
    { level: "info", msg: "ann logged in" },
    { level: "info", msg: "hello" },
    { level: "error", id: 2 },
  ], { linked: ["pager"] });
  assertEquals(run.out, [{ who: "ann", how: "in", level: "info" }, { level: "info", msg: "hello" }]);
  assertEquals(run.ports["pager"], [{ level: "error", id: 7 }]);
  assertEquals([...run.verdicts], [[0, "delivered"], [1, "delivered"], [2, "delivered"], [3, "delivered"], [
    4,
    "failed",
  ]]);
});

Deno.test("what no case matches may pass or be dropped", async () => {
  const cases = [{ case: 1, then: "one" }];
  assertEquals((await runPipeline([{ match: { cases, otherwise: "pass" } }], [1, 2])).out, ["one", 2]);
  assertEquals((await runPipeline([{ match: { cases, otherwise: "drop" } }], [1, 2])).out, ["one"]);
});

Deno.test("a case that names the port out has its event go there once, past the steps behind it", async () => {
  const { out } = await runPipeline([
    { match: { cases: [{ case: { a: 1 }, to: "out" }], otherwise: "pass" } },
    { set: { seen: true } },
  ], [{ a: 1 }, { a: 2 }]);
  assertEquals(out, [{ a: 1 }, { a: 2, seen: true }]);
});
