/** Wrong pipelines, for the tests of what refuses them. @module */

const nested = (levels: number, around: (inner: unknown) => unknown): unknown => {
  let value: unknown = true;
  for (let level = 0; level < levels; level++) value = around(value);
  return value;
};
const not = (inner: unknown) => ["not", inner];
/** A field. */
export const field: readonly string[] = ["field", "a"];
const count = (window: unknown) => [{ select: { window, target: ["count"] } }];
/** A window with a target. */
export const made = (target: unknown): unknown => [{ select: { window: { tumbling: { size: 2 } }, target } }];
const matching = (pattern: unknown, more: object = {}) => [{ match: { cases: [{ case: pattern, ...more }] } }];
const extracting = (extractor: unknown) => matching({ $extract: extractor });
const step = "pipelines.main[0]";
const extract = `${step}.match.cases[0].case.$extract`;

/** By what is wrong: the pipeline; the end of the error's path; a part of what it found; a part of what it allows. */
export const wrong: Readonly<Record<string, readonly [unknown, string, string, string]>> = {
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
  "a negative interval": [count({ tumbling: { intervalMs: -5 } }), "tumbling.intervalMs", "-5", "at least 0.001"],
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
  "a target that is no node, for a slip": [
    {
      nodes: { step: [], filter: [] },
      links: [
        { from: "in", to: ["step", "filter"] },
        { from: "step", to: "fitler" },
        { from: "filter", to: "out" },
      ],
    },
    "main.links[1].to",
    '"fitler"',
    "step, filter, out, err",
  ],
  "a port of its own that nothing leads to": [
    { nodes: { a: [] }, links: [{ from: "in", to: "a" }, { from: "a", to: "out" }], ports: ["audit"] },
    "main.ports[0]",
    '"audit"',
    "out",
  ],
  "a rate that is a text": [[{ bucket: { class: "all", rate: "rate" } }], "bucket.rate", '"rate", a text', "a number"],
  "a rate below zero": [[{ bucket: { class: "all", rate: -1 } }], "bucket.rate", "-1", "0 or more"],
  "a class that is a number": [[{ bucket: { class: 5, rate: 1 } }], "bucket.class", "5, a number", "a text"],
  "a time without length": [[{ throttle: { limit: 1, perMs: 1e-300 } }], "throttle.perMs", "1e-300", "at least 0.001"],
  "a time beyond all clocks": [
    [{ dedupe: { key: field, withinMs: 2 ** 60 } }],
    ".withinMs",
    "1152921504606847000",
    "at most",
  ],
  "an interval beyond all clocks": [count({ tumbling: { intervalMs: 2 ** 60 } }), ".intervalMs", "11529", "at most"],
  "a lateness beyond all clocks": [
    count({ session: { gapMs: 1, time: field, latenessMs: 2 ** 60 } }),
    "session.latenessMs",
    "11529",
    "at most",
  ],
  "a file that is looked at at once, for a timer's bound": [
    [{ enrich: { key: field, as: "x", file: { path: "x.csv", key: "k", everyMs: 2 ** 31 } } }],
    "file.everyMs",
    "2147483648",
    "at most 2147483647",
  ],
  "a time that is a text": [
    count({ tumbling: { intervalMs: 10, time: "yesterday" } }),
    "tumbling.time",
    '"yesterday", the same',
    "of each event",
  ],
  "a time that is one moment": [count({ session: { gapMs: 1, time: 5 } }), "session.time", "5, the same", "of each"],
  "a time that is a truth": [count({ session: { gapMs: 1, time: ["not", field] } }), ".time", "a boolean", "or a date"],
  "an increment that is a text": [
    count({ tumbling: { size: 2, increment: "bytes" } }),
    "tumbling.increment",
    '"bytes", a text',
    "a number",
  ],
  "an end that is a number": [count({ state: { emit: 5 } }), "state.emit", "5, a number", "a condition"],
  "two windows of a name": [
    count([{ tumbling: { size: 2, name: "a" } }, { tumbling: { size: 2, name: "a" } }]),
    "select.window[1]",
    '"a"',
    "a name of its own",
  ],
  "a branch without ports": [[{ branch: {} }], `${step}.branch`, "no port", "at least one"],
  "a branch that is a field's name": [[{ branch: { a: "hot" } }], "branch.a", '"hot", a text', "a condition"],
  "a match without cases": [[{ match: { cases: [] } }], "match.cases", "[]", "at least 1"],
  "a condition that is a number": [[{ filter: 1 }], `${step}.filter`, "1, a number", "a condition"],
  "a condition that is a sum": [[{ filter: ["+", field, 1] }], `${step}.filter`, "a number", "a condition"],
  "a condition inside that is a text": [
    [{ filter: ["and", ["present", field], "hot"] }],
    `${step}.filter[2]`,
    '"hot", a text',
    "a condition",
  ],
  "a condition that reads nothing": [
    [{ filter: ["==", "level", "error"] }],
    `${step}.filter`,
    "the same for every event",
    "a condition",
  ],
  "a where that is a number": [[{ select: { where: 5 } }], "select.where", "5, a number", "a condition"],
  "a having that is a text": [[{ select: { having: "hot" } }], "select.having", '"hot", a text', "a condition"],
  "a when that is a record": [matching({}, { when: { a: 1 } }), "cases[0].when", '{"a":1}', "a condition"],
  "an $is that is a text": [matching({ $is: "hot" }), "case.$is", '"hot", a text', "a condition"],
  "a key that is a field's name": [[{ dedupe: { key: "id" } }], "dedupe.key", '"id"', '["literal", "id"]'],
  "a key of a throttle that is a field's name": [[{ throttle: { limit: 1, key: "id" } }], ".key", '"id"', "literal"],
  "a key to look up that is a field's name": [
    [{ enrich: { key: "host", table: {}, as: "x" } }],
    "enrich.key",
    '"host"',
    '["field", "host"]',
  ],
  "a group that is a field's name": [[{ select: { groupBy: "host" } }], "select.groupBy", '"host"', "literal"],
  "a group in a set that is a field's name": [
    [{ select: { groupBy: { set: ["host"] } } }],
    "groupBy.set[0]",
    '"host"',
    "literal",
  ],
  "a count by a field's name": [[{ count: { by: { host: "host" } } }], "count.by.host", '"host"', "literal"],
  "each of a field's name": [[{ each: { of: "items" } }], "each.of", '"items", a text', "a list"],
  "groups of each of a number": [[{ select: { groupBy: { each: 5 } } }], "groupBy.each", "5, a number", "a list"],
  "a pattern for one text only": [
    [{ extract: { pattern: "(?<a>.)", from: "message" } }],
    "extract.from",
    '"message"',
    "of each event",
  ],
  "a sum of a field's name": [made(["sum", "bytes"]), "select.target[1]", '"bytes"', '["field", "host"]'],
  "an aggregate of too much": [made(["sum", field, 2]), "select.target", "2 operands", '["sum", value]'],
  "an aggregate of nothing": [made({ a: ["mean"] }), "select.target.a", "0 operands", '["mean", value]'],
  "an unknown function": [[{ set: { a: ["uper", field] } }], "set.a[0]", '"uper"', "upper"],
  "an unknown pattern of grok": [extracting({ grok: "%{IPP:x}" }), `${extract}.grok`, "IPP", "IP"],
  "a dissection without fields": [extracting({ dissect: "a b" }), `${extract}.dissect`, "no field", "%{name}"],
  "a date of nothing": [extracting({ datetime: "%H" }), `${extract}.datetime`, "%H", "year"],
  "fields instead of a record": [[{ project: ["field", "a"] }], `${step}.project`, '["field","a"]', "a record"],
};
