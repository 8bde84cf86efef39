import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { loadLibrary, unloadCounts } from "../../ffi/library.ts";
import { NativeCallError } from "../../ffi/native_call_error.ts";
import { libraryExtension } from "../../ffi/platform.ts";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { CLASS_CONFIG, E_ARGUMENT, E_INTERRUPTED } from "../../runtime/data/layout.ts";
import { nativeBatch, openProbe } from "./probe_instance.ts";
import { buildProbe } from "./probe_plugin.ts";
import { assertRefused, assertRejected } from "./refusal.ts";

const LINUX = Deno.build.os === "linux";

/** How the probe learns which file its constructor makes. */
const WITNESS_VARIABLE = 'getenv("CAISSON_PROBE_FILE")';

async function isMapped(path: string): Promise<boolean> {
  return (await Deno.readTextFile("/proc/self/maps")).includes(path);
}

Deno.test("loads a plugin, calls it, and unmaps it", async () => {
  await using probe = await buildProbe();
  const library = await loadLibrary(probe);
  const { instance, error } = await openProbe(library);
  assertEquals(library.common.live(), 1);
  assertEquals(await library.common.start(instance, error), 0);
  const batch = nativeBatch(library);
  assertEquals(library.source.poll(instance, batch.block, 5, error), 0);
  assertEquals(batch.count, 5);
  assertEquals(batch.payload(4), new Uint8Array([4, 0, 0, 0, 0, 0, 0, 0]));
  assertEquals(library.sink.write(instance, batch.block, null, error), 15);
  assertEquals(
    await library.sink.writeNonblocking(instance, batch.block, null, error),
    25,
  );
  assertEquals(library.inFlight, 0);
  assertEquals(await library.common.stop(instance, 100, error), 0);
  await library.common.close(instance);
  if (LINUX) assert(await isMapped(probe.sha256));
  const before = unloadCounts().unmapped;
  assertEquals(await library.close(), "unmapped");
  assertEquals(unloadCounts().unmapped, before + 1);
  if (LINUX) assert(!await isMapped(probe.sha256));
});

Deno.test("an error of the plugin keeps its code, class and message", async () => {
  await using probe = await buildProbe();
  await using library = await loadLibrary(probe);
  let thrown: unknown;
  try {
    await openProbe(library, { fail: true });
  } catch (cause) {
    thrown = cause;
  }
  assertInstanceOf(thrown, NativeCallError);
  assertEquals(thrown.code, "CAISSON_NATIVE_CALL");
  assertEquals(thrown.nativeCode, E_ARGUMENT);
  assertEquals(thrown.failureClass, CLASS_CONFIG);
  assertEquals(
    thrown.found,
    "asked to fail, instance 7 (code -2, config)",
  );
});

Deno.test("no code of a plugin runs before it is loaded", async () => {
  const folder = await Deno.makeTempDir();
  const witness = join(folder, "constructor-ran");
  const exists = () => Deno.stat(witness).then(() => true, () => false);
  try {
    // Its name is compiled in: a variable of the environment would reach the plugins of other tests, too.
    await using probe = await buildProbe((source) => {
      assertStringIncludes(source, WITNESS_VARIABLE);
      return source.replace(WITNESS_VARIABLE, JSON.stringify(witness));
    });
    const bytes = await Deno.readFile(probe.file);
    verifyLibrary({ bytes, manifest: probe.manifest });
    await assertRejected(
      loadLibrary({ ...probe, sha256: "0".repeat(64) }),
      "CAISSON_LIBRARY_HASH",
    );
    await assertRejected(
      loadLibrary({
        ...probe,
        manifest: { ...probe.manifest, version: "9.9.9" },
      }),
      "CAISSON_DESCRIPTOR_MANIFEST",
    );
    assert(!await exists(), "a refused library ran its constructor");
    await using _library = await loadLibrary(probe);
    assert(await exists(), "the constructor leaves a witness");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("refuses a file that is gone, and one that is not the sealed one", async () => {
  await using probe = await buildProbe();
  await assertRejected(
    loadLibrary({ ...probe, file: `${probe.file}.gone` }),
    "CAISSON_LIBRARY_NOT_FOUND",
    "@caisson/probe",
  );
  await Deno.writeFile(probe.file, new Uint8Array([0]), { append: true });
  await assertRejected(
    loadLibrary(probe),
    "CAISSON_LIBRARY_HASH",
    probe.sha256,
  );
});

Deno.test("refuses a library that lacks a function its components need", async () => {
  await using probe = await buildProbe((source) =>
    source.replace("int32_t caisson_sink_write_1(", "int32_t probe_sink_write(")
      .concat(
        "\nint32_t probe_sink_write(caisson_instance *, const caisson_batch *, caisson_batch *, caisson_error *);\n",
      )
  );
  await assertRejected(
    loadLibrary(probe),
    "CAISSON_SYMBOL_MISSING",
    "caisson_sink_write_1",
  );
});

Deno.test("refuses a library the system cannot load, with the loader's words", async () => {
  await using probe = await buildProbe();
  // A library whose dependency is not there: the name of libc, changed in the dynamic string table.
  const bytes = await Deno.readFile(probe.file);
  const text = new TextDecoder("latin1").decode(bytes);
  bytes.set(new TextEncoder().encode("libq.so"), text.indexOf("libc.so"));
  const file = join(probe.folder, "broken.so");
  await Deno.writeFile(file, bytes);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  await assertRejected(
    loadLibrary({ ...probe, file, sha256: digest.toHex() }),
    "CAISSON_LIBRARY_LOAD",
    "libq.so",
  );
});

Deno.test("refuses a library whose memory says something else than its file", async () => {
  await using probe = await buildProbe((source) =>
    source.replace(
      "uint32_t caisson_live_1(void) {",
      "static void lie(void) __attribute__((constructor));\nstatic uint8_t other;\nstatic void lie(void) { other = 1; }\nuint32_t caisson_live_1(void) {",
    ).replace(
      "CAISSON_PLUGIN(",
      "#define caisson_describe_1 honest_describe\nCAISSON_EXPORT uint32_t honest_describe(uint8_t *, uint32_t);\nCAISSON_PLUGIN(",
    )
      .concat(
        "\n#undef caisson_describe_1\nuint32_t caisson_describe_1(uint8_t *out, uint32_t capacity) {\n  const uint32_t size = honest_describe(out, capacity);\n  if (capacity >= size) out[20] ^= other << 1;\n  return size;\n}\n",
      )
  );
  await assertRejected(
    loadLibrary(probe),
    "CAISSON_DESCRIPTOR_INVALID",
    "caisson_describe_1",
  );
});

Deno.test("refuses a library that needs a process of its own", async () => {
  await using probe = await buildProbe((source) =>
    source.replace(
      "CAISSON_UNLOADABLE,",
      "CAISSON_UNLOADABLE | CAISSON_NEEDS_PROCESS,",
    )
  );
  await assertRejected(loadLibrary(probe), "CAISSON_ISOLATION_REFUSED");
});

Deno.test("calls after close throw instead of ending the process", async () => {
  await using probe = await buildProbe();
  const library = await loadLibrary(probe);
  const { instance, error } = await openProbe(library);
  const { common, source } = library;
  await common.close(instance);
  await library.close();
  const block = new Uint8Array(64);
  assertRefused(
    () => source.poll(instance, block, 1, error),
    "CAISSON_NATIVE_STATE",
    "poll",
  );
  assertRefused(() => common.live(), "CAISSON_NATIVE_STATE");
  assertRefused(() => library.sink, "CAISSON_NATIVE_STATE");
  assertRefused(
    () => library.addressOf(new Uint8Array(8)),
    "CAISSON_NATIVE_STATE",
  );
  assertEquals(await library.close(), "unmapped");
});

Deno.test("has no functions of kinds the library does not provide", async () => {
  await using probe = await buildProbe();
  await using library = await loadLibrary(probe);
  assertRefused(() => library.processor, "CAISSON_NATIVE_STATE", "processor");
  assertEquals(library.common.memorySize, null);
  assertEquals(library.source.settle, null);
});

Deno.test("the same bytes are mapped once and let go by the last user", async () => {
  await using probe = await buildProbe();
  const [first, second] = await Promise.all([
    loadLibrary(probe),
    loadLibrary(probe),
  ]);
  const { instance } = await openProbe(first);
  assertEquals(second.common.live(), 1);
  await first.common.close(instance);
  assertEquals(await first.close(), "shared");
  assertRefused(() => first.common.live(), "CAISSON_NATIVE_STATE");
  assertEquals(second.common.live(), 0);
  assertEquals(await second.close(), "unmapped");
});

Deno.test({
  name: "a hundred loads and unloads leave no mapping behind",
  ignore: !LINUX,
  fn: async () => {
    await using probe = await buildProbe();
    for (let turn = 0; turn < 100; turn++) {
      const library = await loadLibrary(probe);
      const { instance } = await openProbe(library);
      await library.common.close(instance);
      assertEquals(await library.close(), "unmapped");
    }
    assert(!await isMapped(probe.sha256));
    assert(!await isMapped(probe.cacheFolder));
  },
});

Deno.test("a library with something alive is parked, not unmapped", async () => {
  await using probe = await buildProbe();
  const library = await loadLibrary(probe);
  const { instance } = await openProbe(library, { thread: true });
  await library.common.close(instance);
  assertEquals(library.common.live(), 1);
  assertEquals(await library.close(), "parked");
  if (LINUX) assert(await isMapped(probe.sha256));
});

Deno.test("a library that does not say it is unloadable is parked", async () => {
  await using probe = await buildProbe((source) => source.replace("CAISSON_UNLOADABLE,", "CAISSON_HAS_THREADS,"));
  assertEquals(await (await loadLibrary(probe)).close(), "parked");
});

Deno.test("close waits for calls on pool threads", async () => {
  await using probe = await buildProbe();
  const library = await loadLibrary(probe);
  const { instance, error } = await openProbe(library, { block: true });
  const batch = nativeBatch(library);
  const { interrupt } = library.common;
  const writing = library.sink.writeNonblocking(
    instance,
    batch.block,
    null,
    error,
  );
  assertEquals(library.inFlight, 1);
  const closing = library.close();
  interrupt(instance);
  assertEquals(await writing, E_INTERRUPTED);
  // The instance was left open, so the library is not quiet.
  assertEquals(await closing, "parked");
});

Deno.test({
  name: "a call that does not end makes the library stuck, and nothing is unmapped",
  // Neither handle may be closed while a pool thread is inside, so both stay open on purpose.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    await using probe = await buildProbe();
    const library = await loadLibrary(probe);
    const { instance, error } = await openProbe(library, { block: true });
    const { interrupt } = library.common;
    const batch = nativeBatch(library);
    const writing = library.sink.writeNonblocking(
      instance,
      batch.block,
      null,
      error,
    );
    assertEquals(await library.close({ deadlineMs: 20 }), "stuck");
    if (LINUX) assert(await isMapped(probe.sha256));
    interrupt(instance);
    assertEquals(await writing, E_INTERRUPTED);
  },
});

Deno.test("a private copy that was tampered with is replaced before it is loaded", async () => {
  await using probe = await buildProbe();
  await (await loadLibrary(probe)).close();
  const path = join(
    probe.cacheFolder,
    "native",
    `${probe.sha256}.${libraryExtension()}`,
  );
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o500);
  }
  await Deno.remove(path);
  await Deno.writeTextFile(path, "something else");
  await using library = await loadLibrary(probe);
  assertEquals(library.common.live(), 0);
  assertEquals(await Deno.readFile(path), await Deno.readFile(probe.file));
});

Deno.test("addresses are those of the memory, also inside views and shared memory", async () => {
  await using probe = await buildProbe();
  await using library = await loadLibrary(probe);
  const memory = new Uint8Array(64);
  const base = library.addressOf(memory);
  assertNotEquals(base, 0n);
  assertEquals(library.addressOf(memory.subarray(24)), base + 24n);
  assertEquals(library.addressOf(new Uint8Array()), 0n);
  memory.set([1, 2, 3], 24);
  const copy = new Uint8Array(3);
  library.read(base + 24n, copy);
  assertEquals(copy, new Uint8Array([1, 2, 3]));
  const shared = new Uint8Array(new SharedArrayBuffer(16));
  shared[9] = 42;
  const one = new Uint8Array(1);
  library.read(library.addressOf(shared) + 9n, one);
  assertEquals(one[0], 42);
});
