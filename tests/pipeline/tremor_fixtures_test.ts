/** The oracles of Tremor's pipelines: what comes in and what has to come out. */
import { assertEquals } from "@std/assert";
import type { PipelineDefinition } from "../../runtime/flow/flow_definition.ts";
import { runPipeline } from "./run_pipeline.ts";

const size = (size: number) => ({ tumbling: { size } });
const event = ["field", []] as const;

const says = (text: string) => ["contains", ["field", "short_message"], text];

/** As in Tremor, a window that is not full when the flow ends gives nothing. */
const atEnd = "drop" as const;

const cases: Readonly<Record<string, PipelineDefinition>> = {
  "window_by_two": [{ select: { window: size(2), target: ["collect", event], atEnd } }],
  "window_size_tilted": [{ select: { window: [size(2), size(3)], target: ["collect", event], atEnd } }],
  "group_by_size": [{
    select: {
      groupBy: { set: [["field", "g"]] },
      window: size(10),
      target: { g: ["group"], c: ["sum", ["field", "c"]] },
      atEnd,
    },
  }],
  "group_set": [{
    select: {
      groupBy: { set: [["field", "g"]] },
      window: size(2),
      target: { g: ["group", 0], c: ["sum", ["field", "c"]] },
      atEnd,
    },
  }],
  "where_filter": [{ select: { where: ["==", ["field", "type"], "sillylog"] } }],
  "having_filter": [{ set: { type2: ["field", "type"] } }, {
    select: { having: ["==", ["field", "type"], "sillylog"] },
  }],
  "example_rule": [{
    bucket: {
      class: ["if", says("INFO"), "info", ["if", says("ERROR"), "error"]],
      rate: ["if", says("INFO"), 2, ["if", says("ERROR"), 3]],
    },
  }],
  "guard_where": [{ select: { where: ["==", ["%", event, 2], 0] } }],
};

async function lines(name: string, file: string): Promise<unknown[]> {
  const text = await Deno.readTextFile(new URL(`./fixtures_tremor/${name}/${file}`, import.meta.url));
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
}

for (const [name, definition] of Object.entries(cases)) {
  Deno.test(`gives what Tremor gives: ${name}`, async () => {
    const run = await runPipeline(definition, await lines(name, "in"));
    assertEquals(run.out, await lines(name, "out"));
    assertEquals(run.errors, []);
    assertEquals(run.verdicts.size, (await lines(name, "in")).length);
  });
}
