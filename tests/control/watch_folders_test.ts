import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type CaissonError, openAuditLog, Runtime } from "../../mod.ts";
import { type FolderChange, watchFolders } from "../../runtime/control/watch_folders.ts";
import { CheckingSink, PacedSource, until } from "./paced.ts";
import { stamping, writeStamper } from "./replace_folder.ts";

Deno.test("a plugin folder that appears is registered, a changed one replaced, a refused one tried again, a gone one removed", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const folder = join(root, "plugins");
  const stamper = join(folder, "stamper");
  const grants = join(root, "caisson.grants.json");
  const audit = join(root, "audit");
  const changes: FolderChange[] = [];
  const errors: CaissonError[] = [];
  const source = new PacedSource(500);
  const sink = new CheckingSink();
  try {
    await Deno.mkdir(folder);
    await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins: { stamper: { permissions: {} } } }));
    using log = openAuditLog({ folder: audit });
    await using runtime = new Runtime({ grants, audit: log, log: { write() {} } });
    await runtime.discover();
    runtime.provide({ type: "paced", kind: "source", create: () => source });
    runtime.provide({ type: "checking", kind: "sink", create: () => sink });
    {
      await using _watch = watchFolders({
        runtime,
        folders: [folder],
        onChange: (change) => void changes.push(change),
        onError: (error) => void errors.push(error),
      });
      await writeStamper(stamper, "0.0.1", { ...stamping("0"), kind: "nonsense" });
      await until(() => errors.length === 1);
      assertEquals([runtime.plugins.registered.length, runtime.plugins.refused.length], [0, 1]);
      await writeStamper(stamper, "1.0.0", stamping("1"));
      await until(() => changes.length === 1);
      assertEquals(runtime.plugins.refused, []);
      const flow = await runtime.deploy({
        name: "watched",
        connectors: { input: { type: "paced" }, output: { type: "checking" } },
        processors: { middle: { type: "stamp" } },
        links: [{ from: "input", to: "middle" }, { from: "middle", to: "output" }],
      });
      await until(() => (sink.versions["1"] ?? 0) > 0);
      await writeStamper(stamper, "2.0.0", stamping("2"));
      await until(() => (sink.versions["2"] ?? 0) > 0);
      // What runs goes on without its folder, and nobody is told twice.
      await Deno.remove(stamper, { recursive: true });
      await until(() => errors.length === 2);
      assertEquals(errors[1]!.code, "CAISSON_PLUGIN_IN_USE");
      const before = sink.versions["2"]!;
      await until(() => sink.versions["2"]! > before);
      source.end();
      await flow.done;
      assertEquals([sink.misplaced, source.failed, source.acked], [0, 0, source.sent]);
      await until(() => changes.some(({ outcome }) => outcome === "removed"));
      assertEquals(runtime.plugins.registered, []);
    }
    assertEquals(errors.length, 2);
    assertEquals(changes.map(({ outcome, version }) => `${version} ${outcome}`), [
      "1.0.0 registered",
      "2.0.0 replaced",
      "2.0.0 removed",
    ]);
    const text = await Array.fromAsync(Deno.readDir(audit)).then((files) =>
      Promise.all(files.filter(({ isFile }) => isFile).map(({ name }) => Deno.readTextFile(join(audit, name))))
    );
    for (const kind of ["refuse", "register", "replace", "stop"]) {
      assertStringIncludes(text.join(""), `"kind":"${kind}"`);
    }
    assert(changes.every(({ plugin }) => plugin === "stamper"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
