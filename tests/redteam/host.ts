/**
 * A host with every permission that runs one attacking plugin and says what it heard of it, then that it still lives.
 *
 *     host.ts FOLDER
 *
 * @module
 */
// deno-lint-ignore-file no-console -- its output is the answer
import { join } from "@std/path";
import { Runtime, toAsyncIterable } from "../../mod.ts";

/** What a host is to run: `attack.json` in its folder. */
export interface HostTask {
  /** Folder of the plugin. */
  readonly plugin: string;
  /** Name of the plugin, for its grant. */
  readonly name: string;
  /** Its component, a source. */
  readonly component: string;
  /** What the operator grants. */
  readonly grant: Record<string, unknown>;
  /** Configuration of the component. */
  readonly config: Record<string, unknown>;
  /** How long the attack may take, milliseconds. */
  readonly patienceMs: number;
}

/** An event of an attacker: an object from TypeScript, a line of text from C. */
function outcomeOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const space = value.indexOf(" ");
  return { [value.slice(0, space)]: value.slice(space + 1) };
}

async function main(folder: string): Promise<void> {
  const task: HostTask = JSON.parse(await Deno.readTextFile(join(folder, "attack.json")));
  const grants = join(folder, "caisson.grants.json");
  await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins: { [task.name]: task.grant } }));
  const failures: string[] = [];
  const runtime = new Runtime({
    plugins: [task.plugin],
    grants,
    onError: (error) => failures.push(`${error.code}: ${error.message}`),
  });
  const { refused } = await runtime.discover();
  if (refused.length > 0) {
    failures.push(refused[0]!.error.code);
  } else {
    const results = toAsyncIterable<unknown>();
    runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
    try {
      const isNative = !("module" in JSON.parse(await Deno.readTextFile(join(task.plugin, "plugin.json"))));
      const flow = await runtime.deploy({
        name: "attack",
        connectors: {
          attacker: { type: task.component, config: task.config, ...(isNative ? { codec: "string" } : {}) },
          results: { type: "results" },
        },
        links: [{ from: "attacker", to: "results" }],
      });
      const timer = setTimeout(() => flow.stop({ deadlineMs: 100, closeMs: 400 }), task.patienceMs);
      for await (const value of results) console.log(`OUTCOME ${JSON.stringify(outcomeOf(value))}`);
      clearTimeout(timer);
      await flow.stop({ deadlineMs: 100, closeMs: 400 });
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  if (failures.length > 0) console.log(`OUTCOME ${JSON.stringify({ refused: failures[0] })}`);
  // A turn that still comes is the proof of life.
  await new Promise((resolve) => setTimeout(resolve, 5));
  console.log("ALIVE");
}

if (import.meta.main) {
  await main(Deno.args[0]!);
  Deno.exit(0);
}
