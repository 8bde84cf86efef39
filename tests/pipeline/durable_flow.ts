/** A flow whose windows survive its process, run until it ends: durable_flow.ts INPUT OUTPUT STATE. */
import { count, group, pipeline, Runtime, shape, sum, windowFact } from "../../mod.ts";

const [input, output, state] = Deno.args as [string, string, string];

const main = pipeline("main", { in: shape<{ id: number; host: string; at: number }>() })
  .groupBy((event) => event("host"))
  .window({ tumbling: { intervalMs: 50, time: ["field", "at"] } })
  .select((event) => ({ host: group(0), start: windowFact("start"), n: count(), ids: sum(event("id")) }))
  .build();

await using runtime = new Runtime();
const flow = await runtime.deploy({
  name: "durable",
  connectors: {
    in: { type: "file", config: { path: input }, preprocessors: ["separate"], batchEvents: 64, batchBytes: 4096 },
    out: { type: "file", config: { path: output, mode: "append" }, postprocessors: ["separate"] },
  },
  pipelines: { main },
  links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
  state: { path: state, everyMs: 5 },
});
await flow.done;
