/** Wrong pipelines: each is refused by one error that names the place, what was found and what is allowed. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { compilePipeline } from "../../runtime/pipeline/compile.ts";

/** What `caisson run --dry-run` does with the pipeline `main`. */
function check(main: unknown): void {
  const flow = parseFlow({
    name: "wrong",
    connectors: { a: { type: "stdio" }, b: { type: "stdio" } },
    pipelines: { main },
    links: [{ from: "a", to: "main" }, { from: "main", to: "b" }],
  }, "flow.json");
  for (const [name, pipeline] of Object.entries(flow.pipelines!)) compilePipeline(pipeline, `flow: pipelines.${name}`);
}

function refusal(main: unknown): CaissonError {
  const error = assertThrows(() => check(main));
  assertInstanceOf(error, CaissonError);
  return error;
}

const nested = (levels: number, around: (inner: unknown) => unknown): unknown => {
  let value: unknown = true;
  for (let level = 0; level < levels; level++) value = around(value);
  return value;
};
const not = (inner: unknown) => ["not", inner];
const count = (window: unknown) => [{ select: { window, target: ["count"] } }];
const made = (target: unknown) => [{ select: { window: { tumbling: { size: 2 } }, target } }];
const matching = (pattern: unknown, more: object = {}) => [{ match: { cases: [{ case: pattern, ...more }] } }];
const extracting = (extractor: unknown) => matching({ $extract: extractor });
const step = "pipelines.main[0]";
const extract = `${step}.match.cases[0].case.$extract`;

/** The pipeline; the end of the error's path; a part of what it found; a part of what it allows. */
const wrong: Readonly<Record<string, readonly [unknown, string, string, string]>> = {
  "a misspelt step": [[{ fliter: true }], `${step}.fliter`, "fliter", "filter"],
  "two steps in one": [[{ filter: true, set: {} }], step, '"set"', "one step"],
  "a misspelt step in a graph": [
    { nodes: { a: [{ fliter: true }] }, links: [{ from: "in", to: "a" }, { from: "a", to: "out" }] },
    "main.nodes.a[0].fliter",
    "fliter",
    "filter",
  ],
  "a node with a wrong name": [{ nodes: { "A b": [] }, links: [] }, "main.nodes", '"A b"', "lower-case"],
  "a misspelt key of a graph": [{ nodes: {}, link: [] }, "main.link", '"link"', "nodes, links"],
  "a node that leads nowhere": [{ nodes: { a: [] }, links: [{ from: "in", to: "a" }] }, "nodes.a", "no link", "a link"],
  "a cycle": [
    {
      nodes: { a: [], b: [] },
      links: [{ from: "in", to: "a" }, { from: "a", to: "b" }, { from: "b", to: ["a", "out"] }],
    },
    "main.links",
    "a -> b -> a",
    "without a cycle",
  ],
  "more nodes than the stack has room for": [
    { nodes: Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`n${index}`, []])), links: [] },
    "main.nodes",
    "n0",
    "at most 1000",
  ],
  "an unknown operator": [[{ filter: ["=", 1, 1] }], `${step}.filter[0]`, '"="', "=="],
  "an operand too few": [[{ filter: ["==", 1] }], `${step}.filter`, "1 operands", '["==", a, b]'],
  "a number that is none": [[{ filter: [">", ["field", "a"], NaN] }], `${step}.filter[2]`, "NaN", "a text, number"],
  "an expression nested deeply": [[{ filter: nested(20_000, not) }], "[1]", "deeper nesting", "64"],
  "a target nested deeply": [[{ set: { a: nested(20_000, (a) => ({ a })) } }], ".set", "deeper nesting", "128"],
  "a pattern nested deeply": [matching(nested(20_000, ($not) => ({ $not }))), ".match", "deeper nesting", "128"],
  "a condition nested deeply": [matching({}, { when: nested(20_000, not) }), ".match", "deeper nesting", "128"],
  "an aggregate nested deeply": [made(["sum", nested(20_000, not)]), ".select", "deeper nesting", "128"],
  "a size of zero": [count({ tumbling: { size: 0 } }), "tumbling.size", "0", "at least 1"],
  "a size that is no number": [count({ tumbling: { size: NaN } }), "tumbling.size", "NaN", "a number"],
  "a size beyond all numbers": [count({ tumbling: { size: 1e300 } }), "tumbling.size", "1e+300", "at most"],
  "a negative interval": [count({ tumbling: { intervalMs: -5 } }), "tumbling.intervalMs", "-5", "more than 0"],
  "an endless interval": [count({ tumbling: { intervalMs: Infinity } }), ".intervalMs", "Infinity", "a number"],
  "an interval below what times can tell": [
    count({ tumbling: { intervalMs: 1e-9, time: ["field", "t"] } }),
    "tumbling.intervalMs",
    "1e-9",
    "at least 0.001",
  ],
  "size and interval": [count({ tumbling: { size: 1, intervalMs: 1 } }), ".tumbling", '"size":1', "one of size"],
  "a delay without event time": [count({ session: { gapMs: 1, delayMs: 1 } }), "session.delayMs", "delayMs", '"time"'],
  "lateness of a window by size": [
    count({ sliding: { size: 2, latenessMs: 5 } }),
    ".sliding",
    "latenessMs",
    "size and",
  ],
  "a slide that does not divide": [count({ sliding: { size: 10, every: 3 } }), "sliding.every", "3", "a divisor"],
  "a slide of very many parts": [count({ sliding: { size: 1e6 } }), "sliding.every", "1", "at least 1000"],
  "too many windows at a time": [count({ sliding: { intervalMs: 1e9, everyMs: 1 } }), ".everyMs", "1", "1000000 to"],
  "a session among frames": [
    count([{ session: { gapMs: 1 } }, { tumbling: { size: 2 } }]),
    "[0]",
    "session",
    "tumbling",
  ],
  "an unknown aggregate": [made({ a: ["avg", 1] }), "target.a[0]", '"avg"', "an operator"],
  "an aggregate of aggregates": [made(["sum", ["count"]]), "target[1][0]", '"count"', "only in the target"],
  "an aggregate without a window": [[{ select: { target: ["count"] } }], "select.target", "count", "a window"],
  "a quantile above one": [made(["quantile", ["field", "x"], 2]), "select.target", "[2]", "from 0 to 1"],
  "a misspelt fact of a window": [made(["window", "strat"]), "select.target", '"strat"', '["window", "start"]'],
  "a group by name": [made({ g: ["group", "g"] }), "target.g", '["group","g"]', '["group", 0]'],
  "cardinality of something": [made(["cardinality", 1]), "select.target", '["cardinality",1]', '["cardinality"]'],
  "no extractor": [extracting(null), extract, "null", "regex"],
  "an unknown extractor": [extracting({ regexp: "a" }), extract, "regexp", "regex"],
  "flags that are no text": [extracting({ regex: "a", flags: 5 }), `${extract}.flags`, "5", "flags"],
  "half a regular expression": [extracting({ regex: "(" }), `${extract}.regex`, "Unterminated", "regular expression"],
  "a class that runs backwards": [extracting({ glob: "[z-a]" }), `${extract}.glob`, "out of order", "regular"],
  "half a grok field": [extracting({ grok: "%{IP:x" }), `${extract}.grok`, "%{IP:x", "%{PATTERN:name}"],
  "a misspelt separator": [extracting({ kv: { feilds: "," } }), `${extract}.kv`, "feilds", '"fields"'],
  "a range of every address by accident": [extracting({ cidr: ["10.0.0.0/"] }), "cidr[0]", "10.0.0.0/", "/8"],
  "fields instead of a record": [[{ project: ["field", "a"] }], `${step}.project`, '["field","a"]', "a record"],
};

for (const [name, [main, path, found, allowed]] of Object.entries(wrong)) {
  Deno.test(`refuses ${name}`, () => {
    const { code, subject, found: given, allowed: right, action } = refusal(main);
    assert(["CAISSON_FLOW_INVALID", "CAISSON_FLOW_LINK"].includes(code), code);
    assert(subject.endsWith(path) || (path === "[1]" && subject.endsWith("[1][1]")), subject);
    assertStringIncludes(given ?? "", found);
    assertStringIncludes(right ?? "", allowed);
    assert(action !== "");
  });
}

Deno.test("a table of many entries is no deep nesting", () => {
  const table = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, { id: index }]));
  assertEquals(check([{ enrich: { key: ["field", "k"], table, as: "known" } }]), undefined);
});
