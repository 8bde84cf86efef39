import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import type { FlowDefinition } from "../../runtime/flow/flow_definition.ts";
import { buildGraph } from "../../runtime/flow/graph.ts";

const base: FlowDefinition = {
  name: "main",
  connectors: { input: { type: "file" }, output: { type: "file" } },
  processors: { first: { type: "transform" } },
  pipelines: { second: [], third: [] },
  links: [
    { from: "input", to: "first" },
    { from: "first", to: ["second", "third/in"] },
    { from: "second/out", to: "output" },
    { from: "third/err", to: "output" },
  ],
};

function refuse(flow: FlowDefinition): CaissonError {
  return assertThrows(() => buildGraph(flow), CaissonError);
}

Deno.test("writes fan-out as single links and finds what reads and what writes", () => {
  const graph = buildGraph(base);
  assertEquals(graph.sources, ["input"]);
  assertEquals(graph.sinks, ["output"]);
  assertEquals(graph.links.length, 5);
  assertEquals(graph.links[2], {
    from: { node: "first", port: "out" },
    to: { node: "third", port: "in" },
  });
});

Deno.test("orders inner nodes so that whoever takes is there before whoever gives", () => {
  const { inner } = buildGraph(base);
  assertEquals(inner.indexOf("first") > inner.indexOf("second"), true);
  assertEquals(inner.indexOf("first") > inner.indexOf("third"), true);
});

Deno.test("refuses a link to a node that does not exist and lists those that do", () => {
  const error = refuse({
    ...base,
    links: [...base.links, { from: "second", to: "outptu" }],
  });
  assertEquals(error.code, "CAISSON_FLOW_LINK");
  assertStringIncludes(error.message, "links[4].to");
  assertStringIncludes(error.message, "outptu");
  assertStringIncludes(error.allowed, "output");
});

Deno.test("refuses a port that the node does not have", () => {
  const error = refuse({
    ...base,
    links: [{ from: "input/data", to: "first" }],
  });
  assertEquals(error.code, "CAISSON_FLOW_LINK");
  assertStringIncludes(error.allowed, "input/out");
});

Deno.test("refuses a link from out of a pipeline in which nothing leads there", () => {
  const error = refuse({
    ...base,
    pipelines: {
      ...base.pipelines,
      main: { nodes: { a: [] }, links: [{ from: "in", to: "a" }, { from: "a", to: "found" }] },
    },
    links: [...base.links, { from: "input", to: "main" }, { from: "main", to: "output" }],
  } as FlowDefinition);
  assertEquals(error.code, "CAISSON_FLOW_LINK");
  assertStringIncludes(error.found, '"out"');
  assertStringIncludes(error.allowed, "main/found");
});

Deno.test("refuses a cycle and names its nodes", () => {
  const error = refuse({
    ...base,
    links: [...base.links, { from: "third/out", to: "first" }],
  });
  assertEquals(error.code, "CAISSON_FLOW_LINK");
  assertStringIncludes(error.found, "first -> third -> first");
});

Deno.test("refuses the same link twice", () => {
  const error = refuse({
    ...base,
    links: [...base.links, { from: "input/out", to: "first/in" }],
  });
  assertStringIncludes(error.found, "twice");
});

Deno.test("refuses a node without links", () => {
  const error = refuse({
    ...base,
    pipelines: { ...base.pipelines, lonely: [] },
  });
  assertStringIncludes(error.subject, "lonely");
  const connector = refuse({
    ...base,
    connectors: { ...base.connectors, spare: { type: "file" } },
  });
  assertStringIncludes(connector.subject, "spare");
});

Deno.test("refuses one name for two nodes", () => {
  const error = refuse({
    ...base,
    pipelines: { ...base.pipelines, input: [] },
  });
  assertEquals(error.code, "CAISSON_FLOW_INVALID");
});
