import { assertEquals, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { placeOf } from "../../runtime/flow/split_pipelines.ts";

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

const graph = {
  nodes: {
    sorted: [{ branch: { hot: ["field", "hot"] } }],
    twice: [{ filter: true }, { processor: { type: "acme:twice" } }, { batch: { count: 2 } }],
    cold: [{ filter: ["field", "cold"] }],
    joined: [{ set: { at: 1 } }],
  },
  links: [
    { from: "in", to: "sorted" },
    { from: "sorted/hot", to: ["twice", "seen"] },
    { from: "sorted", to: "cold" },
    { from: "twice", to: "joined" },
    { from: "cold", to: ["joined", "quiet"] },
    { from: "joined", to: "out" },
  ],
  ports: ["seen", "quiet"],
};

Deno.test("a processor cuts a graph of steps: what is before it stays one pipeline, and what it feeds is another", () => {
  const flow = parseFlow({
    ...base,
    pipelines: { main: graph },
    links: [
      { from: "in", to: "main" },
      { from: "main", to: "out" },
      { from: "main/seen", to: "bad" },
      { from: "main/err", to: "bad" },
    ],
  }, "flow.json");
  assertEquals(flow.pipelines, {
    "main-part-sorted": {
      nodes: {
        sorted: graph.nodes.sorted,
        twice: [{ filter: true }],
        cold: graph.nodes.cold,
      },
      links: [
        { from: "twice", to: "twice-out" },
        { from: "in", to: "sorted" },
        { from: "sorted/hot", to: ["twice", "sorted-hot-seen"] },
        { from: "sorted", to: "cold" },
        { from: "cold", to: ["cold-out", "cold-out-quiet"] },
      ],
      ports: ["twice-out", "sorted-hot-seen", "cold-out", "cold-out-quiet"],
    },
    "main-part-twice-3": [{ batch: { count: 2 } }],
    "main-part-joined": [{ set: { at: 1 } }],
  });
  assertEquals(flow.processors, { "main-part-twice-2": { type: "acme:twice" } });
  assertEquals(flow.links, [
    { from: "in", to: "main-part-sorted" },
    { from: "main-part-joined", to: "out" },
    { from: "main-part-sorted/sorted-hot-seen", to: "bad" },
    { from: "main-part-twice-2/err", to: "bad" },
    { from: "main-part-sorted/err", to: "bad" },
    { from: "main-part-twice-3/err", to: "bad" },
    { from: "main-part-joined/err", to: "bad" },
    { from: "main-part-twice-2", to: "main-part-twice-3" },
    { from: "main-part-sorted/twice-out", to: "main-part-twice-2" },
    { from: "main-part-sorted/cold-out", to: "main-part-joined" },
    { from: "main-part-twice-3", to: "main-part-joined" },
  ]);
  assertEquals(parseFlow(flow, "flow.json"), flow);
});

Deno.test("what is wrong in a pipeline with processors is told with the path it was written at", () => {
  const refused = (main: unknown, links: unknown[], code: string, subject: string): void => {
    const error = assertThrows(
      () => parseFlow({ ...base, pipelines: { main }, links: [{ from: "in", to: "main" }, ...links] }, "flow.json"),
      CaissonError,
    );
    assertEquals([error.code, error.subject.replace("flow.json:", "f:")], [code, subject]);
  };
  const nodes = { a: [{ filter: true }, { processor: { type: "x" } }], b: [{ filter: true }] };
  const step = { a: [{ processor: { type: "x" } }, { filter: ["==", 1] }] };
  refused(
    { nodes: step, links: [{ from: "in", to: "a" }] },
    [],
    "CAISSON_FLOW_INVALID",
    "f: pipelines.main.nodes.a[1].filter",
  );
  const begun = [{ from: "in", to: "a" }, { from: "a", to: "b" }];
  refused({ nodes, links: [...begun, { from: "b", to: "a" }] }, [], "CAISSON_FLOW_LINK", "f: pipelines.main.links");
  refused({ nodes, links: [{ from: "in", to: "a" }] }, [], "CAISSON_FLOW_LINK", "f: pipelines.main.nodes.b");
  refused(
    { nodes, links: [...begun, { from: "a/late", to: "out" }] },
    [],
    "CAISSON_FLOW_LINK",
    "f: pipelines.main.links[2].from",
  );
  refused(
    { nodes, links: [...begun, { from: "b", to: "out" }] },
    [{ from: "main/x", to: "out" }],
    "CAISSON_FLOW_LINK",
    "f: links[1].from",
  );
  refused(
    [{ processor: { type: "x" } }, { filter: ["==", 1] }],
    [],
    "CAISSON_FLOW_INVALID",
    "f: pipelines.main[1].filter",
  );
});

Deno.test("a buffer behind several parts is one file: they come together before it", () => {
  const flow = parseFlow({
    ...base,
    pipelines: { main: [{ filter: true }, { processor: { type: "x" } }] },
    links: [
      { from: "in", to: "main" },
      { from: "main", to: "out" },
      { from: "main/err", to: "bad", buffer: { path: "bad.db" } },
    ],
  }, "flow.json");
  assertEquals(flow.pipelines?.["main-part-err-of-all"], []);
  assertEquals(flow.links.slice(2, 5), [
    { from: "main-part-err-of-all", to: "bad", buffer: { path: "bad.db" } },
    { from: "main-part-1/err", to: "main-part-err-of-all" },
    { from: "main-part-2/err", to: "main-part-err-of-all" },
  ]);
});

Deno.test("what several parts begin with is linked to each of them, and behind a buffer goes apart", () => {
  const main = {
    nodes: { count: [{ batch: { count: 2 } }], work: [{ processor: { type: "x" } }] },
    links: [{ from: "in", to: ["count", "work"] }, { from: "count", to: "out" }, { from: "work", to: "out" }],
  };
  const linksOf = (more: object): unknown =>
    parseFlow({ ...base, pipelines: { main }, links: [{ from: "in", to: "main", ...more }] }, "flow.json").links;
  // Directly: the state of a part may be kept in a file only if a source feeds it.
  assertEquals(linksOf({}), [{ from: "in", to: ["main-part-count", "main-part-work"] }]);
  const buffer = { path: "in.db" };
  assertEquals(linksOf({ buffer }), [
    { from: "in", to: "main-part-in-to-all", buffer },
    { from: "main-part-in-to-all", to: ["main-part-count", "main-part-work"] },
  ]);
});

Deno.test("a part that takes the name of another node is refused", () => {
  const error = assertThrows(() =>
    parseFlow({
      ...base,
      pipelines: { main: [{ processor: { type: "x" } }], "main-part-1": [] },
      links: [{ from: "in", to: "main" }],
    }, "flow.json"), CaissonError);
  assertEquals(error.subject, "f: pipelines.main-part-1");
});

Deno.test("where a processor of a pipeline was written is known, for messages", () => {
  const flow = parseFlow({
    ...base,
    processors: { own: { type: "x" } },
    pipelines: { main: graph, list: [{ filter: true }, { filter: true }, { processor: { type: "x" } }] },
    links: [{ from: "in", to: ["main", "list", "own"] }],
  }, "flow.json");
  const changed = { ...flow, connectors: {} };
  assertEquals(Object.keys(flow.processors!).map((name) => [name, placeOf(changed, name)]), [
    ["own", "processors.own"],
    ["main-part-twice-2", "pipelines.main.nodes.twice[1].processor"],
    ["list-part-2", "pipelines.list[2].processor"],
  ]);
});
