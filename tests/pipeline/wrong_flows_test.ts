/** Wrong pipelines: each is refused by one error that names the place, what was found and what is allowed. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { compilePipeline } from "../../runtime/pipeline/compile.ts";
import { field, made, wrong } from "./wrong_flows.ts";

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

const meant: readonly (readonly [string, unknown])[] = [
  ['Did you mean "filter"?', wrong["a target that is no node, for a slip"]![0]],
  ['Did you mean ["field", "id"]?', [{ dedupe: { key: "id" } }]],
  ['Did you mean ["==", ["field", "level"], "error"]?', [{ filter: ["==", "level", "error"] }]],
  ['Did you mean "=="?', [{ filter: ["=", field, 1] }]],
  ['Did you mean "starts_with"?', [{ filter: ["startsWith", field, "x"] }]],
  ['Did you mean "mean"?', made(["avg", field])],
  ['Did you mean "upper"?', [{ set: { a: ["uper", field] } }]],
];
for (const [action, main] of meant) {
  Deno.test(`answers a slip: ${action}`, () => assertEquals(refusal(main).action, action));
}

Deno.test("takes what is meant: constants that are said to be, ports that the flow links or that are named", () => {
  check([
    { filter: true },
    { filter: ["literal", true] },
    { dedupe: { key: ["literal", "once"], withinMs: 1000 } },
    { bucket: { class: "all", rate: 0 } },
    { each: { of: ["literal", [1, 2]] } },
    { filter: ["if", field, true, ["==", field, "x"]] },
    { filter: ["coalesce", field, "x"] },
  ]);
  const nodes = { a: [{ branch: { hot: ["field", "hot"] } }] };
  const links = [{ from: "in", to: "a" }, { from: "a", to: "out" }, { from: "a/hot", to: "alerts" }];
  check({ nodes, links, ports: ["alerts"] });
  parseFlow({
    name: "linked",
    connectors: { a: { type: "stdio" }, b: { type: "stdio" } },
    pipelines: { main: { nodes, links } },
    links: [{ from: "a", to: "main" }, { from: "main/alerts", to: "b" }],
  }, "flow.json");
});

Deno.test("a table of many entries is no deep nesting", () => {
  const table = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, { id: index }]));
  assertEquals(check([{ enrich: { key: ["field", "k"], table, as: "known" } }]), undefined);
});
