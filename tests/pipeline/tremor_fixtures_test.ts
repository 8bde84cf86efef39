/** The oracles of Tremor's pipelines: what comes in and what has to come out. */
import { assertEquals } from "@std/assert";
import { collect, field, group, pipeline, sum, when } from "../../mod.ts";
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

const whole = field([]);
const message = field("short_message");
const events = pipeline("main");
const info = message.contains("INFO");
const error = message.contains("ERROR");

const built: Readonly<Record<string, PipelineDefinition>> = {
  "window_by_two": events.window(size(2)).atEnd(atEnd).select(collect(whole)).build(),
  "window_size_tilted": events.window(size(2), size(3)).atEnd(atEnd).select(collect(whole)).build(),
  "group_by_size": events.groupBy({ set: [field("g")] }).window(size(10)).atEnd(atEnd)
    .select({ g: group(), c: sum(field("c")) }).build(),
  "group_set": events.groupBy({ set: [field("g")] }).window(size(2)).atEnd(atEnd)
    .select({ g: group(0), c: sum(field("c")) }).build(),
  "where_filter": events.where(field("type").eq("sillylog")).build(),
  "having_filter": events.set({ type2: field("type") }).having(field("type").eq("sillylog")).build(),
  "example_rule": events.bucket({
    class: when(info, "info", when(error, "error")),
    rate: when(info, 2, when(error, 3)),
  }).build(),
  "guard_where": events.where(whole.modulo(2).eq(0)).build(),
};

async function lines(name: string, file: string): Promise<unknown[]> {
  const text = await Deno.readTextFile(new URL(`./fixtures_tremor/${name}/${file}`, import.meta.url));
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
}

const forms = [["JSON", cases], ["builder", built]] as const;
const all = forms.flatMap(([form, definitions]) =>
  Object.entries(definitions).map(([name, definition]) => [form, name, definition] as const)
);

for (const [form, name, definition] of all) {
  Deno.test(`gives what Tremor gives: ${name} (${form})`, async () => {
    const run = await runPipeline(definition, await lines(name, "in"));
    assertEquals(run.out, await lines(name, "out"));
    assertEquals(run.errors, []);
    assertEquals(run.verdicts.size, (await lines(name, "in")).length);
  });
}
