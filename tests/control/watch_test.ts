import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type CaissonError, type ReplacedNode, Runtime } from "../../mod.ts";
import { watchPlugins } from "../../runtime/control/watch_plugins.ts";
import { CheckingSink, PacedSource, until } from "./paced.ts";
import { copyTransform, stamping, writeStamper } from "./replace_folder.ts";

Deno.test("a plugin in TypeScript or C runs as it was saved, and one that is broken leaves the old one running", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const source = new PacedSource(2_000);
  const sink = new CheckingSink();
  const replaced: { name: string; nodes: readonly ReplacedNode[]; milliseconds: number }[] = [];
  const errors: CaissonError[] = [];
  try {
    const stamper = await writeStamper(join(folder, "stamper"), "1.0.0", stamping("1"));
    const transform = await copyTransform(join(folder, "transform"), "1.0.0");
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(
      grants,
      JSON.stringify({
        grants: 1,
        plugins: { stamper: { permissions: {} }, "@caisson/transform": { permissions: {} } },
      }),
    );
    await using runtime = new Runtime({ plugins: [stamper, transform], grants, log: { write() {} } });
    await runtime.discover();
    runtime.provide({ type: "paced", kind: "source", create: () => source });
    runtime.provide({ type: "checking", kind: "sink", create: () => sink });
    const flow = await runtime.deploy({
      name: "watched",
      connectors: { input: { type: "paced" }, output: { type: "checking" } },
      processors: { middle: { type: "stamp" }, native: { type: "transform" } },
      links: [{ from: "input", to: "middle" }, { from: "middle", to: "native" }, { from: "native", to: "output" }],
    });
    await sink.more(100);
    {
      using _watch = watchPlugins({
        runtime,
        onReplaced: (name, nodes, milliseconds) => void replaced.push({ name, nodes, milliseconds }),
        onError: (error) => void errors.push(error),
      });
      await Deno.writeTextFile(join(stamper, "mod.ts"), stamping("2").code);
      await until(() => (sink.versions["2"] ?? 0) > 0);
      await Deno.writeTextFile(join(stamper, "mod.ts"), "export default {");
      await until(() => errors.length + replaced.length === 2);
      await Deno.writeTextFile(join(stamper, "mod.ts"), stamping("3").code);
      await until(() => (sink.versions["3"] ?? 0) > 0);
      const before = replaced.length;
      const code = join(transform, "transform.c");
      await Deno.writeTextFile(code, `${await Deno.readTextFile(code)}\n/* saved */\n`);
      await until(() => replaced.length > before && replaced.at(-1)!.name === "@caisson/transform");
      assertEquals(replaced.at(-1)!.nodes.map(({ outcome }) => outcome), ["replaced"]);
    }
    const broken = [
      ...errors.map(({ message }) => message),
      ...replaced.flatMap(({ nodes }) => nodes.map((node) => node.reason ?? "")),
    ];
    assertStringIncludes(broken.join("\n"), "mod.ts");
    for (const { name, milliseconds } of replaced) assert(milliseconds < 20_000, `${name} took ${milliseconds} ms`);
    if (Deno.env.get("CAISSON_FIGURES") !== undefined) {
      // deno-lint-ignore no-console -- figures for the documentation, when they are asked for
      console.log(replaced.map(({ name, milliseconds }) => `${name} ${milliseconds.toFixed(0)} ms`).join(", "));
    }
    source.end();
    await flow.done;
    assertEquals([sink.misplaced, source.failed, source.acked], [0, 0, source.sent]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
