import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { loadFlow } from "../../runtime/flow/load_flow.ts";
import { field } from "../../runtime/pipeline/expression_builder.ts";

const flow = {
  name: "main",
  connectors: { a: { type: "file", config: { path: "x" }, preprocessors: ["separate"] }, b: { type: "null" } },
  pipelines: { p: [{ filter: ["==", ["field", "level"], "error"] }] },
  links: [{ from: "a", to: "p" }, { from: "p", to: "b" }],
};

function refuse(value: unknown): CaissonError {
  const error = assertThrows(() => parseFlow(value, "flow.json"), CaissonError);
  assertEquals(error.code, "CAISSON_FLOW_INVALID");
  return error;
}

Deno.test("accepts a flow as data", () => {
  assertEquals(parseFlow(flow, "flow.json").name, "main");
});

Deno.test("accepts functions and built expressions from TypeScript", () => {
  const pipelines = { p: [{ filter: field("level").eq("error") }, { project: () => 1 }] };
  assertEquals(parseFlow({ ...flow, pipelines }, "flow.ts").name, "main");
});

const refusals: [string, unknown, string, string][] = [
  ["an unknown key", { ...flow, pipeline: {} }, "pipeline", "unknown key"],
  [
    "an unknown key of a connector",
    { ...flow, connectors: { ...flow.connectors, a: { type: "x", confg: {} } } },
    "connectors.a.confg",
    "unknown key",
  ],
  ["a wrong type", { ...flow, connectors: { ...flow.connectors, a: { type: 7 } } }, "connectors.a.type", "7"],
  ["a missing key", { ...flow, connectors: { ...flow.connectors, a: {} } }, "connectors.a.type", "nothing"],
  ["a bad name", { ...flow, name: "Main Flow" }, "name", "Main Flow"],
  ["an unknown operator", { ...flow, pipelines: { p: [{ fliter: true }] } }, "pipelines.p[0]", "fliter"],
  [
    "two operators in one step",
    { ...flow, pipelines: { p: [{ filter: true, project: {} }] } },
    "pipelines.p[0]",
    "filter",
  ],
  ["a wrong expression", { ...flow, pipelines: { p: [{ filter: ["=", 1, 2] }] } }, "pipelines.p[0].filter[0]", "="],
  [
    "a wrong count",
    { ...flow, pipelines: { p: [{ count: { by: { x: ["field", "x"] }, maxGroups: 0 } }] } },
    "pipelines.p[0].count.maxGroups",
    "0",
  ],
  [
    "an unknown codec",
    { ...flow, connectors: { ...flow.connectors, a: { type: "file", codec: "jsn" } } },
    "connectors.a.codec",
    "jsn",
  ],
  [
    "an unknown preprocessor",
    { ...flow, connectors: { ...flow.connectors, a: { type: "file", preprocessors: ["separte"] } } },
    "connectors.a.preprocessors[0]",
    "separte",
  ],
  [
    "an unknown postprocessor with a configuration",
    { ...flow, connectors: { ...flow.connectors, a: { type: "file", postprocessors: [{ name: "zip", config: {} }] } } },
    "connectors.a.postprocessors[0].name",
    "zip",
  ],
  ["a link to a number", { ...flow, links: [{ from: "a", to: 3 }] }, "links[0].to", "3"],
];
for (const [name, value, path, found] of refusals) {
  Deno.test(`refuses ${name} and names the path`, () => {
    const error = refuse(value);
    assertStringIncludes(error.subject, path);
    assertStringIncludes(error.subject, "flow.json");
    assertStringIncludes(error.found, found);
  });
}

Deno.test("a misspelt key is answered with the one that was meant", () => {
  const error = refuse({ ...flow, connectors: { ...flow.connectors, a: { type: "x", confg: {} } } });
  assertEquals(error.action, 'Did you mean "config"?');
  assertStringIncludes(error.allowed, "preprocessors");
  assertEquals(refuse({ ...flow, pipelines: { p: [{ fliter: true }] } }).action, 'Did you mean "filter"?');
  const count = { by: { x: ["field", "x"] }, maxGroup: 1 };
  assertEquals(refuse({ ...flow, pipelines: { p: [{ count }] } }).action, 'Did you mean "maxGroups"?');
  assertEquals(refuse({ ...flow, pipelines: { p: { operator: [] } } }).action, 'Did you mean "operators"?');
});

Deno.test("a flow that is no object is named by its file alone", () => {
  const error = refuse([]);
  assertEquals([error.subject, error.allowed], ["flow.json", "an object"]);
});

Deno.test("loads a flow from JSON and from a module, and says what is wrong with a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const json = join(folder, "flow.json");
    await Deno.writeTextFile(json, JSON.stringify(flow));
    assertEquals((await loadFlow(json)).name, "main");
    const module = join(folder, "flow.ts");
    await Deno.writeTextFile(module, `export default ${JSON.stringify({ ...flow, name: "module" })};`);
    assertEquals((await loadFlow(module)).name, "module");

    const refused = async (name: string, text: string | undefined, code: string): Promise<void> => {
      const path = join(folder, name);
      if (text !== undefined) await Deno.writeTextFile(path, text);
      assertEquals((await assertRejects(() => loadFlow(path), CaissonError)).code, code);
    };
    await refused("absent.json", undefined, "CAISSON_FLOW_NOT_FOUND");
    await refused("absent.ts", undefined, "CAISSON_FLOW_NOT_FOUND");
    await refused("broken.json", "{", "CAISSON_FLOW_SYNTAX");
    await refused("twice.json", '{"name": "a", "connectors": {"x": 1, "x": 2}}', "CAISSON_FLOW_SYNTAX");
    await refused("throws.ts", "throw new Error('no');", "CAISSON_FLOW_SYNTAX");
    await refused("empty.ts", "export const flow = 1;", "CAISSON_FLOW_SYNTAX");
    await refused("wrong.json", "[]", "CAISSON_FLOW_INVALID");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
