import { assertEquals } from "@std/assert";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { slowPatterns } from "../../runtime/flow/slow_patterns.ts";
import { repeatsRepetition } from "../../runtime/pipeline/nested_repetition.ts";

const slow = [
  "^(a+)+$",
  "(a*)*b",
  "(?:\\w+\\s?)*$",
  "^(?<word>[a-z]+)*!",
  "(?:x*y*)+z",
  "((a+)+)c",
  "(?:.*)+,",
  "^(?:\\d+,?){1,}$",
  "^(?:a|b+)*$",
  "((?:[^\\]]+)*)x",
  "(?:\\p{L}+)+?\\.",
];
const quick = [
  "^(?:[^,]+,)*$",
  "(\\w+\\s?)*",
  "^\\d+(?:\\.\\d+)*$",
  "^(?:\\b\\w+)*$",
  "(a+)?b",
  "(a+){3}b",
  "(a+)|b",
  "((a+)+)",
  "(?=a+)b",
  "\\(a+\\)+$",
  "[(a+)+]$",
  "^(?<ip>\\d{1,3}(?:\\.\\d{1,3}){3}) (?<rest>.*)$",
  "^(?:hi|hello)\\b",
  '^"(?:[^"\\\\]|\\\\.)*"$',
  "(?:a+b)*c",
];

Deno.test("tells repetition of repetition from what only looks like it", () => {
  for (const pattern of [...slow, ...quick]) {
    new RegExp(pattern, "u");
    assertEquals(repeatsRepetition(pattern), slow.includes(pattern), pattern);
  }
});

Deno.test("names the patterns of a flow that may take for ever, wherever they stand", () => {
  const bad = "^(a+)+$";
  const flow = parseFlow({
    name: "slow",
    connectors: { in: { type: "null" }, out: { type: "null" } },
    pipelines: {
      main: {
        nodes: {
          a: [
            { filter: ["or", ["matches", ["field", "a"], "^a+$"], ["matches", ["field", "b"], bad]] },
            { match: { cases: [{ case: { text: { $extract: { regex: bad } } } }] } },
            { extract: { pattern: "^(?<word>a+)*$" } },
            { enrich: { key: ["field", "k"], table: { x: ["matches", 1, bad] }, as: "found" } },
            { filter: ["==", ["field", "list"], ["literal", ["matches", 1, bad]]] },
          ],
        },
        links: [{ from: "in", to: "a" }, { from: "a", to: "out" }],
      },
    },
    links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
  }, "slow.json");
  assertEquals(slowPatterns(flow).map((warning) => warning.split(": ")[0]), [
    "pipelines.main.nodes.a[0].filter[2][2]",
    "pipelines.main.nodes.a[1].match.cases[0].case.text.$extract.regex",
    "pipelines.main.nodes.a[2].extract.pattern",
  ]);
});
