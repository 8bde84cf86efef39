/**
 * A host with every permission that runs one attacking plugin and says what it heard of it, then that it still lives.
 *
 *     host.ts FOLDER worker|guard
 *
 * @module
 */
// deno-lint-ignore-file no-console -- its output is the answer
import { join } from "@std/path";
import { Runtime, toAsyncIterable } from "../../mod.ts";

const [folder, isolation] = Deno.args as [string, "worker" | "guard"];
const { target, permissions } = JSON.parse(await Deno.readTextFile(join(folder, "attack.json")));
const grants = join(folder, "caisson.grants.json");
await Deno.writeTextFile(
  grants,
  JSON.stringify({ grants: 1, plugins: { "@redteam/attacker": { isolation, permissions } } }),
);
let failure: string | undefined;
const runtime = new Runtime({
  plugins: [join(folder, "plugin")],
  grants,
  onError: (error) => failure ??= `${error.code}: ${error.message}`,
});
const { refused } = await runtime.discover();
if (refused.length > 0) {
  console.log(`OUTCOME ${JSON.stringify({ refused: refused[0]!.error.code })}`);
} else {
  const results = toAsyncIterable<{ took?: string; refused?: string }>();
  runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
  try {
    const flow = await runtime.deploy({
      name: "attack",
      connectors: { attacker: { type: "attacker", config: target }, results: { type: "results" } },
      links: [{ from: "attacker", to: "results" }],
    });
    const timer = setTimeout(() => flow.stop({ deadlineMs: 200, closeMs: 500 }), 4000);
    for await (const outcome of results) console.log(`OUTCOME ${JSON.stringify(outcome)}`);
    clearTimeout(timer);
    await flow.stop({ deadlineMs: 200, closeMs: 500 });
  } catch (error) {
    failure ??= (error as Error).message;
  }
  if (failure !== undefined) console.log(`OUTCOME ${JSON.stringify({ refused: failure })}`);
}
// A turn that still comes is the proof of life.
await new Promise((resolve) => setTimeout(resolve, 10));
console.log("ALIVE");
Deno.exit(0);
