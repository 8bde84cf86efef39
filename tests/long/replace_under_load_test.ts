import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Runtime, serveControl } from "../../mod.ts";
import { askHost } from "../../runtime/control/control_client.ts";
import { CheckingSink, PacedSource } from "../control/paced.ts";
import { copyTransform, stamping, writeStamper } from "../control/replace_folder.ts";

Deno.test("ctl replace exchanges a guard and a runner under 50,000 events a second, with pauses below 50 ms and nothing lost", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const source = new PacedSource(50_000);
  const sink = new CheckingSink();
  try {
    const guards = await Promise.all(
      ["1.0.0", "1.1.0"].map((version) => writeStamper(join(folder, `guard-${version}`), version, stamping(version))),
    );
    const runners = [
      await copyTransform(join(folder, "runner-1"), "1.0.0"),
      await copyTransform(join(folder, "runner-2"), "1.1.0"),
    ];
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(
      grants,
      JSON.stringify({
        grants: 1,
        plugins: { stamper: { permissions: {} }, "@caisson/transform": { permissions: {} } },
      }),
    );
    await using runtime = new Runtime({ plugins: [guards[0]!, runners[0]!], grants, log: { write() {} } });
    await runtime.discover();
    runtime.provide({ type: "paced", kind: "source", create: () => source });
    runtime.provide({ type: "checking", kind: "sink", create: () => sink });
    const file = join(folder, "control.json");
    await using _control = await serveControl({ runtime, file });
    const flow = await runtime.deploy({
      name: "loaded",
      connectors: { input: { type: "paced" }, output: { type: "checking" } },
      processors: { guarded: { type: "stamp" }, native: { type: "transform" } },
      links: [{ from: "input", to: "guarded" }, { from: "guarded", to: "native" }, { from: "native", to: "output" }],
    });
    assertEquals(flow.report().nodes.map(({ isolation }) => isolation).sort(), [
      "builtin",
      "builtin",
      "guard",
      "runner",
    ]);
    await sink.more(50_000);
    const pauses: Record<string, number[]> = {};
    for (let round = 1; round <= 10; round++) {
      for (const [name, folders] of [["stamper", guards], ["@caisson/transform", runners]] as const) {
        const answer = await askHost(file, {
          method: "PATCH",
          path: `/v1/plugins/${encodeURIComponent(name)}`,
          body: { folder: folders[round % 2] },
        }) as { replaced: { outcome: string; pauseMs: number }[] };
        assertEquals(answer.replaced.map(({ outcome }) => outcome), ["replaced"]);
        (pauses[name] ??= []).push(answer.replaced[0]!.pauseMs);
        await sink.more(10_000);
      }
    }
    source.end();
    await flow.done;
    assertEquals([sink.misplaced, source.failed, source.acked, sink.received], [0, 0, source.sent, source.sent]);
    for (const [name, times] of Object.entries(pauses)) {
      times.sort((a, b) => a - b);
      const median = times[times.length >>> 1]!;
      assert(median < 50, `${name}: paused for ${times.map((time) => time.toFixed(1)).join(", ")} ms`);
      if (Deno.env.get("CAISSON_FIGURES") !== undefined) {
        // deno-lint-ignore no-console -- figures for the documentation, when they are asked for
        console.log(
          `${name}: median ${median.toFixed(1)} ms, longest ${
            times.at(-1)!.toFixed(1)
          } ms; the longest time without an event at the sink ${sink.longestGapMs.toFixed(0)} ms`,
        );
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
