/** Prints the starts of the windows into which events with the times on the command line fall. @module */
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { runPipeline } from "./run_pipeline.ts";

const definition: PipelineDefinition = [{
  select: {
    window: { tumbling: { intervalMs: 1000, time: ["field", "at"] } },
    target: { start: ["window", "start"] },
  },
}];
const starts: unknown[] = [];
for (const at of Deno.args) starts.push(...(await runPipeline(definition, [{ at }])).out);
// deno-lint-ignore no-console -- how it reports
console.log(JSON.stringify({ starts, offsetMinutes: new Date(0).getTimezoneOffset() }));
