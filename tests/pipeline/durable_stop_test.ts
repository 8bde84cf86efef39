/** What becomes of open windows when a flow with a state is stopped, and when its source ends. */
import { assertEquals } from "@std/assert";
import { fromAsyncIterable, Runtime, toAsyncIterable } from "../../mod.ts";
import { eventually } from "../flow/driven_flow.ts";

Deno.test("a flow that is stopped keeps its windows open, and goes on with them; one whose source ends gives them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const results: unknown[] = [];
    /** Runs over the numbers up to `last`; ends by itself, or is stopped when all have been read. */
    const run = async (last: number, ends: boolean): Promise<void> => {
      await using runtime = new Runtime();
      const stopped = Promise.withResolvers<void>();
      const sums = toAsyncIterable();
      runtime.provide({
        type: "numbers",
        kind: "source",
        create: () =>
          fromAsyncIterable((async function* () {
            for (let n = 1; n <= last; n++) yield n;
            if (ends) return;
            await stopped.promise;
          })()),
      });
      runtime.provide({ type: "sums", kind: "sink", create: () => sums.sink });
      const flow = await runtime.deploy({
        name: "kept",
        connectors: { in: { type: "numbers" }, out: { type: "sums" } },
        pipelines: {
          main: [{ select: { window: { tumbling: { size: 4 } }, target: ["collect", ["field", []]] } }],
        },
        links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
        state: { path: `${folder}/state.db` },
      });
      const taking = (async () => {
        for await (const value of sums) results.push(value);
      })();
      if (ends) {
        await flow.done;
      } else {
        await eventually(() => flow.report().in === last, "all were read");
        await flow.stop({ deadlineMs: 60_000 });
        stopped.resolve();
      }
      await taking;
    };
    await run(6, false);
    assertEquals(results, [[1, 2, 3, 4]]);
    await run(9, true);
    assertEquals(results, [[1, 2, 3, 4], [5, 6, 7, 8], [9]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
