/** The schema for editors: it takes what the pages show, and refuses what a flow refuses, as far as a schema can tell. */
import { assertEquals } from "@std/assert";
import { generatedFlowSchema } from "../../scripts/generate_flow_schema.ts";
import { JsonSchema, type Schema } from "./json_schema.ts";
import { wrong } from "./wrong_flows.ts";

const root = JSON.parse(generatedFlowSchema()) as Schema;
const schema = new JsonSchema(root);

Deno.test("an editor takes every flow of the pages", async () => {
  const docs = new URL("../../docs/", import.meta.url);
  let flows = 0;
  for await (const { name } of Deno.readDir(docs)) {
    if (!name.endsWith(".md")) continue;
    const page = await Deno.readTextFile(new URL(name, docs));
    for (const [, text = ""] of page.matchAll(/^```json[^\n]*\n(.*?)^```$/gms)) {
      if (text.includes("…")) continue;
      const shown = JSON.parse(text.startsWith('"') ? `{${text}}` : text) as Record<string, unknown>;
      if (!("connectors" in shown && "links" in shown)) continue;
      assertEquals(schema.holds(root, shown), true, `${name}: ${text}`);
      flows++;
    }
  }
  assertEquals(flows >= 15, true, `${flows} flows`);
});

/** Wrong pipelines that a schema cannot tell: it would have to know of other places, of what a text means, or of events. */
const beyond: readonly string[] = [
  "a node that leads nowhere",
  "a cycle",
  "a number that is none",
  "a delay without event time",
  "lateness of a window by size",
  "a slide that does not divide",
  "a slide of very many parts",
  "too many windows at a time",
  "a session among frames",
  "an unknown aggregate",
  "an aggregate of aggregates",
  "an aggregate without a window",
  "a quantile above one",
  "a misspelt fact of a window",
  "a group by name",
  "cardinality of something",
  "no extractor",
  "an unknown extractor",
  "flags that are no text",
  "half a regular expression",
  "a class that runs backwards",
  "half a grok field",
  "a misspelt separator",
  "a range of every address by accident",
  "a target that is no node, for a slip",
  "a port of its own that nothing leads to",
  "a rate below zero",
  "a time that is a truth",
  "two windows of a name",
  "a condition that is a sum",
  "a condition inside that is a text",
  "a condition that reads nothing",
  "an $is that is a text",
  "a group in a set that is a field's name",
  "groups of each of a number",
  "a sum of a field's name",
  "an aggregate of too much",
  "an aggregate of nothing",
  "an unknown function",
  "an unknown pattern of grok",
  "a dissection without fields",
  "a date of nothing",
];

Deno.test("an editor refuses what a flow refuses, but for what a schema cannot say", () => {
  // What is nested too deeply for a flow is so for this check, too.
  const cases = Object.entries(wrong).filter(([name]) => !name.endsWith("nested deeply"));
  const taken = cases.filter(([, [main]]) => {
    const flow = {
      name: "wrong",
      connectors: { a: { type: "stdio" }, b: { type: "stdio" } },
      pipelines: { main },
      links: [{ from: "a", to: "main" }, { from: "main", to: "b" }],
    };
    return schema.holds(root, flow);
  }).map(([name]) => name);
  assertEquals(taken, beyond);
});
