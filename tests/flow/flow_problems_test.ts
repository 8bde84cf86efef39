import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { formatErrors } from "../../runtime/command/print_error.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { errorDocument, errorOf } from "../../runtime/errors/error_document.ts";
import { errorsIn } from "../../runtime/errors/report.ts";
import { flowProblems } from "../../runtime/flow/flow_problems.ts";
import { loadFlow } from "../../runtime/flow/load_flow.ts";

const connectors = { in: { type: "stdio" }, out: { type: "stdio" } };
const links = [{ from: "in", to: "main" }, { from: "main", to: "out" }];

function problems(main: unknown, others: object = {}): string[] {
  return flowProblems({ name: "f", connectors, pipelines: { main }, links, ...others }, "f.json")
    .map(({ subject, found }) => `${subject}: ${found}`);
}

Deno.test("a flow without a fault has no problem, also with steps of plugins", () => {
  assertEquals(problems([{ filter: true }, { processor: { type: "acme:mark" } }]), []);
});

Deno.test("says everything that is wrong in steps, graphs and links at once", () => {
  const main = {
    nodes: {
      a: [{ filter: 1 }, { dedupe: { key: "id" } }],
      b: [{ branch: {} }],
    },
    links: [{ from: "in", to: "a" }, { from: "a", to: "bb" }, { from: "b", to: "out" }],
  };
  const wrongLinks = [...links, { from: "main/errr", to: "out" }, { from: "in", to: "mian" }];
  assertEquals(problems(main, { links: wrongLinks }), [
    'f.json: pipelines.main.links[1].to: "bb", which is no node, and no port that the flow links',
    "f.json: pipelines.main.nodes.a[0].filter: 1, a number",
    'f.json: pipelines.main.nodes.a[1].dedupe.key: "id", the same for every event',
    "f.json: pipelines.main.nodes.b[0].branch: no port",
    'f.json: links[2].from: main has no port "errr"',
    'f.json: links[3].to: "mian" is not a node',
  ]);
});

Deno.test("says every key that is not known, and nothing that is missing only for a slip", () => {
  const main = [{ bucket: { clas: "all", rate: 1 } }, { fliter: true }, { throttle: { limit: 0, perMs: -1 } }];
  assertEquals(problems(main, { connectors: { in: { typ: "stdio" }, out: { type: "stdio" } }, state: {} }), [
    'f.json: connectors.in.typ: the unknown key "typ"',
    'f.json: pipelines.main[0].bucket.clas: the unknown key "clas"',
    'f.json: pipelines.main[1].fliter: the unknown key "fliter"',
    "f.json: pipelines.main[2].throttle.limit: 0",
    "f.json: pipelines.main[2].throttle.perMs: -1",
    "f.json: state.path: nothing",
  ]);
});

Deno.test("says both ends of a graph that are wrong, and every node that is alone", () => {
  const graph = { nodes: { a: [], b: [] }, links: [{ from: "in", to: ["a", "a"] }, { from: "c", to: "b" }] };
  assertEquals(problems(graph), [
    "f.json: pipelines.main.links[0].to: in/out -> a twice",
    'f.json: pipelines.main.links[1].from: "c"',
    'f.json: links[1].from: main has no port "out"',
  ]);
  assertEquals(problems([], { connectors: { ...connectors, x: { type: "stdio" }, y: { type: "stdio" } } }), [
    "f.json: connectors.x: no link",
    "f.json: connectors.y: no link",
  ]);
});

Deno.test("a step in a list of operators is named by the key it stands under", () => {
  assertEquals(problems({ operators: [{ filter: 1 }] }), ["f.json: pipelines.main.operators[0].filter: 1, a number"]);
});

Deno.test("a file that is loaded is refused by its name, with all its errors", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "wrong.json");
    const pipelines: { main: unknown[] } = {
      main: [{ filter: 1 }, { filter: ["avg", 1] }, { sample: { keep: 1, key: "id" } }],
    };
    const write = () => {
      const steps = pipelines.main.map((step) => JSON.stringify(step)).join(",\n    ");
      const others = JSON.stringify({ name: "f", connectors, links }).slice(1, -1);
      return Deno.writeTextFile(path, `{ ${others}, "pipelines": {\n  "main": [${steps}] } }`);
    };
    await write();
    // What expressions cannot be at all comes first and alone.
    const syntax = await assertRejects(() => loadFlow(path), CaissonError);
    assertEquals(errorsIn(syntax).map(({ subject }) => subject), [`${path}:3:16: pipelines.main[1].filter[0]`]);
    pipelines.main[1] = { filter: ["present", ["field", "x"]] };
    await write();
    const error = await assertRejects(() => loadFlow(path), CaissonError);
    assertInstanceOf(error, CaissonError);
    assertEquals(errorsIn(error).map(({ subject }) => subject), [
      `${path}:2:13: pipelines.main[0].filter`,
      `${path}:4:25: pipelines.main[2].sample.key`,
    ]);
    const shown = formatErrors(error).split("\n");
    assertEquals(shown.filter((line) => line.startsWith("error[CAISSON_FLOW_INVALID]")).length, 2);
    assertEquals(shown.at(-1), '  next: Did you mean ["field", "id"]?');
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an error is itself where it names no others, also as a document", () => {
  const error = new CaissonError("CAISSON_FLOW_LINK", { subject: "f: links[0]", found: "nothing" });
  const causes = [
    undefined,
    new RangeError("x"),
    new AggregateError([]),
    new AggregateError([error, new RangeError("x")]),
  ];
  for (const cause of causes) {
    const each = new CaissonError("CAISSON_FLOW_LINK", { subject: "f: links[0]", found: "nothing", cause });
    assertEquals(errorsIn(each), [each]);
    const document = errorDocument(each);
    assertEquals(document.errors, undefined);
    for (const errors of [undefined, []]) {
      const again = errorOf(errors === undefined ? document : { ...document, errors });
      assertEquals([again.code, again.subject, again.found], [error.code, error.subject, error.found]);
    }
  }
});
