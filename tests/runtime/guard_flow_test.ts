import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type CaissonError, type FlowReport, fromAsyncIterable, Runtime } from "../../mod.ts";

/** Deploys a flow of numbers to a sink plugin nobody granted anything, and waits for its end. */
async function feed(code: string, count: number): Promise<{ report: FlowReport; errors: CaissonError[] }> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const errors: CaissonError[] = [];
  try {
    const plugin = join(folder, "plugins", "stranger");
    await Deno.mkdir(plugin, { recursive: true });
    await Deno.writeTextFile(
      join(plugin, "plugin.json"),
      JSON.stringify({
        manifest: 1,
        name: "stranger",
        version: "1.0.0",
        runtime: "^0.1.0",
        provides: [{ kind: "sink", name: "stranger", interface: "sink@1.0" }],
        module: "./mod.ts",
        limits: { memoryMiB: 64 },
      }),
    );
    await Deno.writeTextFile(join(plugin, "mod.ts"), code);
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins: { stranger: { permissions: {} } } }));
    await using runtime = new Runtime({
      pluginFolders: [join(folder, "plugins")],
      grants,
      onError: (error) => errors.push(error),
      // What V8 says at its end is not for the test's output.
      log: { write: () => {} },
    });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    runtime.provide({
      type: "numbers",
      kind: "source",
      create: () => fromAsyncIterable(Array.from({ length: count }, (_, n) => ({ n }))),
    });
    const flow = await runtime.deploy({
      name: "flow",
      connectors: { input: { type: "numbers" }, output: { type: "stranger" } },
      links: [{ from: "input", to: "output" }],
    });
    await flow.done;
    return { report: flow.report(), errors };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a plugin whose grant names no isolation runs in a process of its own", async () => {
  const { report, errors } = await feed(`export default { stranger: () => ({ write() {} }) };`, 5000);
  assertEquals(errors.map(({ message }) => message), []);
  assertEquals([report.in, report.out, report.failed], [5000, 5000, 0]);
  const node = report.nodes.find(({ type }) => type === "stranger")!;
  assertEquals([node.isolation, node.level], ["guard", "sandbox"]);
});

Deno.test("a guard that runs out of memory fails what it was given, and the flow goes on to its end", async () => {
  const { report, errors } = await feed(
    `export default { stranger: () => ({ write(events) {
      if (!events.some(({ value }) => value.n === 0)) return;
      const kept = [];
      for (;;) kept.push(new Array(10000).fill(0).map(() => ({ a: Math.random() })));
    } }) };`,
    5000,
  );
  assertEquals([report.state, report.in, report.out + report.failed], ["stopped", 5000, 5000]);
  assert(report.failed > 0 && report.failed < 5000, `${report.failed} failed`);
  assertEquals(errors[0]!.code, "CAISSON_PLUGIN_CRASHED");
  assertStringIncludes(errors[0]!.message, "out of memory");
});
