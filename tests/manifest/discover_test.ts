import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { discover } from "../../runtime/manifest/discover.ts";
import { readManifest } from "../../runtime/manifest/parse_manifest.ts";
import { manifest, temporaryFolder } from "./plugin_folder.ts";

function named(name: string): Record<string, unknown> {
  return manifest({ name: `@acme/${name}` });
}

const nativePart = { abi: "1.0", build: { language: "c", sources: ["a.c"] } };
const libraries = { "linux-x86_64": { file: "./a.so", sha256: "a".repeat(64), size: 1 } };

function native(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return manifest({ module: undefined, native: nativePart, ...changes });
}

Deno.test("finds the plugins of a folder by name, and passes by what is none", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["zeta", "alpha", "mid"]) await folder.write(`${name}/plugin.json`, named(name));
  await folder.write("sdk/mod.ts", "");
  await folder.write(".hidden/plugin.json", named("hidden"));
  await folder.write("README.md", "");
  const { packages, refusals } = await discover({ folders: [folder.path] });
  assertEquals(packages.map(({ manifest }) => manifest.name), ["@acme/alpha", "@acme/mid", "@acme/zeta"]);
  assertEquals(refusals, []);
});

Deno.test("takes explicit plugins first, by folder or manifest, and a folder that is a plugin itself", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["a", "b", "c"]) await folder.write(`${name}/plugin.json`, named(name));
  const { packages } = await discover({
    plugins: [join(folder.path, "c"), join(folder.path, "b/plugin.json")],
    folders: [join(folder.path, "a")],
  });
  assertEquals(packages.map(({ manifest }) => manifest.name), ["@acme/c", "@acme/b", "@acme/a"]);
});

Deno.test("lists one broken plugin among five, and finds the other four", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["a", "b", "d", "e"]) await folder.write(`${name}/plugin.json`, named(name));
  await folder.write("c/plugin.json", '{"manifest": 1, "manifest": 1}');
  const { packages, refusals } = await discover({ folders: [folder.path] });
  assertEquals(packages.length, 4);
  assertEquals(refusals.map(({ folder, error }) => [folder, error.code]), [
    [join(folder.path, "c"), "CAISSON_MANIFEST_DUPLICATE_KEY"],
  ]);
});

Deno.test("counts a folder that is named twice once", async () => {
  await using folder = await temporaryFolder();
  await folder.write("a/plugin.json", named("a"));
  const { packages, refusals } = await discover({ folders: [folder.path], plugins: [join(folder.path, "a")] });
  assertEquals([packages.length, refusals.length], [1, 0]);
});

Deno.test("refuses a native plugin that was not built, with the command that builds it", async () => {
  await using folder = await temporaryFolder();
  await folder.write("n/plugin.json", native());
  const { packages, refusals } = await discover({ folders: [folder.path] });
  assertEquals([packages.length, refusals[0]?.error.code], [0, "CAISSON_PLUGIN_UNSEALED"]);
  assertStringIncludes(refusals[0]!.error.action, `caisson build ${join(folder.path, "n")}`);
});

Deno.test("takes the sealed manifest of a native plugin that was built", async () => {
  await using folder = await temporaryFolder();
  await folder.write("n/plugin.json", native());
  await folder.write("n/dist/plugin.json", native({ native: { abi: "1.0", libraries } }));
  const { packages, refusals } = await discover({ folders: [folder.path] });
  assertEquals(refusals, []);
  assertEquals(packages.map((each) => each.folder), [join(folder.path, "n/dist")]);
});

Deno.test("refuses a native plugin whose manifest changed since it was built", async () => {
  await using folder = await temporaryFolder();
  await folder.write("n/plugin.json", native({ version: "2.0.0" }));
  await folder.write("n/dist/plugin.json", native({ native: { abi: "1.0", libraries } }));
  const { refusals } = await discover({ plugins: [join(folder.path, "n")] });
  assertEquals(refusals.map(({ error }) => error.code), ["CAISSON_PLUGIN_UNSEALED"]);
  assertStringIncludes(refusals[0]!.error.found, "has changed since");
});

Deno.test("lists a folder that is not there, and goes on", async () => {
  await using folder = await temporaryFolder();
  await folder.write("a/plugin.json", named("a"));
  const { packages, refusals } = await discover({ folders: [join(folder.path, "gone"), folder.path] });
  assertEquals(packages.length, 1);
  assertEquals(refusals.map(({ error }) => error.code), ["CAISSON_MANIFEST_NOT_FOUND"]);
});

Deno.test({
  name: "names the flag when the host may not read a folder",
  permissions: { read: false },
  async fn() {
    const { refusals } = await discover({ folders: ["/some/plugins"] });
    assertEquals(refusals[0]?.error.code, "CAISSON_HOST_PERMISSION");
    assertStringIncludes(refusals[0]!.error.action, "--allow-read=/some/plugins");
    await assertRejects(() => readManifest("/some/plugins"));
  },
});

Deno.test("checks a hundred manifests in less than a second", async () => {
  await using folder = await temporaryFolder();
  const config = { type: "object", properties: { url: { type: "string", format: "uri" }, n: { type: "integer" } } };
  const provides = [{ kind: "source", name: "x", interface: "source@1.0", config }];
  for (let index = 0; index < 100; index++) {
    await folder.write(`p${index}/plugin.json`, manifest({ name: `p${index}`, provides }));
  }
  const start = performance.now();
  const { packages } = await discover({ folders: [folder.path] });
  const elapsed = performance.now() - start;
  assertEquals(packages.length, 100);
  // The goal is 100 ms; ten times that leaves room for a busy machine and still notices a slow schema.
  assertEquals(elapsed < 1000, true, `${elapsed} ms`);
});
