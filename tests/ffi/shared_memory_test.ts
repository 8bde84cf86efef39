import { assert, assertEquals, assertThrows } from "@std/assert";
import { createSharedMemory } from "../../ffi/shared_memory.ts";
import { runApart } from "../run_apart.ts";

const mapper = `
import { mapMemory } from ${JSON.stringify(import.meta.resolve("../../ffi/map_memory.ts"))};
const [library, path, bytes, parent] = Deno.args;
const { buffer, offset } = mapMemory({ library, path, bytes: Number(bytes), parent: Number(parent) });
const words = new Int32Array(buffer, offset, 4);
Atomics.store(words, 1, Atomics.load(words, 0) + 1);
`;

async function other(path: string, bytes: number): Promise<Deno.CommandOutput> {
  const { buildMemoryLibrary } = await import("../../ffi/memory_library.ts");
  const library = await buildMemoryLibrary();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--no-lock", "--no-prompt", `--allow-ffi=${library}`, "--ext=ts", "-"]
      .concat(library, path, String(bytes), String(Deno.pid)),
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(mapper));
  await writer.close();
  return await child.output();
}

Deno.test({
  name: "another process reads and writes the same memory, until its path is taken away",
  ignore: Deno.build.os === "windows",
  async fn() {
    using memory = await createSharedMemory(100_000);
    assert(memory.bytes >= 100_000);
    const words = new Int32Array(memory.buffer, memory.offset, 4);
    words[0] = 41;
    const { success, stderr } = await other(memory.path, memory.bytes);
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(words[1], 42);
    memory.unlink();
    assertEquals((await other(memory.path, memory.bytes)).success, false);
    words[0] = 7;
    memory[Symbol.dispose]();
    assertEquals([words[0], words[1]], [0, 0]);
  },
});

Deno.test({
  name: "memory given back leaves no mapping and no open file",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { before, after } = await runApart(import.meta.resolve("./memory_cycles.ts")) as Record<string, unknown>;
    assertEquals(after, before);
  },
});

Deno.test({
  name: "another process cannot change the size of the memory, which would end this one",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using memory = await createSharedMemory(1 << 20);
    const shell = async (script: string) =>
      await new Deno.Command("sh", { args: ["-c", script, memory.path], stderr: "null" }).output();
    assertEquals((await shell('echo changed 1<>"$0"')).success, true);
    assertEquals((await shell(': > "$0"')).success, false);
    assertEquals((await shell('truncate -s 0 "$0" || truncate -s 1G "$0"')).success, false);
    assertEquals(new TextDecoder().decode(new Uint8Array(memory.buffer, memory.offset, 7).slice()), "changed");
    new Uint8Array(memory.buffer).fill(1);
  },
});

Deno.test({
  name: "the physical memory of a process can be told, of one that is not there cannot",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using memory = await createSharedMemory(1);
    assert(memory.residentBytes(Deno.pid)! > 10 << 20);
    assertEquals(memory.residentBytes(0x7fff_fff0), undefined);
  },
});

Deno.test("without a compiler there is an error that says so", async () => {
  const cacheFolder = await Deno.makeTempDir();
  await using _clean = { [Symbol.asyncDispose]: () => Deno.remove(cacheFolder, { recursive: true }) };
  const module = import.meta.resolve("./compile_without_compiler.ts");
  const code = await runApart(module, { args: [cacheFolder], env: { PATH: cacheFolder } });
  assertEquals(code, "CAISSON_COMPILER_MISSING");
});

Deno.test({
  name: "bytes are copied into and out of shared memory, and never beyond",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const memory = await createSharedMemory(1 << 16);
    const shared = new Uint8Array(memory.buffer, memory.offset, memory.bytes);
    const plain = crypto.getRandomValues(new Uint8Array(10_001));
    const back = new Uint8Array(20_000);
    memory.copy(shared.subarray(3), plain, 10_000);
    memory.copy(back.subarray(1), shared.subarray(3), 9_999);
    assertEquals(back.subarray(1, 10_000), plain.subarray(0, 9_999));
    assertEquals(back[0], 0);
    assertEquals(back[10_000], 0);
    assertThrows(() => memory.copy(new Uint8Array(4), shared, 5), RangeError);
    memory.copy(back, new Uint8Array([7]), 5_000);
    assertEquals([back[0], back[1]], [7, plain[0]]);
    memory[Symbol.dispose]();
    memory.copy(back, plain, 10_001);
    assertEquals(back.subarray(0, 10_001), plain);
  },
});
