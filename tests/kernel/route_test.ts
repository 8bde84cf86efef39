import { assertEquals } from "@std/assert";
import type { OperatorDefinition, PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { kernelProgramOf } from "../../runtime/pipeline/kernel_program.ts";
import { compilePipeline } from "../../runtime/pipeline/pipeline.ts";
import type { Pattern } from "../../runtime/pipeline/step/match_definition.ts";
import { hasKernel, openKernel, runPipeline } from "./kernel_twin.ts";

const ignore = !await hasKernel();

/** Steps with two ports that lead aside. */
function routed(...steps: readonly OperatorDefinition[]): PipelineDefinition {
  return {
    nodes: { first: steps },
    links: [
      { from: "in", to: "first" },
      { from: "first", to: "out" },
      { from: "first/a", to: "side" },
      { from: "first/b", to: "side" },
    ],
  };
}

/** Runs both ways; what came out, and how many events the kernel handed back. */
async function both(definition: PipelineDefinition, texts: readonly string[]) {
  const payloads = texts.map((text) => new TextEncoder().encode(text));
  const { kernel, opened } = await openKernel(definition);
  await using _ = opened;
  const native = await runPipeline(definition, payloads, kernel);
  assertEquals(native, await runPipeline(definition, payloads));
  const { part } = opened;
  const { punted } = await (part as Extract<typeof part, { kind: "processor" }>).processor.metrics!() as {
    punted: number;
  };
  return { ...native, punted, feeds: kernel.program.feeds !== undefined };
}

Deno.test({
  name: "the kernel tells branch and match where each event goes, in order of their cases",
  ignore,
  async fn() {
    const texts = ["1", "2", "3", "4", "{}", "null", '"1"'].map((k, id) => `{"id":${id},"k":${k}}`);
    const branch = { branch: { a: ["<", ["field", "k"], 3], b: ["<", ["field", "k"], 4] } } as const;
    const match = {
      match: {
        cases: [{ case: { k: 1 }, to: "a" }, { case: { k: { $in: [1, 2] } }, drop: true }, {
          case: { k: { $type: "null" } },
          to: "b",
        }],
        otherwise: "pass",
      },
    } as const;
    for (const behind of [[], [{ filter: ["!=", ["field", "id"], 3] as const }]]) {
      const branched = await both(routed(branch, ...behind), texts);
      assertEquals([branched.punted, branched.feeds], [0, true]);
      assertEquals(branched.out.length, behind.length === 0 ? 7 : 6);
      const matched = await both(routed(match, ...behind), texts);
      assertEquals(matched.feeds, true);
      assertEquals(matched.out.length, behind.length === 0 ? 6 : 5);
    }
  },
});

Deno.test({
  name: "an event that no case matches fails with its value, also when the kernel has looked at it",
  ignore,
  async fn() {
    const cases = [{ case: { k: 1 }, to: "a" }, { case: { k: 5 }, to: "b" }];
    const { out, failed, errors } = await both(routed({ match: { cases } }), ['{"k":1}', '{"k":2}', '{"k":1}', "{}"]);
    assertEquals(out.length, 2);
    assertEquals(failed, [1, 3]);
    assertEquals(errors, ["CAISSON_OPERATOR_FAILED", "CAISSON_OPERATOR_FAILED"]);
  },
});

Deno.test("patterns that take more than an expression are tried by match itself", () => {
  const isNative = (pattern: Pattern) =>
    kernelProgramOf(compilePipeline([{ match: { cases: [{ case: pattern }] } }], "test")) !== undefined;
  const native: Pattern[] = [
    {},
    { a: 1, b: "x" },
    { a: { b: null } },
    { a: { b: { $absent: true }, c: true } },
    { $any: [{ a: 1 }, { $not: { b: { $in: [1, "2"] } } }] },
    { $is: [">", ["field", "a"], 1] },
    { a: { $type: "any" } },
  ];
  const own: Pattern[] = [
    { a: {} },
    { a: { b: { $absent: true } } },
    { a: { $not: 1, $as: "one" } },
    { a: { $type: "text" } },
    { a: { $is: ["present", ["field", "b"]] } },
    { a: { $extract: { glob: "x*" } } },
    { a: { $list: [1] } },
    { a: { $in: [[1]] } },
    { a: -0 },
    1,
    { $type: "record" },
  ];
  assertEquals(native.filter((pattern) => !isNative(pattern)), []);
  assertEquals(own.filter(isNative), []);
});
