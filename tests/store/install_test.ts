import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { basename, join } from "@std/path";
import { readLock, writeLock } from "../../permissions/lock.ts";
import { noGrants } from "../../permissions/grants.ts";
import { removeTree, storedFolder } from "../../permissions/store.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { approvePlugin, installPlugin, restorePlugins } from "../../runtime/install.ts";
import { installedPlugins } from "../../runtime/installed_plugins.ts";
import { Repository } from "../../runtime/repository.ts";
import { plainModule } from "../manifest/plugin_folder.ts";
import { type InstallFixture, installFixture, name } from "./install_fixture.ts";

async function refusal(act: () => Promise<unknown>, code: string): Promise<CaissonError> {
  const error = await assertRejects(act, CaissonError);
  assertEquals(error.code, code, error.message);
  return error;
}

async function storeNames({ places }: InstallFixture): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(places.store))).map((entry) => entry.name);
  return names.filter((each) => each !== ".exclusive").sort();
}

Deno.test("copies a plugin into a read-only folder named by its hash, and pins it", async () => {
  await using fixture = await installFixture();
  const { state, version } = await fixture.install();
  assertEquals(state, "installed");
  assertEquals(await storeNames(fixture), [version.hash]);
  const { plugins } = await readLock(fixture.places.lock);
  const { approved, source } = plugins.get(name)!;
  assertEquals(source, fixture.plugin);
  assertEquals(approved, version);
  assertEquals(Object.keys(approved.code), ["mod.ts"]);
  const found = await installedPlugins(fixture.places);
  assertEquals(found.packages.map(({ folder }) => basename(folder)), [version.hash]);
  if (Deno.build.os !== "windows") {
    const mode = (await Deno.stat(join(storedFolder(fixture.places.store, version.hash), "mod.ts"))).mode!;
    assertEquals(mode & 0o222, 0);
  }
  assertEquals(fixture.events.map(({ kind }) => kind), ["install"]);
  assertEquals((await fixture.install()).state, "unchanged");
});

Deno.test("the same files have the same hash wherever they lie, other bytes or names another", async () => {
  await using one = await installFixture();
  await using two = await installFixture();
  const first = (await one.install()).version.hash;
  assertEquals((await two.install()).version.hash, first);
  await two.write("data/a.json", "{}");
  const more = (await two.install()).version.hash;
  assert(more !== first);
  await Deno.rename(join(two.plugin, "data/a.json"), join(two.plugin, "data/b.json"));
  assert((await two.install()).version.hash !== more);
});

Deno.test("hidden files and configuration without effect are left out", async () => {
  await using fixture = await installFixture();
  const plain = (await fixture.install()).version.hash;
  await fixture.write(".git/config", "x");
  await fixture.write(".DS_Store", "x");
  await fixture.write("deno.json", { name, version: "1.0.0", exports: "./mod.ts" });
  await fixture.write("package.json", { name, version: "1.0.0", type: "module", dependencies: {} });
  await fixture.write("deno.lock", "{}");
  assertEquals((await fixture.install()).version.hash, plain);
});

for (
  const [what, path, content, found] of [
    [".npmrc", "sub/.npmrc", "registry=http://evil.example", ".npmrc"],
    ["node_modules", "node_modules/a/index.js", "", "node_modules"],
    ["an import map", "deno.json", { imports: { a: "./b.ts" } }, "imports"],
    ["unstable features", "deno.json", { unstable: ["ffi"] }, "unstable"],
    ["deno.jsonc", "sub/deno.jsonc", "{}", "deno.jsonc"],
    ["dependencies", "package.json", { dependencies: { left: "1" } }, "dependencies"],
    ["an install script", "package.json", { scripts: { postinstall: "x" } }, "postinstall"],
    ["a configuration that is no JSON", "package.json", "{", "cannot be read"],
    ["a name in decomposed Unicode", "cafe\u0301.ts", "", "composed form"],
    ["a name with a direction mark", "a\u202ets.exe", "", "characters that do not show"],
    ["a name with a newline", "a\nb", "", "characters that do not show"],
    ["a name Windows takes for a device", "aux.ts", "", "Windows"],
    ["a name that ends in a dot", "a.", "", "Windows"],
    ["folders too deep", `${"d/".repeat(20)}a`, "", "folders inside each other"],
  ] as const
) {
  Deno.test({
    name: `refuses a package with ${what}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using fixture = await installFixture();
      await fixture.write(path, content);
      const error = await refusal(fixture.install, "CAISSON_PACKAGE_REFUSED");
      assertStringIncludes(error.found, found);
      assertEquals(await readLock(fixture.places.lock).then(({ plugins }) => plugins.size), 0);
    },
  });
}

Deno.test({
  name: "refuses names that some systems take for one another",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const [one, two] of [["a.ts", "A.ts"], ["dir/x", "DIR/x"], ["\ufb01.ts", "fi.ts"], ["K.ts", "\u212a.ts"]]) {
      await using fixture = await installFixture();
      await fixture.write(one!, "1");
      await fixture.write(two!, "2");
      const error = await refusal(fixture.install, "CAISSON_PACKAGE_REFUSED");
      assert(/some systems take for|composed form/.test(error.found), error.found);
    }
  },
});

Deno.test({
  name: "refuses links and pipes",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const make of [linkToFile, linkToFolder, pipe]) {
      await using fixture = await installFixture();
      await make(join(fixture.plugin, "odd"));
      await refusal(fixture.install, "CAISSON_PACKAGE_REFUSED");
    }
  },
});

const linkToFile = (path: string) => Deno.symlink("/etc/passwd", path);
const linkToFolder = (path: string) => Deno.symlink("/etc", path);
const pipe = async (path: string) => void await new Deno.Command("mkfifo", { args: [path] }).output();

for (const specifier of ["npm:left-pad", "https://evil.example/x.ts", "lodash", "../outside.ts", "jsr:@a/b"]) {
  Deno.test(`refuses code that imports ${specifier}`, async () => {
    await using fixture = await installFixture();
    await fixture.write("mod.ts", `import ${JSON.stringify(specifier)};\n${plainModule}`);
    const error = await assertRejects(fixture.install, CaissonError);
    assert(/^CAISSON_MODULE_(?:SPECIFIER|OUTSIDE)$/.test(error.code), error.code);
    assertEquals(await storeNames(fixture), []);
  });
}

Deno.test("an update waits, names what it asks for in addition, and the old version goes on", async () => {
  await using fixture = await installFixture();
  const old = (await fixture.install()).version.hash;
  await fixture.version("1.1.0", { permissions: { net: ["evil.com:443"], reasons: { net: "r" } } });
  await fixture.write("spy.ts", "export {};\n");
  await fixture.write("mod.ts", `import "./spy.ts";\n${plainModule}`);
  const { state, changes, version } = await fixture.install();
  assertEquals(state, "pending");
  assertEquals(changes.map(({ widens, text }) => [widens, text]), [
    [true, "+ net evil.com:443 (NEW)"],
    [false, "~ module mod.ts"],
    [false, "+ module spy.ts"],
  ]);
  assertEquals((await installedPlugins(fixture.places)).packages[0]!.treeHash, old);
  await refusal(
    () => approvePlugin({ ...fixture.places, plugin: name, hash: `sha256-${"0".repeat(64)}` }),
    "CAISSON_APPROVAL_REFUSED",
  );
  await approvePlugin({ ...fixture.places, plugin: name, hash: version.hash });
  assertEquals((await installedPlugins(fixture.places)).packages[0]!.treeHash, version.hash);
  assertEquals(fixture.events.map(({ kind }) => kind), ["install", "pending", "approve"]);
  await refusal(
    () => approvePlugin({ ...fixture.places, plugin: name, hash: version.hash }),
    "CAISSON_APPROVAL_REFUSED",
  );
});

Deno.test("other code under the same version waits, too, and says so first", async () => {
  await using fixture = await installFixture();
  await fixture.install();
  await fixture.write("mod.ts", `${plainModule}//\n`);
  const { state, changes } = await fixture.install();
  assertEquals([state, changes[0]!.widens], ["pending", true]);
  assertStringIncludes(changes[0]!.text, "calls itself 1.0.0 like the approved one");
});

Deno.test("a package that changes between the look and the approval is not what was approved", async () => {
  await using fixture = await installFixture();
  await fixture.install();
  await fixture.version("1.1.0");
  const looked = (await fixture.install()).version.hash;
  await fixture.write("mod.ts", `${plainModule}// hostile\n`);
  const swapped = (await fixture.install()).version.hash;
  assert(looked !== swapped);
  await refusal(() => approvePlugin({ ...fixture.places, plugin: name, hash: looked }), "CAISSON_APPROVAL_REFUSED");
  await refusal(() => fixture.install({ hash: looked }), "CAISSON_APPROVAL_REFUSED");
  assertEquals((await fixture.install({ hash: swapped })).state, "approved");
});

Deno.test("an older version is refused unless it is asked for", async () => {
  await using fixture = await installFixture();
  const first = (await fixture.install()).version.hash;
  await fixture.version("2.0.0");
  await fixture.install({ hash: (await fixture.install()).version.hash });
  await fixture.version("1.0.0");
  await refusal(fixture.install, "CAISSON_DOWNGRADE");
  await refusal(() => fixture.install({ hash: first }), "CAISSON_DOWNGRADE");
  const { state, changes } = await fixture.install({ downgrade: true });
  assertEquals(state, "pending");
  assertStringIncludes(changes[0]!.text, "is older: 1.0.0 after 2.0.0");
});

Deno.test("swapping the source between check and load changes nothing: what runs is what was hashed", async () => {
  await using fixture = await installFixture();
  await fixture.install();
  const found = await installedPlugins(fixture.places);
  const repository = new Repository();
  await repository.registerAll(found, noGrants());
  await fixture.write("mod.ts", "throw new Error('swapped');\n");
  const plugin = repository.registered[0]!;
  await repository.verifyUnchanged(plugin);
  assertEquals(await Deno.readTextFile(join(plugin.package.folder, "mod.ts")), plainModule);
});

for (
  const [what, swap] of [
    ["a module", (folder: string) => Deno.writeTextFile(join(folder, "mod.ts"), "hostile")],
    ["a file more, which no import names", (folder: string) => Deno.writeTextFile(join(folder, "more.ts"), "hostile")],
    ["a file less", (folder: string) => Deno.remove(join(folder, "mod.ts"))],
    ["a link", async (folder: string) => {
      await Deno.remove(join(folder, "mod.ts"));
      await Deno.symlink("/etc/passwd", join(folder, "mod.ts"));
    }],
  ] as const
) {
  Deno.test({
    name: `${what} in the store after the check is refused before anything is loaded`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using fixture = await installFixture();
      await fixture.install();
      const repository = new Repository();
      await repository.registerAll(await installedPlugins(fixture.places), noGrants());
      const plugin = repository.registered[0]!;
      await Deno.chmod(plugin.package.folder, 0o700);
      await Deno.chmod(join(plugin.package.folder, "mod.ts"), 0o600);
      await swap(plugin.package.folder);
      await refusal(() => repository.verifyUnchanged(plugin), "CAISSON_PLUGIN_CHANGED");
      const again = await installedPlugins(fixture.places);
      assertEquals(again.refusals.map(({ error }) => error.code), ["CAISSON_PLUGIN_CHANGED"]);
    },
  });
}

for (
  const [what, edit, code] of [
    [
      "another hash",
      (text: string) => text.replace(/"hash": "sha256-../, '"hash": "sha256-00'),
      "CAISSON_PLUGIN_CHANGED",
    ],
    [
      "other requests",
      (text: string) => text.replace('"requests": [', '"requests": [ "net quiet.com:1",'),
      "CAISSON_LOCK_INVALID",
    ],
    [
      "another version",
      (text: string) => text.replace('"version": "1.0.0"', '"version": "9.0.0"'),
      "CAISSON_LOCK_INVALID",
    ],
    ["another name", (text: string) => text.replace(name, "@acme/trusted"), "CAISSON_LOCK_INVALID"],
  ] as const
) {
  Deno.test(`a lock edited to say ${what} is refused`, async () => {
    await using fixture = await installFixture();
    await fixture.install();
    const text = await Deno.readTextFile(fixture.places.lock);
    assert(edit(text) !== text);
    await Deno.writeTextFile(fixture.places.lock, edit(text));
    const { packages, refusals } = await installedPlugins(fixture.places);
    assertEquals([packages.length, refusals.map(({ error }) => error.code)], [0, [code]]);
  });
}

for (
  const [what, text] of [
    ["a key twice", '{"lock":1,"lock":1,"plugins":{}}'],
    ["__proto__", '{"lock":1,"plugins":{"__proto__":{}}}'],
    ["an unknown key", '{"lock":1,"plugins":{},"more":1}'],
    ["10 MB", `{"lock":1,"plugins":{},"x":"${"x".repeat(10 << 20)}"}`],
    ["millions of escapes", `{"lock":1,"plugins":{},"x":"${"\\n".repeat(7 << 20)}"}`],
    ["more than may be", `{"lock":1,"plugins":{},"x":"${"x".repeat(17 << 20)}"}`],
    ["deep nesting", `{"lock":1,"plugins":${'{"a":'.repeat(100_000)}1${"}".repeat(100_001)}`],
    ["nothing", ""],
  ] as const
) {
  Deno.test(`a lock with ${what} is refused and installs nothing`, async () => {
    await using fixture = await installFixture();
    await Deno.writeTextFile(fixture.places.lock, text);
    await refusal(() => installedPlugins(fixture.places), "CAISSON_LOCK_INVALID");
    await refusal(fixture.install, "CAISSON_LOCK_INVALID");
    assertEquals(await Deno.readTextFile(fixture.places.lock), text);
  });
}

Deno.test("installs at the same time lose none, and leave nothing half done", async () => {
  await using fixture = await installFixture();
  const plugins = await Promise.all(Array.from({ length: 8 }, async (_, n) => {
    const spec = join(fixture.folder, `many${n}`);
    await Deno.mkdir(spec);
    const json = await Deno.readTextFile(join(fixture.plugin, "plugin.json"));
    await Deno.writeTextFile(join(spec, "plugin.json"), json.replace(name, `@acme/p${n}`));
    await Deno.writeTextFile(join(spec, "mod.ts"), plainModule);
    return spec;
  }));
  await Promise.all([...plugins, ...plugins].map((spec) => installPlugin({ spec, ...fixture.places })));
  const { plugins: locked } = await readLock(fixture.places.lock);
  assertEquals(locked.size, 8);
  assertEquals((await installedPlugins(fixture.places)).refusals, []);
  assertEquals((await storeNames(fixture)).length, 8);
});

Deno.test("what is no package is refused before anything is fetched", async () => {
  await using fixture = await installFixture();
  for (const spec of ["https://evil.example/x.ts", "git:x", "jsr:nope", "npm:../x", "data:text/plain,x"]) {
    await refusal(() => fixture.install({ spec }), "CAISSON_INSTALL_SOURCE");
  }
});

Deno.test("after a fresh checkout the store is filled with exactly the approved bytes", async () => {
  await using fixture = await installFixture();
  const { hash } = (await fixture.install()).version;
  await removeTree(fixture.places.store);
  const missing = await installedPlugins(fixture.places);
  assertStringIncludes(missing.refusals[0]!.error.action, "caisson install");
  assertEquals(await restorePlugins(fixture.places), [name]);
  assertEquals((await installedPlugins(fixture.places)).packages[0]!.treeHash, hash);
  assertEquals(await restorePlugins(fixture.places), []);
  await removeTree(fixture.places.store);
  await fixture.write("mod.ts", `${plainModule}// other\n`);
  await refusal(() => restorePlugins(fixture.places), "CAISSON_APPROVAL_REFUSED");
});

Deno.test("what a killed installation left behind goes with a later one, not what another one is at", async () => {
  await using fixture = await installFixture();
  for (const [left, age] of [[".staging-old", 7_200_000], [".fetched-old", 7_200_000], [".staging-new", 0]] as const) {
    const folder = join(fixture.places.store, left);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.utime(folder, new Date(), new Date(Date.now() - age));
  }
  const { hash } = (await fixture.install()).version;
  assertEquals(await storeNames(fixture), [".staging-new", hash]);
});

Deno.test("a lock of many plugins with many modules can be read again", async () => {
  await using fixture = await installFixture();
  const { version } = await fixture.install();
  const code = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`module${n}.ts`, version.manifest]));
  const plugins = new Map(
    Array.from({ length: 20 }, (_, n) => [`@acme/p${n}`, { source: "x", approved: { ...version, code } }]),
  );
  await writeLock(fixture.places.lock, plugins);
  assertEquals((await readLock(fixture.places.lock)).plugins.size, 20);
});
