/** Packages of registries, good ones and such that turn hostile. The registries are on the loopback address. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { removeTree } from "../../permissions/store.ts";
import { type LocalPackage, serveRegistry } from "../../scripts/offline/registry.ts";
import { standIns } from "../../scripts/offline/stand_ins.ts";
import { caisson, inFolder, lineFlags, writeFiles } from "../command/cli.ts";
import { npmRegistry } from "./npm_registry.ts";

const all = ["--allow-read", "--allow-write", "--allow-run", "--allow-ffi", "--allow-net", "--allow-env"];
const name = "@acme/clicks";

/** The plugin as its author publishes it: a source of three numbers. */
function files(version: string, changes: Record<string, unknown> = {}, more: Record<string, string> = {}) {
  return {
    "plugin.json": JSON.stringify({
      manifest: 1,
      name,
      version,
      runtime: "^0.1.0",
      module: "./mod.ts",
      provides: [{ kind: "source", name: "clicks", interface: "source@1.0" }],
      ...changes,
    }),
    "mod.ts": `let done = false;
export default { clicks: () => ({
  read() {
    if (done) return { kind: "finished" };
    done = true;
    return { kind: "events", values: [{ by: ${JSON.stringify(version)} }] };
  },
}) };\n`,
    ...more,
  };
}

function jsrPackage(version: string, contents: Readonly<Record<string, string>>, packageName = name): LocalPackage {
  return {
    name: packageName,
    version,
    exports: { ".": "./mod.ts" },
    files: new Map(Object.entries(contents).map(([path, text]) => [`/${path}`, new TextEncoder().encode(text)])),
  };
}

type Run = (...words: string[]) => ReturnType<typeof caisson>;

/** Runs with a registry that offers these packages, and what the command line itself imports. */
async function withJsr(
  cwd: string,
  packages: readonly LocalPackage[],
  act: (run: Run) => Promise<void>,
): Promise<void> {
  await using registry = await serveRegistry([...await standIns(), ...packages]);
  await act((...words) => caisson(words, { cwd, flags: all, env: { JSR_URL: registry.url } }));
}

async function inStore(run: (cwd: string) => Promise<void>): Promise<void> {
  await inFolder(async (cwd) => {
    try {
      await run(cwd);
    } finally {
      await removeTree(join(cwd, ".caisson", "store"));
    }
  });
}

const flow = {
  name: "clicks",
  connectors: {
    input: { type: "clicks" },
    output: { type: "file", config: { path: "out.ndjson" }, postprocessors: ["separate"] },
  },
  links: [{ from: "input", to: "output" }],
};

/** Runs the flow with exactly the permissions that \`flags\` prints; the result is who made the event. */
async function whoRan(cwd: string, run: Run): Promise<string> {
  const line = await run("flags", "flow.json");
  assertEquals(line.code, 0, line.stderr);
  const { flags, words } = lineFlags(line.stdout);
  const ran = await caisson(words, { cwd, flags });
  assertEquals(ran.code, 0, ran.stderr);
  return JSON.parse(await Deno.readTextFile(`${cwd}/out.ndjson`)).by;
}

Deno.test("a package of JSR that turns hostile in its second version waits, and the first goes on running", async () => {
  await inStore(async (cwd) => {
    await writeFiles(cwd, { "flow.json": flow });
    await withJsr(cwd, [jsrPackage("1.0.0", files("1.0.0"))], async (run) => {
      const first = await run("install", "jsr:@acme/clicks@^1");
      assertEquals(first.code, 0, first.stderr);
      assertEquals(await whoRan(cwd, run), "1.0.0");
    });
    const asking = { permissions: { net: ["evil.example:443"], reasons: { net: "telemetry\u001b[1A" } } };
    const hostile = files("1.1.0", asking, { "spy.ts": "export {};\n" });
    const spying = { ...hostile, "mod.ts": `import "./spy.ts";\n${hostile["mod.ts"]}` };
    await withJsr(cwd, [jsrPackage("1.1.0", spying)], async (run) => {
      const second = await run("install", "jsr:@acme/clicks@^1");
      assertEquals(second.code, 4, second.stderr);
      assertStringIncludes(second.stdout, "+ net evil.example:443 (NEW)");
      assertStringIncludes(second.stdout, "+ module spy.ts");
      const hash = /caisson approve @acme\/clicks (sha256-[0-9a-f]{64})/.exec(second.stdout)![1]!;
      assertEquals(await whoRan(cwd, run), "1.0.0");
      assertStringIncludes((await run("plugins")).stdout, "waits for approval; 1.0.0 goes on running");
      assertEquals((await run("approve", name, `sha256-${"0".repeat(64)}`)).code, 4);
      const approved = await run("approve", name, hash);
      assertEquals(approved.code, 0, approved.stderr);
      // What it asks for in addition is a decision of its own: it does not start without one.
      const { code, stderr } = await run("flags", "flow.json");
      assertEquals(code, 4);
      assertStringIncludes(stderr, "CAISSON_GRANT_MISSING");
      assert(!stderr.includes("\u001b[1A"));
      assertEquals((await run("grant", name, "--refuse", "net")).code, 0);
      assertEquals(await whoRan(cwd, run), "1.1.0");
      const { records } = JSON.parse((await run("audit", name, "--json")).stdout);
      const kinds = records.map(({ kind }: { kind: string }) => kind);
      assertEquals(kinds.filter((kind: string) => kind !== "load"), ["install", "pending", "approve", "grant"]);
      assertEquals(kinds.filter((kind: string) => kind === "load").length, 3);
    });
    await withJsr(cwd, [jsrPackage("1.0.0", files("1.0.0"))], async (run) => {
      const older = await run("install", "jsr:@acme/clicks@^1");
      assertEquals(older.code, 3);
      assertStringIncludes(older.stderr, "CAISSON_DOWNGRADE");
    });
  });
});

for (
  const [what, contents, packageName, code, found] of [
    [
      "takes the name of another",
      files("1.0.0"),
      "@evil/clicks",
      "CAISSON_PACKAGE_REFUSED",
      "its manifest calls it @acme/clicks",
    ],
    ["says another version", files("9.0.0"), name, "CAISSON_PACKAGE_REFUSED", "its manifest says version 9.0.0"],
    ["brings an .npmrc", files("1.0.0", {}, { "x/.npmrc": "a" }), name, "CAISSON_PACKAGE_REFUSED", ".npmrc"],
    [
      "climbs out of its folder",
      files("1.0.0", {}, { "../../evil.ts": "a" }),
      name,
      "CAISSON_PACKAGE_REFUSED",
      "leaves the package",
    ],
    [
      "needs code from elsewhere",
      { ...files("1.0.0"), "mod.ts": 'import "npm:ms";\nexport default {};\n' },
      name,
      "CAISSON_MODULE_SPECIFIER",
      "npm",
    ],
    ["is no plugin", { "mod.ts": "export {};\n" }, name, "CAISSON_MANIFEST_NOT_FOUND", "plugin.json"],
  ] as const
) {
  Deno.test(`a package of JSR that ${what} is refused`, async () => {
    await inStore(async (cwd) => {
      await withJsr(cwd, [jsrPackage("1.0.0", contents, packageName)], async (run) => {
        const { code: exit, stderr } = await run("install", `jsr:${packageName}@1.0.0`);
        assertEquals(exit, 3, stderr);
        assertStringIncludes(stderr, code);
        assertStringIncludes(stderr, found);
        assertEquals(await Deno.stat(`${cwd}/caisson.lock`).then(() => true, () => false), false);
      });
    });
  });
}

Deno.test("a package that is not there is no package", async () => {
  await inStore(async (cwd) => {
    await withJsr(cwd, [], async (run) => {
      const { code, stderr } = await run("install", "jsr:@acme/nothing@1");
      assertEquals(code, 2);
      assertStringIncludes(stderr, "CAISSON_INSTALL_SOURCE");
    });
  });
});

/** A user whose own `.npmrc` says where this scope comes from; everything else comes from where it always does. */
async function withNpm(contents: Readonly<Record<string, string>>, act: (run: Run, cwd: string) => Promise<void>) {
  await inStore(async (cwd) => {
    await using registry = await npmRegistry(name, "1.0.0", contents);
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
    const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
    await writeFiles(cwd, { "flow.json": flow, "home/.npmrc": `@acme:registry=${registry.url}\n` });
    const env = { HOME: `${cwd}/home`, DENO_DIR: denoDir };
    await act((...words) => caisson(words, { cwd, flags: all, env }), cwd);
  });
}

Deno.test({
  name: "a package of npm is installed from where the user's settings say, and runs",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withNpm({ ...files("1.0.0"), "package.json": JSON.stringify({ name, version: "1.0.0" }) }, async (run, cwd) => {
      const installed = await run("install", "npm:@acme/clicks@1");
      assertEquals(installed.code, 0, installed.stderr);
      assertEquals(await whoRan(cwd, run), "1.0.0");
    }),
});

Deno.test({
  name: "a package of npm with a script that runs at installation is refused, and the script does not run",
  ignore: Deno.build.os === "windows",
  async fn() {
    const ran = await Deno.makeTempFile();
    const scripts = { postinstall: `rm ${ran}` };
    const contents = { ...files("1.0.0"), "package.json": JSON.stringify({ name, version: "1.0.0", scripts }) };
    await withNpm(contents, async (run) => {
      const { code, stderr } = await run("install", "npm:@acme/clicks@1.0.0");
      assertEquals(code, 3, stderr);
      assertStringIncludes(stderr, "postinstall");
    });
    await Deno.remove(ran);
  },
});
