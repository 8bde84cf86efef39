/** The flow of the thesis (figure 3.2): sentences are capitalized and punctuated, and `exit` ends the flow. */
import { assertEquals } from "@std/assert";
import {
  concat,
  field,
  fromAsyncIterable,
  pipeline,
  type PipelineDefinition,
  ports,
  Runtime,
  shape,
  toAsyncIterable,
} from "../../mod.ts";

const text = pipeline("main", { in: shape<string>() });
const { exit, rest } = text.branch({ exit: (line) => line().eq("exit") });
const last = field([]).slice(-1);

const forms: Readonly<Record<string, PipelineDefinition>> = {
  builder: ports({
    exit,
    out: rest.where((line) => line().length().gt(0))
      .select((line) => concat(line().slice(0, 1).upper(), line().slice(1)))
      .match<string>({
        cases: [
          { case: { $is: last.in([".", "!", "?"]) } },
          { case: { $extract: { regex: "^(?:Who|What|Why|How|Where|When)\\b" } }, then: concat(field([]), "?") },
          { case: { $type: "text" }, then: concat(field([]), ".") },
        ],
      }),
  }),
  JSON: JSON.parse(`[
    { "branch": { "exit": ["==", ["field", []], "exit"] } },
    { "filter": [">", ["length", ["field", []]], 0] },
    { "select": { "target": ["concat", ["upper", ["slice", ["field", []], 0, 1]], ["slice", ["field", []], 1]] } },
    { "match": { "cases": [
      { "case": { "$is": ["in", ["slice", ["field", []], -1], ["literal", [".", "!", "?"]]] } },
      {
        "case": { "$extract": { "regex": "^(?:Who|What|Why|How|Where|When)\\\\b" } },
        "then": ["concat", ["field", []], "?"]
      },
      { "case": { "$type": "text" }, "then": ["concat", ["field", []], "."] }
    ] } }
  ]`),
};

for (const [form, main] of Object.entries(forms)) {
  Deno.test(`sentences are punctuated until one says exit, and then the flow stops by itself (${form})`, async () => {
    const asked = Promise.withResolvers<void>();
    await using runtime = new Runtime();
    const results = toAsyncIterable<string>();
    const exits = toAsyncIterable<string>();
    runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
    runtime.provide({ type: "exits", kind: "sink", create: () => exits.sink });
    runtime.provide({
      type: "lines",
      kind: "source",
      create: ({ signal }) =>
        fromAsyncIterable(
          (async function* () {
            yield* ["hello there", "what is this", "", "done!", "exit"];
            // A source that never ends by itself.
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          })(),
          { signal },
        ),
    });
    const flow = await runtime.deploy({
      name: "punctuate",
      connectors: { in: { type: "lines" }, out: { type: "results" }, stop: { type: "exits" } },
      pipelines: { main },
      links: [{ from: "in", to: "main" }, { from: "main", to: "out" }, { from: "main/exit", to: "stop" }],
    });
    const stopping = (async () => {
      for await (const _ of exits) {
        asked.resolve();
        break;
      }
      await flow.stop();
    })();
    const values = await Array.fromAsync(results);
    await asked.promise;
    await stopping;
    assertEquals(values, ["Hello there.", "What is this?", "Done!"]);
    assertEquals(flow.report().failed, 0);
  });
}
