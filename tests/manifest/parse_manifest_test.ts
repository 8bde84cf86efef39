import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { readManifest } from "../../runtime/manifest/parse_manifest.ts";
import { manifest, temporaryFolder } from "./plugin_folder.ts";

async function refuse(path: string): Promise<CaissonError> {
  return await assertRejects(() => readManifest(path), CaissonError);
}

Deno.test("reads a manifest by its folder and by its own path, with its hash", async () => {
  await using folder = await temporaryFolder();
  const file = await folder.write("plugin.json", manifest());
  const byFolder = await readManifest(folder.path);
  assertEquals(byFolder, await readManifest(file));
  assertEquals([byFolder.folder, byFolder.manifestFile], [folder.path, file]);
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  assertEquals(byFolder.manifestSha256, new Uint8Array(digest).toHex());
});

Deno.test("names a folder without a manifest", async () => {
  await using folder = await temporaryFolder();
  const error = await refuse(folder.path);
  assertEquals(error.code, "CAISSON_MANIFEST_NOT_FOUND");
  assertStringIncludes(error.found, join(folder.path, "plugin.json"));
  assertEquals((await refuse(join(folder.path, "gone"))).code, "CAISSON_MANIFEST_NOT_FOUND");
});

const broken: [string, string | Uint8Array<ArrayBuffer>, string, string][] = [
  ["text that is not JSON", '{\n  "manifest": 1,\n}', "CAISSON_MANIFEST_SYNTAX", ":3:1"],
  ["a key given twice", '{"name":"a",\n "name":"b"}', "CAISSON_MANIFEST_DUPLICATE_KEY", ":2:2"],
  ["a __proto__ key", '{"__proto__":{}}', "CAISSON_MANIFEST_UNKNOWN_KEY", ":1:2"],
  ["endless nesting", "[".repeat(40), "CAISSON_MANIFEST_TOO_LARGE", ":1:33"],
  ["more than a megabyte", `{"name":"${"a".repeat(1 << 20)}"}`, "CAISSON_MANIFEST_TOO_LARGE", "plugin.json"],
  ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "CAISSON_MANIFEST_SYNTAX", "plugin.json"],
];

for (const [what, content, code, place] of broken) {
  Deno.test(`refuses a manifest file with ${what}`, async () => {
    await using folder = await temporaryFolder();
    await folder.write("plugin.json", content);
    const error = await refuse(folder.path);
    assertEquals(error.code, code);
    assertStringIncludes(error.subject, place);
    assertStringIncludes(error.subject, folder.path);
  });
}

Deno.test("reads a string of nearly a megabyte without running out of stack", async () => {
  await using folder = await temporaryFolder();
  await folder.write("plugin.json", manifest({ description: "a".repeat(1_000_000) }));
  assertEquals((await refuse(folder.path)).code, "CAISSON_MANIFEST_INVALID");
});

Deno.test({
  name: "refuses a manifest that is a link",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const target = await folder.write("elsewhere/real.json", manifest());
    await Deno.mkdir(join(folder.path, "plugin"));
    await Deno.symlink(target, join(folder.path, "plugin/plugin.json"));
    assertEquals((await refuse(join(folder.path, "plugin"))).code, "CAISSON_MODULE_OUTSIDE");
  },
});

Deno.test({
  name: "names the flag when the host may not read the manifest",
  permissions: { read: false, write: false, env: false },
  async fn() {
    const error = await refuse("/some/plugin");
    assertEquals([error.code, error.exitCode], ["CAISSON_HOST_PERMISSION", 4]);
    assertStringIncludes(error.action, "--allow-read=/some/plugin");
  },
});
