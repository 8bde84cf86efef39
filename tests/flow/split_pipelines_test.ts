import { assertEquals, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";

const base = { name: "f", connectors: { in: { type: "stdio" }, out: { type: "stdio" }, bad: { type: "stdio" } } };

Deno.test("a processor step cuts its pipeline into parts that are linked in order", () => {
  const flow = parseFlow({
    ...base,
    pipelines: {
      main: [
        { filter: true },
        { branch: { odd: true } },
        { processor: { type: "acme:twice", config: { by: 2 } } },
        { processor: { type: "other" } },
        { batch: { count: 2 } },
      ],
      plain: [{ filter: true }],
    },
    links: [
      { from: "in", to: ["main", "plain"] },
      { from: "main", to: "out" },
      { from: "plain", to: "out" },
      { from: "main/odd", to: "bad" },
      { from: "main/err", to: "bad" },
    ],
  }, "flow.json");
  assertEquals(flow.pipelines, {
    "main-part-1": [{ filter: true }, { branch: { odd: true } }],
    "main-part-4": [{ batch: { count: 2 } }],
    plain: [{ filter: true }],
  });
  assertEquals(flow.processors, {
    "main-part-2": { type: "acme:twice", config: { by: 2 } },
    "main-part-3": { type: "other" },
  });
  assertEquals(flow.links, [
    { from: "in", to: ["main-part-1", "plain"] },
    { from: "main-part-4", to: "out" },
    { from: "plain", to: "out" },
    { from: "main-part-1/odd", to: "bad" },
    { from: "main-part-1/err", to: "bad" },
    { from: "main-part-4/err", to: "bad" },
    { from: "main-part-2/err", to: "bad" },
    { from: "main-part-3/err", to: "bad" },
    { from: "main-part-1", to: "main-part-2" },
    { from: "main-part-2", to: "main-part-3" },
    { from: "main-part-3", to: "main-part-4" },
  ]);
  // What the command line parsed is deployed, and parsed again.
  assertEquals(parseFlow(flow, "flow.json"), flow);
});

Deno.test("a processor inside a graph of steps is refused with its place", () => {
  const error = assertThrows(() =>
    parseFlow({
      ...base,
      pipelines: {
        main: {
          nodes: { a: [{ processor: { type: "x" } }] },
          links: [{ from: "in", to: "a" }, { from: "a", to: "out" }],
        },
      },
      links: [{ from: "in", to: "main" }],
    }, "flow.json"), CaissonError);
  assertEquals(error.subject, "f: pipelines.main.nodes.a[0].processor");
});
