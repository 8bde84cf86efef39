import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ByteSinkPart, SourcePart } from "../../../runtime/connector/contract.ts";
import { FileSink } from "../../../runtime/connector/builtin/file_sink.ts";
import { Batch } from "../../../runtime/data/batch.ts";
import { CaissonError, type CaissonErrorOptions } from "../../../runtime/errors/caisson_error.ts";
import { byteSinkOf, contextFor, firstAttempt, sourceOf, TemporaryFolder } from "./part_context.ts";

const utf8 = new TextEncoder();

async function readAll(source: SourcePart, batch: Batch): Promise<{ text: string; chunks: number }> {
  let text = "";
  let chunks = 0;
  for (;;) {
    batch.clear();
    const { state } = await source.poll(batch, 1024);
    for (let index = 0; index < batch.count; index++) {
      assert(batch.payload(index).buffer === batch.arena.buffer, "read into the arena");
      text += new TextDecoder().decode(batch.payload(index).slice());
      chunks++;
    }
    if (state === "ended") return { text, chunks };
  }
}

async function refusal(act: () => unknown): Promise<CaissonError & CaissonErrorOptions> {
  return await assertRejects(async () => await act(), CaissonError);
}

async function write(sink: ByteSinkPart, ...texts: string[]): Promise<void> {
  await sink.write(texts.map((text) => utf8.encode(text)), texts.length);
}

Deno.test("the file source reads a file to its end, one record a chunk", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("in.log");
  const content = "line\n".repeat(1000);
  await Deno.writeTextFile(path, content);
  for (const [chunkBytes, arenaBytes, chunks] of [[262144, 1 << 20, 1], [1000, 1 << 20, 5], [1 << 20, 2048, 3]]) {
    for (const shared of [false, true]) {
      const source = sourceOf("file", { path, chunk_bytes: chunkBytes });
      await source.connect!(firstAttempt);
      const batch = Batch.allocate({ arenaBytes: arenaBytes!, shared });
      assertEquals(await readAll(source, batch), { text: content, chunks });
      assertEquals((await source.metrics!())["bytes"], 5000);
      await source.close();
    }
  }
});

Deno.test("the file source goes on where it was when it connects again", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("in.log");
  await Deno.writeTextFile(path, "0123456789");
  const source = sourceOf("file", { path, chunk_bytes: 4 });
  await source.connect!(firstAttempt);
  const batch = Batch.allocate();
  source.poll(batch, 1);
  await source.connect!({ overall: 1, sinceLastSuccess: 0 });
  assertEquals((await readAll(source, batch)).text, "456789");
  await source.close();
});

Deno.test("the file source stamps records with the time of the read", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("in.log");
  await Deno.writeTextFile(path, "x");
  const source = sourceOf("file", { path });
  await source.connect!(firstAttempt);
  const batch = Batch.allocate();
  source.poll(batch, 1);
  assert(Math.abs(batch.timestampMs(0) - Date.now()) < 10_000);
  await source.close();
});

Deno.test("the file source says why a path cannot be read", async () => {
  await using folder = new TemporaryFolder();
  const source = sourceOf("file", { path: folder.file("absent") });
  const error = await refusal(() => source.connect!(firstAttempt));
  assertEquals(error.code, "CAISSON_CONNECT_FAILED");
  assert(error.found.includes("absent"));
  await source.close();
  const onFolder = sourceOf("file", { path: folder.path });
  assertEquals((await refusal(() => onFolder.connect!(firstAttempt))).code, "CAISSON_CONNECT_FAILED");
  await onFolder.close();
  assertThrows(() => onFolder.poll(Batch.allocate(), 1), CaissonError);
});

Deno.test({
  name: "the file source waits for a pipe without holding up the host",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = new TemporaryFolder();
    const path = folder.file("pipe");
    await new Deno.Command("mkfifo", { args: [path] }).output();
    const source = sourceOf("file", { path });
    const writer = new Deno.Command("sh", { args: ["-c", 'exec >"$0"; echo one; sleep 0.1; echo two', path] }).spawn();
    await source.connect!(firstAttempt);
    assertEquals((await readAll(source, Batch.allocate())).text, "one\ntwo\n");
    await writer.status;
    await source.close();
  },
});

Deno.test("the file sink replaces, adds to, or refuses a file that is there", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.log");
  for (const [mode, expected] of [["exclusive", "a\nb\n"], ["append", "a\nb\na\nb\n"], ["write", "a\nb\n"]]) {
    const sink = byteSinkOf("file", { path, mode, sync: "close" });
    await sink.connect!(firstAttempt);
    await write(sink, "a\n", "b\n");
    await sink.close();
    assertEquals(await Deno.readTextFile(path), expected);
  }
  const error = await refusal(() => byteSinkOf("file", { path, mode: "exclusive" }).connect!(firstAttempt));
  assertEquals([error.code, error.found], ["CAISSON_CONNECT_FAILED", `${path} exists`]);
  assertEquals(await Deno.readTextFile(path), "a\nb\n");
});

Deno.test("the file sink never empties a file again when it reconnects", async () => {
  await using folder = new TemporaryFolder();
  for (const mode of ["write", "exclusive", "append"]) {
    const path = folder.file(mode);
    const sink = byteSinkOf("file", { path, mode });
    await sink.connect!(firstAttempt);
    await write(sink, "before\n");
    await sink.connect!({ overall: 1, sinceLastSuccess: 0 });
    await write(sink, "after\n");
    await sink.close();
    assertEquals(await Deno.readTextFile(path), "before\nafter\n");
  }
});

Deno.test("the file sink writes small and large chunks in order and in few writes", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.bin");
  const lengths = [0, 1, 222, 32_767, 32_768, 5, 300_000, 0, 7, ...Array.from({ length: 5000 }, () => 222)];
  const chunks = lengths.map((length, index) => new Uint8Array(length).fill(index));
  // Half of them in shared memory, as those of a Worker.
  const mixed = chunks.map((chunk, index) => {
    if (index % 2 === 0) return chunk;
    const shared = new Uint8Array(new SharedArrayBuffer(chunk.byteLength));
    shared.set(chunk);
    return shared;
  });
  const sink = byteSinkOf("file", { path, sync: "write" });
  await sink.connect!(firstAttempt);
  await sink.write(mixed, mixed.length);
  await sink.write([], 0);
  await sink.write([utf8.encode("end")], 1);
  const { bytes, writes } = await sink.metrics!() as { bytes: number; writes: number };
  await sink.close();
  const expected = await new Blob([...chunks, "end"]).bytes();
  assertEquals(await Deno.readFile(path), expected);
  assertEquals(bytes, expected.byteLength);
  assert(writes < 15, `${writes} writes`);
});

Deno.test("the file sink names the folder that is missing", async () => {
  await using folder = new TemporaryFolder();
  const sink = byteSinkOf("file", { path: folder.file("absent/out.log") });
  const error = await refusal(() => sink.connect!(firstAttempt));
  assertEquals(error.code, "CAISSON_CONNECT_FAILED");
  assert(error.found.includes("its folder does not exist"));
  assert(error.action.includes("Create the folder"));
  assertThrows(() => sink.write([utf8.encode("x")], 1), CaissonError);
});

Deno.test({
  name: "the file sink takes back a write that fails halfway, and goes on when there is room",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = new TemporaryFolder();
    const path = folder.file("out.log");
    const module = new URL("./file_limit_child.ts", import.meta.url).href;
    // The limit of 8 blocks makes the kernel write a part and then refuse; the signal it sends with it is ignored.
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", `trap '' XFSZ; ulimit -f 8; exec "$0" run -A --no-lock "$1" "$2"`, Deno.execPath(), module, path],
      env: { NO_COLOR: "1" },
    }).output();
    const log = new TextDecoder().decode(stderr);
    assertEquals(JSON.parse(new TextDecoder().decode(stdout) || "null"), ["ok", "CAISSON_SINK_FAILED", "ok"], log);
    assertEquals(await Deno.readTextFile(path), `${"a".repeat(1000)}\n${"c".repeat(1000)}\n`);
  },
});

Deno.test({
  name: "the file sink writes to a device, and fails the events it refuses",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const sink = byteSinkOf("file", { path: "/dev/null", mode: "append" });
    await sink.connect!(firstAttempt);
    await write(sink, "a", "b");
    await sink.close();
    const full = new FileSink(contextFor("file", "sink", { path: "/dev/full" }));
    await full.connect();
    await assertRejects(() => write(full, "a"));
    await full.close();
  },
});

for (const [flags, name] of [["--allow-write", "read"], ["--allow-read", "write"]] as const) {
  Deno.test(`a file the host may not ${name} is refused with the flag that allows it`, async () => {
    await using folder = new TemporaryFolder();
    const path = folder.file("data");
    await Deno.writeTextFile(path, "");
    const module = new URL("./permission_child.ts", import.meta.url).href;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-lock", flags, module, path],
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const log = new TextDecoder().decode(stderr);
    const [file, database] = JSON.parse(new TextDecoder().decode(stdout) || "[{},{}]");
    assertEquals(file.code, "CAISSON_HOST_PERMISSION", log);
    assertEquals(file.action, `Start the host with --allow-${name}=${path}`);
    assertEquals(database.code, "CAISSON_HOST_PERMISSION", log);
  });
}
