import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { type ModuleGraph, scanModules } from "../../runtime/manifest/module_graph.ts";
import { readManifest } from "../../runtime/manifest/parse_manifest.ts";
import { verifyUnchanged } from "../../runtime/manifest/verify_unchanged.ts";
import { manifest, plainModule, temporaryFolder } from "./plugin_folder.ts";

async function scan(files: Record<string, string>): Promise<ModuleGraph & { folder: string }> {
  await using folder = await temporaryFolder();
  await folder.write("plugin.json", manifest());
  for (const [path, content] of Object.entries(files)) await folder.write(path, content);
  return { ...await scanModules(await readManifest(folder.path)), folder: folder.path };
}

async function refuse(files: Record<string, string>): Promise<CaissonError> {
  return await assertRejects(() => scan(files), CaissonError);
}

Deno.test("follows imports from the entry, each file once, and hashes them", async () => {
  const { modules, folder } = await scan({
    "mod.ts":
      'import "./lib/b.ts"; import "./lib/a.js"; export * from "./mod.ts"; import d from "./d.json" with { type: "json" }; d;',
    "lib/a.js": 'import("../lib/b.ts");',
    "lib/b.ts": plainModule,
    "d.json": "{}",
    "unused.ts": 'import "npm:never"',
  });
  assertEquals(
    modules.map(({ file }) => file),
    ["mod.ts", "d.json", "lib/a.js", "lib/b.ts"].map((path) => join(folder, path)),
  );
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("{}"));
  assertEquals([modules[1]?.sha256, modules[1]?.bytes], [new Uint8Array(digest).toHex(), 2]);
});

Deno.test("runs nothing of the plugin", async () => {
  await scan({ "mod.ts": 'throw new Error("ran"); export {};' });
});

Deno.test("notes configuration files that have no effect", async () => {
  const { ignored } = await scan({ "mod.ts": plainModule, ".npmrc": "registry=http://evil", "sub/deno.json": "{}" });
  assertEquals(ignored, [".npmrc", "sub/deno.json"]);
});

for (
  const [what, source, code, found, action] of [
    ["a bare specifier", 'import x from "lodash"; x;', "CAISSON_MODULE_SPECIFIER", '"lodash"', "Ship the code"],
    [
      "values of the plugin package",
      'import { x } from "@caisson/plugin"; x;',
      "CAISSON_MODULE_SPECIFIER",
      "",
      "import type",
    ],
    ["an npm: specifier", 'import "npm:chalk@5";', "CAISSON_MODULE_SPECIFIER", "npm:", "Ship the code"],
    ["a jsr: specifier", 'export * from "jsr:@std/path";', "CAISSON_MODULE_SPECIFIER", "jsr:", "Ship the code"],
    ["a node: module", 'import fs from "node:fs"; fs;', "CAISSON_MODULE_SPECIFIER", "node:", "relative path"],
    ["a remote module", 'import "https://example.com/a.ts";', "CAISSON_MODULE_SPECIFIER", "https:", "Ship the code"],
    ["a data: module", 'import "data:text/javascript,1";', "CAISSON_MODULE_SPECIFIER", "data:", "Ship the code"],
    [
      "a dynamic import of a package",
      'await import("npm:chalk");',
      "CAISSON_MODULE_SPECIFIER",
      "npm:",
      "Ship the code",
    ],
    ["a specifier with a query", 'import "./a.ts?b";', "CAISSON_MODULE_SPECIFIER", "?", "relative path"],
    ["a specifier with escapes of a URL", 'import "./%2e%2e/a.ts";', "CAISSON_MODULE_SPECIFIER", "%", "relative path"],
    ["a file of an unknown language", 'import "./a.wasm";', "CAISSON_MODULE_SPECIFIER", ".wasm", "ES module"],
    [
      "a path that leaves the folder",
      'import "./../../x.ts";',
      "CAISSON_MODULE_OUTSIDE",
      "../x.ts",
      "inside its folder",
    ],
    ["an absolute path", 'import "/etc/passwd";', "CAISSON_MODULE_OUTSIDE", "/etc/passwd", "inside its folder"],
    [
      "a file: URL",
      'import x from "file:///etc/passwd" with { type: "text" }; x;',
      "CAISSON_MODULE_OUTSIDE",
      "file:",
      "folder",
    ],
    ["a file that is not there", 'import "./gone.ts";', "CAISSON_MODULE_NOT_FOUND", "gone.ts", "add the file"],
    ["a folder", 'import "./lib";', "CAISSON_MODULE_NOT_FOUND", "not a file", "add the file"],
    ["broken code", "let a = ;", "CAISSON_MODULE_SYNTAX", "", "deno check"],
  ] as const
) {
  Deno.test(`refuses a module that imports ${what}, with the line`, async () => {
    const error = await refuse({
      "mod.ts": `import "./part.ts";`,
      "part.ts": `\n${source}`,
      "a.wasm": "",
      "lib/x.ts": "",
    });
    assertEquals([error.code, error.exitCode], [code, 3]);
    assertStringIncludes(error.found, found);
    assertStringIncludes(error.action, action);
    assertStringIncludes(error.subject, "part.ts:2:");
  });
}

Deno.test("refuses an import from a neighbour folder whose name starts the same", async () => {
  await using folder = await temporaryFolder();
  await folder.write("click/plugin.json", manifest());
  await folder.write("click/mod.ts", 'import "../clickstream/a.ts";');
  await folder.write("clickstream/a.ts", "export {};");
  const found = await readManifest(join(folder.path, "click"));
  assertEquals((await assertRejects(() => scanModules(found), CaissonError)).code, "CAISSON_MODULE_OUTSIDE");
});

Deno.test("looks through code that its importer calls data", async () => {
  const error = await refuse({
    "mod.ts": 'import("./evil.ts", { /* type: "json" */ });',
    "evil.ts": 'import "npm:evil";',
  });
  assertEquals(error.code, "CAISSON_MODULE_SPECIFIER");
});

Deno.test("names the manifest when the entry is not there", async () => {
  const error = await refuse({});
  assertEquals(error.code, "CAISSON_MODULE_NOT_FOUND");
  assertStringIncludes(error.subject, "plugin.json: module");
});

for (const kind of ["file", "dir"] as const) {
  Deno.test({
    name: `refuses a plugin folder with a link to a ${kind} outside, used or not`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using outside = await temporaryFolder();
      await outside.write("secret/a.ts", "export {};");
      await using folder = await temporaryFolder();
      await folder.write("plugin.json", manifest());
      await folder.write("mod.ts", plainModule);
      await Deno.mkdir(join(folder.path, "deep"));
      const link = join(folder.path, "deep/link");
      await Deno.symlink(join(outside.path, kind === "dir" ? "secret" : "secret/a.ts"), link);
      const found = await readManifest(folder.path);
      const error = await assertRejects(() => scanModules(found), CaissonError);
      assertEquals([error.code, error.subject], ["CAISSON_MODULE_OUTSIDE", link]);
      assertStringIncludes(error.action, "remove it");
    },
  });
}

Deno.test("notices a module that changed after it was checked", async () => {
  await using folder = await temporaryFolder();
  await folder.write("plugin.json", manifest());
  await folder.write("mod.ts", plainModule);
  const { modules } = await scanModules(await readManifest(folder.path));
  await verifyUnchanged(modules);
  await folder.write("mod.ts", `${plainModule}// changed`);
  const error = await assertRejects(() => verifyUnchanged(modules), CaissonError);
  assertEquals([error.code, error.subject], ["CAISSON_PLUGIN_CHANGED", join(folder.path, "mod.ts")]);
  await Deno.remove(join(folder.path, "mod.ts"));
  assertEquals((await assertRejects(() => verifyUnchanged(modules), CaissonError)).code, "CAISSON_PLUGIN_CHANGED");
});
