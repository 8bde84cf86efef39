import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { findCompiler } from "../../ffi/compiler.ts";
import { HEADER_FILES, packageFiles } from "../../ffi/package_files.ts";
import { hostPlatform } from "../../ffi/platform.ts";
import { sha256 } from "../../ffi/sha256.ts";
import { buildProbe } from "./probe_plugin.ts";
import { assertRejected } from "./refusal.ts";

Deno.test("seals a manifest that names the library with its digest and size", async () => {
  await using probe = await buildProbe();
  const { manifest, file } = probe;
  const bytes = await Deno.readFile(file);
  const library = manifest.native?.libraries?.[hostPlatform()];
  assertEquals(library, {
    file: `./${file.slice(file.lastIndexOf("/") + 1)}`,
    sha256: await sha256(bytes),
    size: bytes.byteLength,
  });
  assertEquals(manifest.native?.build, undefined);
  assertEquals(manifest.name, "@caisson/probe");
  const left = await Array.fromAsync(Deno.readDir(join(probe.folder, "dist")));
  assertEquals(left.map(({ name }) => name).sort(), [
    "build.stamp",
    library!.file.slice(2),
    "plugin.json",
  ]);
});

Deno.test("compiles again only when something changed", async () => {
  await using probe = await buildProbe();
  const options = { folder: probe.folder, cacheFolder: probe.cacheFolder };
  const again = await buildPlugin(options);
  assertEquals([again.cached, again.sha256], [true, probe.sha256]);

  await Deno.writeTextFile(
    join(probe.folder, "probe.c"),
    '\nstatic const char changed[] = "changed";\nCAISSON_EXPORT const char *probe_changed(void);\nconst char *probe_changed(void) { return changed; }\n',
    { append: true },
  );
  const changed = await buildPlugin(options);
  assertEquals(changed.cached, false);
  assertNotEquals(changed.sha256, probe.sha256);

  await Deno.writeTextFile(join(probe.folder, "new.h"), "");
  assertEquals((await buildPlugin(options)).cached, false);
  assertEquals((await buildPlugin(options)).cached, true);

  await Deno.writeFile(changed.library, new Uint8Array(1), { append: true });
  const repaired = await buildPlugin(options);
  assertEquals([repaired.cached, repaired.sha256], [false, changed.sha256]);
});

Deno.test("says what the compiler says, and leaves the last build alone", async () => {
  await using probe = await buildProbe();
  const source = join(probe.folder, "probe.c");
  await Deno.writeTextFile(source, "\nint unfinished(\n", { append: true });
  await assertRejected(
    buildPlugin({ folder: probe.folder, cacheFolder: probe.cacheFolder }),
    "CAISSON_BUILD_FAILED",
    "probe.c",
    "error",
  );
  assertEquals(await sha256(await Deno.readFile(probe.file)), probe.sha256);
  const left = await Array.fromAsync(Deno.readDir(join(probe.folder, "dist")));
  assert(!left.some(({ isDirectory }) => isDirectory));
});

Deno.test("refuses warnings: a plugin is built as strictly as the house", async () => {
  await assertRejected(
    buildProbe((source) => `${source}\nstatic int unused(void) { return 1; }\n`),
    "CAISSON_BUILD_FAILED",
    "unused",
  );
});

Deno.test("refuses folders and manifests it cannot build from", async () => {
  await using probe = await buildProbe();
  const folder = join(probe.folder, "..", "other");
  await Deno.mkdir(folder);
  const build = buildPlugin({ folder });
  await assertRejected(build, "CAISSON_MANIFEST_NOT_FOUND", folder);
  const manifest = join(folder, "plugin.json");
  const attempts: readonly [string, string][] = [
    ["{", "CAISSON_MANIFEST_SYNTAX"],
    ['{"name":"x"}', "CAISSON_MANIFEST_INVALID"],
    [
      '{"name":"x","native":{"build":{"language":"zig","sources":["x"]}}}',
      "CAISSON_MANIFEST_INVALID",
    ],
    [
      '{"name":"x","native":{"build":{"language":"c","sources":["../x.c"]}}}',
      "CAISSON_MODULE_OUTSIDE",
    ],
  ];
  for (const [text, code] of attempts) {
    await Deno.writeTextFile(manifest, text);
    await assertRejected(buildPlugin({ folder }), code);
  }
});

Deno.test("an aborted build ends with the signal's reason", async () => {
  await using probe = await buildProbe();
  const { folder, cacheFolder } = probe;
  await Deno.writeTextFile(join(folder, "new.h"), "");
  const reason = new DOMException("enough", "AbortError");
  const outcome = await buildPlugin({
    folder,
    cacheFolder,
    signal: AbortSignal.abort(reason),
  }).catch((cause) => cause);
  assertEquals(outcome, reason);
});

Deno.test("says within a second that there is no compiler, and what to install", async () => {
  const started = performance.now();
  await assertRejected(
    findCompiler({ candidates: ["caisson-no-such-cc", "caisson-none cc"] }),
    "CAISSON_COMPILER_MISSING",
    "caisson-no-such-cc",
    "zig cc",
  );
  assert(performance.now() - started < 1000);
});

Deno.test({
  name: "says which flag is missing when no compiler may be run",
  permissions: { run: false, env: false },
  fn: () =>
    assertRejected(
      findCompiler(),
      "CAISSON_HOST_PERMISSION",
      "--allow-run=cc,gcc,clang,zig",
    ),
});

Deno.test("headers behind https: are loaded into the cache, under their digest", async () => {
  const root = fromFileUrl(new URL("../../ffi/", import.meta.url));
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, async (request) => {
    const path = new URL(request.url).pathname;
    try {
      return new Response(await Deno.readTextFile(join(root, path)));
    } catch {
      return new Response("not there", { status: 404 });
    }
  });
  const base = new URL(`http://127.0.0.1:${server.addr.port}/`);
  const cacheFolder = await Deno.makeTempDir();
  try {
    const local = await packageFiles(HEADER_FILES);
    const fetched = await packageFiles(HEADER_FILES, { base, cacheFolder });
    assertEquals(fetched.digest, local.digest);
    assertEquals(
      fetched.folder,
      join(cacheFolder, "sources", local.digest),
    );
    for (const path of HEADER_FILES) {
      assertEquals(
        await Deno.readTextFile(join(fetched.folder, path)),
        await Deno.readTextFile(join(root, path)),
      );
    }
    await assertRejected(
      packageFiles(["include/none.h"], { base, cacheFolder }),
      "CAISSON_MODULE_NOT_FOUND",
      "none.h",
    );
  } finally {
    await Deno.remove(cacheFolder, { recursive: true });
  }
});

Deno.test("a sanitized build goes to a folder of its own", async () => {
  await using probe = await buildProbe();
  const { folder, cacheFolder } = probe;
  const built = await buildPlugin({
    folder,
    cacheFolder,
    sanitize: "undefined",
  });
  assertEquals(built.manifestFile, join(folder, "dist/undefined/plugin.json"));
  const text = new TextDecoder("latin1").decode(
    await Deno.readFile(built.library),
  );
  assert(text.includes("__ubsan_handle"), "the sanitizer is not in the library");
  const plain = await buildPlugin({ folder, cacheFolder });
  assertEquals([plain.cached, plain.sha256], [true, probe.sha256]);
});
