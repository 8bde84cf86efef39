import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildMemoryLibrary } from "../../ffi/memory_library.ts";
import { launcherFile } from "../../permissions/sandbox/build_launcher.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { GUARD_FILES } from "../../runtime/isolation/guard_files.ts";
import { launchGuard } from "../../runtime/isolation/guard.ts";
import { noPermissions } from "../../runtime/isolation/start_worker.ts";
import { isRunning } from "./child_processes.ts";
import { fixtureFolder, launchFixture, readAll } from "./launch_fixture.ts";

interface LoadedModule {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
}

const root = new URL("../../", import.meta.url);

Deno.test("a plugin in a guard cannot load libraries, run programs, import or read outside, or see the environment", async () => {
  const outside = await Deno.makeTempFile({ suffix: ".ts" });
  const library = await buildMemoryLibrary();
  try {
    await using fixture = await launchFixture("prisoner", {
      isolation: "guard",
      config: { library, outside, run: Deno.execPath() },
    });
    const [text] = await readAll(fixture.source);
    assertEquals(JSON.parse(text!), {
      "load a library": "NotCapable",
      "load the system's": "NotCapable",
      "ask for ffi": "denied",
      "ffi of the library": "prompt",
      "load an addon": "NotCapable",
      "run a program": "NotCapable",
      "fork": "NotCapable",
      "import a file outside": "TypeError",
      "import from the net": "TypeError",
      "import from a registry": "TypeError",
      "read a file outside": "NotCapable",
      "write in its folder": "NotCapable",
      "environment": "NotCapable",
      "HOME": "NotCapable",
      "PATH": "NotCapable",
      "memory of the host": "NotCapable",
      "storage": "undefined",
      "prompt": "undefined",
      "own pid by signal": "NotSupported",
      "arguments": 0,
      "stdin": null,
    });
  } finally {
    await Deno.remove(outside);
  }
});

Deno.test("a guard gets the variables that were granted and no others", async () => {
  Deno.env.set("CAISSON_TEST_GRANTED", "yes");
  Deno.env.set("CAISSON_TEST_OTHER", "no");
  try {
    await using fixture = await launchFixture("prisoner", {
      isolation: "guard",
      component: "reporter",
      permissions: { env: ["CAISSON_TEST_GRANTED"] },
    });
    const [text] = await readAll(fixture.source);
    assertEquals(JSON.parse(text!), { granted: "yes", other: "NotCapable" });
  } finally {
    Deno.env.delete("CAISSON_TEST_GRANTED");
    Deno.env.delete("CAISSON_TEST_OTHER");
  }
});

Deno.test("the bootstrap of a guard loads what is listed and nothing else", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", fromFileUrl(new URL(GUARD_FILES[0], root))],
    cwd: fromFileUrl(root),
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: LoadedModule[] };
  const code = new Map(modules.map(({ specifier, dependencies = [] }) => [
    specifier,
    // What is imported as a type alone is gone before anything runs.
    dependencies.flatMap(({ code }) => code?.specifier ?? []),
  ]));
  const loaded = new Set([new URL(GUARD_FILES[0], root).href]);
  for (const module of loaded) for (const next of code.get(module) ?? []) loaded.add(next);
  assertEquals([...GUARD_FILES].sort(), [...loaded].map((module) => module.slice(root.href.length)).sort());
});

Deno.test("a runtime that came from a server starts guards from copies in its cache", async () => {
  const cacheFolder = await Deno.makeTempDir();
  let served = 0;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    served++;
    const file = fromFileUrl(new URL(`.${new URL(request.url).pathname}`, root));
    return new Response(await Deno.readFile(file), { headers: { "content-type": "application/typescript" } });
  });
  try {
    const folder = fixtureFolder("counter");
    const { part } = await launchGuard({
      plugin: { name: "@test/counter", folder, module: join(folder, "mod.ts") },
      provision: { kind: "source", name: "counter", interface: "source@1.0" },
      permissions: { ...noPermissions, read: [folder] },
      context: { alias: "test/counter", instance: 1, config: { count: 3 }, signal: AbortSignal.any([]), log: () => {} },
      packageRoot: new URL(`http://127.0.0.1:${server.addr.port}/`),
      cacheFolder,
    });
    assert(part.kind === "source");
    assertEquals((await readAll(part.source)).length, 3);
    await part.source.close();
    assertEquals(served, GUARD_FILES.length);
  } finally {
    await server.shutdown();
    await Deno.remove(cacheFolder, { recursive: true });
  }
});

Deno.test({
  name: "a host that may not start Deno says which flag it lacks",
  permissions: { read: true, env: true, ffi: true, write: true, run: ["cc"] },
  async fn() {
    const error = await assertRejects(() => launchFixture("counter", { isolation: "guard" }), CaissonError);
    assertEquals(error.code, "CAISSON_HOST_PERMISSION");
    assertEquals(error.action, `Start the host with --allow-run=${await launcherFile()}.`);
  },
});

Deno.test({
  name: "a guard that loops ends with its host, however that ends",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const host = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", "--no-check", "--quiet", fromFileUrl(import.meta.resolve("./guard_host.ts"))],
      cwd: fromFileUrl(root),
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = host.stdout.getReader();
    const { value } = await reader.read();
    const pid = Number(new TextDecoder().decode(value).trim());
    assert(pid > 0 && await isRunning(pid));
    host.kill("SIGKILL");
    await host.status;
    await reader.cancel();
    const killed = performance.now();
    while (await isRunning(pid)) {
      assert(performance.now() - killed < 2000, "it still runs after 2 s");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
});

Deno.test("a granted path with a comma, which Deno would read as two, is refused for a guard", async () => {
  const folder = await Deno.makeTempDir({ suffix: ",etc" });
  try {
    const error = await assertRejects(
      () => launchFixture("counter", { isolation: "guard", permissions: { read: [folder] } }),
      CaissonError,
    );
    assertEquals(error.code, "CAISSON_GRANT_UNENFORCEABLE");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
