import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { LAYOUT_TABLE } from "../../ffi/layout_table.ts";
import { descriptorSection } from "../../ffi/object_file.ts";
import { hostPlatform } from "../../ffi/platform.ts";
import { type Grants, noGrants, parseGrants } from "../../permissions/grants.ts";
import type { ComponentInstance, PartContext } from "../../runtime/connector/contract.ts";
import { DESCRIPTOR_LAYOUT, LAYOUT_LAYOUT, NEEDS_PROCESS } from "../../runtime/data/layout.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { discover } from "../../runtime/manifest/discover.ts";
import { readManifest } from "../../runtime/manifest/parse_manifest.ts";
import { sha256 } from "../../ffi/sha256.ts";
import { Repository } from "../../runtime/repository.ts";
import { buildProbe } from "../ffi/probe_plugin.ts";
import { manifest, plainModule, type TemporaryFolder, temporaryFolder } from "./plugin_folder.ts";

const name = "@acme/clickstream";
const grantsFile = "caisson.grants.json";

function grant(plugins: Record<string, unknown>): Grants {
  return parseGrants({ grants: 1, plugins }, grantsFile);
}

const worker = grant({ [name]: { isolation: "worker" } });

async function writePlugin(folder: TemporaryFolder, path: string, changes: Record<string, unknown> = {}) {
  await folder.write(`${path}/plugin.json`, manifest(changes));
  await folder.write(`${path}/mod.ts`, plainModule);
  return join(folder.path, path);
}

/** A repository of a host that can start no process, so that a grant has to name the isolation. */
function withoutProcesses(): Repository {
  return new Repository({ isolations: ["worker", "native"] });
}

async function refuse(folder: string, grants: Grants, repository = withoutProcesses()): Promise<CaissonError> {
  const found = await readManifest(folder);
  return await assertRejects(() => repository.register(found, grants), CaissonError);
}

Deno.test("registers a TypeScript plugin with its isolation, permissions and modules", async () => {
  await using folder = await temporaryFolder();
  const permissions = { net: ["a.com:1", "b.com:1"], reasons: { net: "calls" } };
  const path = await writePlugin(folder, "p", { permissions });
  const repository = new Repository();
  const granted = grant({ [name]: { isolation: "worker", permissions: { net: ["a.com", "c.com"] } } });
  const plugin = await repository.register(await readManifest(path), granted);
  assertEquals(plugin.isolation, "worker");
  assertEquals([plugin.permissions.net, plugin.permissions.read], [["a.com:1"], [path]]);
  assertEquals(plugin.modules?.map(({ file }) => file), [join(path, "mod.ts")]);
  assertEquals(plugin.differences.map(({ value, refusedBy }) => `${value} ${refusedBy}`), [
    "b.com:1 grant",
    "a.com manifest",
    "c.com manifest",
  ]);
  assertEquals(repository.registered, [plugin]);
  const found = repository.find("source", "clickstream");
  assertEquals([found.plugin, found.name], [plugin, "clickstream"]);
  assertEquals(repository.find(undefined, `${name}:clickstream`), found);
});

for (
  const [what, changes, grants, code] of [
    ["a runtime this host is not", { runtime: "^9.0.0" }, worker, "CAISSON_RUNTIME_MISMATCH"],
    [
      "an interface this host does not know",
      { provides: [{ kind: "operator", name: "x", interface: "operator@1.0" }] },
      worker,
      "CAISSON_INTERFACE_UNKNOWN",
    ],
    ["a module that is not there", { module: "./gone.ts" }, worker, "CAISSON_MODULE_NOT_FOUND"],
    [
      "a permission nobody decided about",
      { permissions: { net: ["a.com"], reasons: { net: "calls" } } },
      worker,
      "CAISSON_GRANT_MISSING",
    ],
    ["no isolation named", {}, noGrants(grantsFile), "CAISSON_ISOLATION_REFUSED"],
    ["an isolation it cannot bear", { isolation: "own-process" }, worker, "CAISSON_ISOLATION_REFUSED"],
  ] as const
) {
  Deno.test(`refuses a plugin with ${what}`, async () => {
    await using folder = await temporaryFolder();
    const path = await writePlugin(folder, "p", changes);
    const error = await refuse(path, grants);
    assertEquals(error.code, code);
    assert(error.action.length > 20, error.action);
  });
}

Deno.test("shows the isolation to name together with the missing grant", async () => {
  await using folder = await temporaryFolder();
  const permissions = { env: ["TOKEN"], reasons: { env: "reads a token" } };
  const error = await refuse(await writePlugin(folder, "p", { permissions }), noGrants(grantsFile));
  assertEquals(error.code, "CAISSON_GRANT_MISSING");
  assertStringIncludes(error.action, '"isolation":"worker","permissions":{"env":["TOKEN"]}');
});

Deno.test("lists one broken plugin among five and registers the others", async () => {
  await using folder = await temporaryFolder();
  const names = ["a", "b", "c", "d", "e"].map((each) => `@acme/${each}`);
  for (const each of names) await writePlugin(folder, each.slice(6), { name: each });
  await folder.write("c/mod.ts", 'import "npm:evil";');
  const repository = new Repository();
  const grants = grant(Object.fromEntries(names.map((each) => [each, { isolation: "worker" }])));
  await repository.registerAll(await discover({ folders: [folder.path] }), grants);
  assertEquals(repository.registered.map((each) => each.package.manifest.name), [
    "@acme/a",
    "@acme/b",
    "@acme/d",
    "@acme/e",
  ]);
  assertEquals(repository.refusals.map((each) => [each.manifest?.name, each.error.code]), [
    ["@acme/c", "CAISSON_MODULE_SPECIFIER"],
  ]);
});

Deno.test({
  name: "lists a plugin whose folder cannot be read, and registers the others",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const found = [];
    for (const each of ["a", "b"]) {
      found.push(await readManifest(await writePlugin(folder, each, { name: `@acme/${each}` })));
    }
    await Deno.remove(join(folder.path, "a"), { recursive: true });
    const repository = new Repository();
    await repository.registerAll({ packages: found, refusals: [] }, grant({ "@acme/b": { isolation: "worker" } }));
    assertEquals([repository.registered.length, repository.refusals.length], [1, 1]);
    assertEquals(repository.refusals[0]?.folder, join(folder.path, "a"));
  },
});

Deno.test("replaces a plugin that is registered from its folder again, and takes back its refusal", async () => {
  await using folder = await temporaryFolder();
  const path = await writePlugin(folder, "p");
  const repository = withoutProcesses();
  const find = () => discover({ plugins: [path] });
  await repository.registerAll(await find(), noGrants(grantsFile));
  assertEquals([repository.registered.length, repository.refusals.length], [0, 1]);
  await repository.registerAll(await find(), worker);
  await folder.write("p/plugin.json", manifest({ version: "1.3.0" }));
  await repository.registerAll(await find(), worker);
  assertEquals(repository.registered.map((each) => each.package.manifest.version), ["1.3.0"]);
  assertEquals(repository.refusals, []);
  assertEquals(repository.components.length, 1);
});

Deno.test("refuses a plugin whose name another folder has", async () => {
  await using folder = await temporaryFolder();
  const repository = new Repository();
  await repository.register(await readManifest(await writePlugin(folder, "a")), worker);
  const error = await refuse(await writePlugin(folder, "b"), worker, repository);
  assertEquals(error.code, "CAISSON_PLUGIN_DUPLICATE");
  assertStringIncludes(error.found, join(folder.path, "a"));
  assertStringIncludes(error.action, "rename the one in b");
});

Deno.test("a broken plugin keeps its name from nobody: the next of that name is registered", async () => {
  await using folder = await temporaryFolder();
  await writePlugin(folder, "a");
  await folder.write("a/mod.ts", 'import "npm:left-pad";\n');
  await writePlugin(folder, "b");
  await writePlugin(folder, "c");
  const repository = new Repository();
  await repository.registerAll(await discover({ folders: [folder.path] }), worker);
  assertEquals(repository.registered.map((each) => each.package.folder), [join(folder.path, "b")]);
  assertEquals(repository.refusals.map(({ folder: at, error, manifest }) => [at, error.code, manifest?.name]), [
    [join(folder.path, "a"), "CAISSON_MODULE_SPECIFIER", name],
    [join(folder.path, "c"), "CAISSON_PLUGIN_DUPLICATE", name],
  ]);
});

const part: ComponentInstance["part"] = {
  kind: "source",
  source: { produces: "events", poll: () => ({ state: "ended" }), close() {} },
};

Deno.test("finds builtin components, and asks for the plugin's name where two fit", async () => {
  await using folder = await temporaryFolder();
  const repository = new Repository();
  repository.registerBuiltin("clickstream", "source", () => part);
  repository.registerBuiltin("clickstream", "sink", () => part);
  assertEquals(repository.find("source", "clickstream").builtin?.({} as PartContext), part);
  await repository.register(await readManifest(await writePlugin(folder, "p")), worker);
  const error = assertThrows(() => repository.find("source", "clickstream", "flow.json: a"), CaissonError);
  assertEquals([error.code, error.subject], ["CAISSON_FLOW_COMPONENT", "flow.json: a"]);
  assertStringIncludes(error.allowed, "builtin:clickstream (source), @acme/clickstream:clickstream (source)");
  assertEquals(repository.find("source", "builtin:clickstream").plugin, undefined);
  assertEquals(repository.find("source", `${name}:clickstream`).builtin, undefined);
  assertEquals(repository.find("sink", "clickstream").plugin, undefined);
});

Deno.test("refuses a second builtin component of a name", () => {
  const repository = new Repository();
  repository.registerBuiltin("x", "source", () => part);
  assertEquals(
    assertThrows(() => repository.registerBuiltin("x", "source", () => part), CaissonError).code,
    "CAISSON_PLUGIN_DUPLICATE",
  );
});

Deno.test("names the component that was probably meant", () => {
  const repository = new Repository();
  repository.registerBuiltin("file", "source", () => part);
  const error = assertThrows(() => repository.find("source", "fiel"), CaissonError);
  assertEquals([error.code, error.allowed], ["CAISSON_FLOW_COMPONENT", "file"]);
  assertStringIncludes(error.action, 'Did you mean "file"?');
});

Deno.test("gives a flow the refusal of the plugin it needs", async () => {
  await using folder = await temporaryFolder();
  await writePlugin(folder, "p");
  await folder.write("n/plugin.json", {
    ...manifest({ name: "n", module: undefined, provides: [{ kind: "sink", name: "fast", interface: "sink@1.0" }] }),
    native: { abi: "1.0", build: { language: "c", sources: ["a.c"] } },
  });
  const repository = withoutProcesses();
  await repository.registerAll(await discover({ folders: [folder.path] }), noGrants(grantsFile));
  const missing = (kind: "source" | "sink", type: string) =>
    assertThrows(() => repository.find(kind, type), CaissonError).code;
  assertEquals(missing("source", "clickstream"), "CAISSON_ISOLATION_REFUSED");
  assertEquals(missing("source", `${name}:clickstream`), "CAISSON_ISOLATION_REFUSED");
  assertEquals(missing("sink", "fast"), "CAISSON_PLUGIN_UNSEALED");
  assertEquals(missing("sink", "clickstream"), "CAISSON_FLOW_COMPONENT");
});

Deno.test("notices a plugin that changed between its check and its launch", async () => {
  await using folder = await temporaryFolder();
  const path = await writePlugin(folder, "p");
  const repository = new Repository();
  const plugin = await repository.register(await readManifest(path), worker);
  await repository.verifyUnchanged(plugin);
  await folder.write("p/plugin.json", manifest({ version: "1.2.1" }));
  const error = await assertRejects(() => repository.verifyUnchanged(plugin), CaissonError);
  assertEquals([error.code, error.subject], ["CAISSON_PLUGIN_CHANGED", join(path, "plugin.json")]);
});

// Native plugins, end to end: compiled, sealed, then spoilt in one way each.

const native = grant({ "@caisson/probe": { isolation: "native" }, "@caisson/minimal": { isolation: "native" } });

const probe = await (async () => {
  await using built = await buildProbe();
  return { manifest: built.manifest, sha256: built.sha256, bytes: await Deno.readFile(built.file) };
})();
const library = probe.bytes;

/** A sealed plugin folder with these bytes as its library. */
async function seal(
  folder: TemporaryFolder,
  bytes: Uint8Array<ArrayBuffer>,
  changes: Record<string, unknown> = {},
): Promise<string> {
  await folder.write("lib", bytes);
  const libraries = { [hostPlatform()]: { file: "./lib", sha256: await sha256(bytes), size: bytes.length } };
  await folder.write("plugin.json", { ...probe.manifest, native: { abi: "1.0", libraries }, ...changes });
  return folder.path;
}

/** The library with its descriptor changed. */
function patched(change: (descriptor: DataView) => void): Uint8Array<ArrayBuffer> {
  const bytes = library.slice();
  const section = descriptorSection(bytes, hostPlatform(), "probe");
  change(new DataView(section.buffer, section.byteOffset, section.byteLength));
  return bytes;
}

/** The library with the descriptor's section called something else. */
function withoutDescriptor(): Uint8Array<ArrayBuffer> {
  const bytes = library.slice();
  const name = new TextEncoder().encode("caisson\0");
  for (let at = bytes.length - name.length; at >= 0; at--) {
    if (name.every((byte, index) => bytes[at + index] === byte)) bytes[at] = 0x78;
  }
  return bytes;
}

Deno.test("registers a native plugin that was built, by its folder", async () => {
  await using built = await buildProbe();
  const repository = new Repository();
  await repository.registerAll(await discover({ plugins: [built.folder] }), native);
  assertEquals(repository.refusals, []);
  const plugin = repository.registered[0]!;
  assertEquals([plugin.isolation, plugin.descriptor?.plugin], ["native", "@caisson/probe"]);
  assertEquals(plugin.library, { file: built.file, sha256: built.sha256 });
  await repository.verifyUnchanged(plugin);
});

for (
  const [what, bytes, changes, code] of [
    ["a text as its library", () => new TextEncoder().encode("not a library"), {}, "CAISSON_LIBRARY_FORMAT"],
    ["a library that has no descriptor", withoutDescriptor, {}, "CAISSON_DESCRIPTOR_MISSING"],
    [
      "another major version of the C ABI inside",
      () => patched((view) => view.setUint16(DESCRIPTOR_LAYOUT.abiMajor, 2, true)),
      {},
      "CAISSON_ABI_MISMATCH",
    ],
    [
      "a field of a shared struct that moved",
      () => {
        const field = LAYOUT_TABLE.findIndex((each) => each.name === "caisson_record.sequence");
        const at = DESCRIPTOR_LAYOUT.layout + field * LAYOUT_LAYOUT.bytes + LAYOUT_LAYOUT.offset;
        return patched((view) => view.setUint16(at, view.getUint16(at, true) + 8, true));
      },
      {},
      "CAISSON_ABI_LAYOUT",
    ],
    ["a manifest that says something else", () => library, { version: "9.9.9" }, "CAISSON_DESCRIPTOR_MANIFEST"],
    [
      "a library that needs a process of its own",
      () =>
        patched((view) => {
          const at = DESCRIPTOR_LAYOUT.flags;
          view.setUint32(at, view.getUint32(at, true) | NEEDS_PROCESS, true);
        }),
      {},
      "CAISSON_ISOLATION_REFUSED",
    ],
  ] as [string, () => Uint8Array<ArrayBuffer>, Record<string, unknown>, string][]
) {
  Deno.test(`refuses a native plugin with ${what}`, async () => {
    await using folder = await temporaryFolder();
    const error = await refuse(await seal(folder, bytes(), changes), native);
    assertEquals(error.code, code);
    assert(error.action.length > 20, error.action);
  });
}

Deno.test({
  name: "refuses a native plugin for another machine",
  ignore: hostPlatform() !== "linux-x86_64",
  async fn() {
    await using folder = await temporaryFolder();
    const fixture = fromFileUrl(new URL("../ffi/fixtures/minimal-linux-aarch64.so", import.meta.url));
    const path = await seal(folder, await Deno.readFile(fixture), { name: "@caisson/minimal", version: "1.2.3" });
    const error = await refuse(path, native);
    assertEquals(error.code, "CAISSON_LIBRARY_MACHINE");
    assertStringIncludes(error.message, "aarch64");
  },
});

Deno.test("refuses a native plugin that was not built for this platform", async () => {
  await using folder = await temporaryFolder();
  const path = await seal(folder, library);
  const error = await refuse(path, native, new Repository({ platform: "plan9-mips" }));
  assertEquals(error.code, "CAISSON_LIBRARY_NOT_FOUND");
  assertStringIncludes(error.found, "plan9-mips");
  assertStringIncludes(error.allowed, hostPlatform());
});

Deno.test("refuses a library that is not the one that was sealed, or is gone", async () => {
  await using folder = await temporaryFolder();
  const path = await seal(folder, library);
  const flipped = library.slice();
  flipped[flipped.length - 1]! ^= 1;
  await folder.write("lib", flipped);
  const error = await refuse(path, native);
  assertEquals(error.code, "CAISSON_LIBRARY_HASH");
  assertStringIncludes(error.allowed, probe.sha256);
  await Deno.remove(join(path, "lib"));
  assertEquals((await refuse(path, native)).code, "CAISSON_LIBRARY_NOT_FOUND");
});

Deno.test({
  name: "refuses a library that is a link, also when what it leads to is right",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using outside = await temporaryFolder();
    await using folder = await temporaryFolder();
    const path = await seal(folder, library);
    await Deno.remove(join(path, "lib"));
    await Deno.writeFile(join(outside.path, "lib"), library);
    await Deno.symlink(join(outside.path, "lib"), join(path, "lib"));
    assertEquals((await refuse(path, native)).code, "CAISSON_MODULE_OUTSIDE");
  },
});

Deno.test({
  name: "does not load a library to register it: a constructor that writes a file does not run",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const evidence = join(folder.path, "constructor_ran");
    await using loaded = await buildProbe((source) =>
      `${source}
#include <stdio.h>
__attribute__((constructor)) static void leave_evidence(void) {
  FILE *file = fopen(${JSON.stringify(evidence)}, "w");
  if (file != NULL) fclose(file);
}
`
    );
    const repository = new Repository();
    await repository.registerAll(await discover({ plugins: [loaded.folder] }), native);
    assertEquals(repository.registered.length, 1, repository.refusals[0]?.error.message);
    await assertRejects(() => Deno.stat(evidence), Deno.errors.NotFound);
    // The same library, loaded by the system: without this the test could not fail.
    await new Deno.Command("true", { env: { LD_PRELOAD: loaded.file } }).output();
    assertEquals((await Deno.stat(evidence)).isFile, true);
  },
});
