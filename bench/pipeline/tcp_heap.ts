import "/tmp/lt/heap.ts";
/** `tcp_flow.ts LISTEN_PORT CONNECT_PORT`: the pipeline `enrich` without its window, from `tcp_server` to `tcp_client`, as a flow. */
import type { FlowDefinition } from "../../mod.ts";
import { Runtime } from "../../mod.ts";
import { pipelineWorkload } from "./workloads.ts";

const [listenPort, connectPort] = Deno.args.map(Number) as [number, number];
const enrich = pipelineWorkload("enrich");
await using runtime = new Runtime();
// The load generator starts when it reads this; it listens before it connects.
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
const flow = await runtime.deploy({
  name: "tcp",
  connectors: {
    in: { type: "tcp_server", config: { port: listenPort }, preprocessors: ["separate"] },
    out: {
      type: "tcp_client",
      config: { port: connectPort },
      postprocessors: ["separate"],
      reconnect: { intervalMs: 10, growth: 1, maxRetries: 1000 },
    },
  },
  pipelines: { enrich: Array.isArray(enrich) ? enrich.slice(0, 2) : enrich },
  links: [{ from: "in", to: "enrich" }, { from: "enrich", to: "out" }],
} as FlowDefinition);
// A server has no end of its own: the run is over when nothing has come for a second.
let before = -1;
for (let now = 0; now === 0 || now !== before; now = flow.report().in) {
  before = now;
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
await flow.stop();
