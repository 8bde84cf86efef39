/** Steps that read rows of the kernel and pass events on to lists of steps behind them. */
import { assert, assertEquals } from "@std/assert";
import type { OperatorDefinition, PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { hasKernel, openKernel, runPipeline } from "./kernel_twin.ts";

const passing: Readonly<Record<string, OperatorDefinition>> = {
  bucket: { bucket: { class: ["field", "k"], rate: 40, dimensions: ["field", "d"] } },
  throttle: { throttle: { limit: 3, key: ["field", "k"] } },
  dedupe: { dedupe: { key: ["field", "d"] } },
  "sample by key": { sample: { keep: 0.6, key: ["field", "d"] } },
};

const behind: Readonly<Record<string, readonly OperatorDefinition[]>> = {
  "keeps them": [{ select: { window: { tumbling: { size: 3 } }, target: ["collect", ["field", []]] } }],
  "throws on some": [{ match: { cases: [{ case: { k: { $in: ["a", "b"] } } }] } }],
  "compares with the one before": [{
    state: { update: ["field", []], target: { now: ["field", []], kept: ["state"] } },
  }],
};

for (const [name, step] of Object.entries(passing)) {
  Deno.test({
    name: `${name} passes events to steps of another list, which keep them or throw, as it does without the kernel`,
    ignore: !await hasKernel(),
    async fn() {
      const payloads = Array.from(
        { length: 300 },
        (_, index) =>
          new TextEncoder().encode(`{"k":"${"abc"[index % 3]}","d":${index % 17},"id":${index},"list":[${index}]}`),
      );
      for (const [what, steps] of Object.entries(behind)) {
        const definition: PipelineDefinition = {
          nodes: { first: [{ filter: ["!=", ["field", "id"], 5] }, step], second: steps },
          links: [{ from: "in", to: "first" }, { from: "first", to: "second" }, { from: "second", to: "out" }],
        };
        const { kernel, opened } = await openKernel(definition);
        await using _ = opened;
        const native = await runPipeline(definition, payloads, kernel, [2, 7]);
        assertEquals(native, await runPipeline(definition, payloads, undefined, [2, 7]), what);
        assert(native.out.length > 1, `${what}: ${native.out.length} came out`);
      }
    },
  });
}
