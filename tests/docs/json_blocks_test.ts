/** The JSON that pages show: each complete flow and each pipeline is one that would start. */
import { assert, assertEquals } from "@std/assert";
import type { OperatorDefinition, PipelineDefinition, PipelineGraph, WindowDefinition } from "../../mod.ts";
import { describeFlow } from "../../runtime/flow/describe_flow.ts";
import { parseFlow } from "../../runtime/flow/flow_schema.ts";
import { compilePipeline } from "../../runtime/pipeline/compile.ts";
import { portsOf } from "../../runtime/pipeline/ports.ts";

const root = new URL("../../", import.meta.url);

interface Shown {
  readonly line: number;
  readonly text: string;
  readonly fenced: boolean;
}

/** JSON in fences, and in the code of tables and sentences. */
function jsonOf(page: string): Shown[] {
  const found: Shown[] = [];
  const add = (at: number, text: string, fenced: boolean): void =>
    void found.push({ line: page.slice(0, at).split("\n").length, text: text.trim(), fenced });
  for (const block of page.matchAll(/^```json[^\n]*\n(.*?)^```$/gms)) add(block.index, block[1]!, true);
  const prose = page.replaceAll(/^```.*?^```$/gms, (block) => block.replaceAll(/[^\n]/g, " "));
  for (const code of prose.matchAll(/`(\{ "[^`]*\})`/g)) add(code.index, code[1]!, false);
  return found;
}

const windows = new Set(["tumbling", "sliding", "session", "state"]);

/** The record, or `undefined` for code in a sentence that is none: `{ "emit": condition }`. */
function parsed({ text, fenced }: Shown): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text.startsWith('"') ? `{${text}}` : text);
  } catch (error) {
    if (!fenced || text.includes("…")) return undefined;
    throw error;
  }
}

/** All that happens before anything starts. */
function start(flow: unknown): void {
  const checked = parseFlow(flow, "page");
  describeFlow(checked);
  for (const pipeline of Object.values(checked.pipelines ?? {})) compilePipeline(pipeline, "page: pipelines.main");
}

function startPipeline(main: PipelineDefinition): void {
  const connectors = { a: { type: "stdio" }, b: { type: "stdio" } };
  const links = portsOf(main).map((port) => ({ from: `main/${port}`, to: "b" }));
  start({ name: "page", connectors, pipelines: { main }, links: [{ from: "a", to: "main" }, ...links] });
}

/** Checks what is shown, if it is a flow, a pipeline, a step or a window. */
function check(shown: Shown): "flow" | "pipeline" | undefined {
  const value = parsed(shown);
  if (value === undefined) return undefined;
  const [key, more] = Object.keys(value);
  if ("connectors" in value && "links" in value) {
    start(value);
    return "flow";
  }
  if ("nodes" in value && "links" in value) startPipeline(value as unknown as PipelineGraph);
  else if (more !== undefined || key === undefined) return undefined;
  else if (windows.has(key) && !("path" in (value[key] as object))) {
    startPipeline([{ select: { window: value as unknown as WindowDefinition } }]);
  } else if (["match", "enrich", "filter", "select"].includes(key)) {
    startPipeline([value as unknown as OperatorDefinition]);
  } else return undefined;
  return "pipeline";
}

Deno.test("every flow, pipeline, step and window that a page shows would start", async () => {
  const pages = ["README.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", root))) {
    if (name.endsWith(".md")) pages.push(`docs/${name}`);
  }
  const counts = { flow: 0, pipeline: 0 };
  const wrong: string[] = [];
  for (const page of pages.sort()) {
    for (const shown of jsonOf(await Deno.readTextFile(new URL(page, root)))) {
      try {
        const kind = check(shown);
        if (kind !== undefined) counts[kind]++;
      } catch (error) {
        wrong.push(`${page}:${shown.line}: ${(error as Error).message}`);
      }
    }
  }
  assertEquals(wrong, []);
  assert(counts.flow >= 15 && counts.pipeline >= 5, JSON.stringify(counts));
});
