import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ByteSinkPart } from "../../../runtime/connector/contract.ts";
import { builtins } from "../../../runtime/connector/builtin/builtins.ts";
import { CaissonError } from "../../../runtime/errors/caisson_error.ts";
import { byteSinkOf, firstAttempt, TemporaryFolder } from "./part_context.ts";

const utf8 = new TextEncoder();

async function write(sink: ByteSinkPart, ...lines: string[]): Promise<void> {
  await sink.write(lines.map((line) => utf8.encode(`${line}\n`)), lines.length);
}

function names(folder: TemporaryFolder): string[] {
  return [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
}

/** What a tool that is not ours makes of it. */
async function gunzip(path: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("gzip", { args: ["-dc", path] }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("a file that would grow past its size is rotated between two writes, and as many are kept as asked for", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.log");
  const sink = byteSinkOf("file", { path, rotate: { bytes: 12, keep: 2 } });
  await sink.connect?.(firstAttempt);
  for (const number of [1, 2, 3, 4, 5, 6, 7]) await write(sink, `line ${number}`);
  await write(sink, "longer than the limit by itself", "and in one write");
  await sink.close();
  assertEquals(names(folder), ["out.log", "out.log.1", "out.log.2"]);
  assertEquals(await Deno.readTextFile(path), "longer than the limit by itself\nand in one write\n");
  assertEquals(await Deno.readTextFile(`${path}.1`), "line 7\n");
  assertEquals(await Deno.readTextFile(`${path}.2`), "line 6\n");
  assertEquals(await sink.metrics?.(), { bytes: 7 * 7 + 49, writes: 8, rotations: 7 });
});

Deno.test("a file is rotated when it is old enough, but not while it is empty", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.log");
  const sink = byteSinkOf("file", { path, rotate: { every_ms: 1 } });
  await sink.connect?.(firstAttempt);
  const wait = () => new Promise((resolve) => setTimeout(resolve, 5));
  await wait();
  await write(sink, "first");
  await wait();
  await write(sink, "second");
  await sink.close();
  assertEquals(names(folder), ["out.log", "out.log.1"]);
  assertEquals(await Deno.readTextFile(`${path}.1`), "first\n");
});

Deno.test("older files are compressed so that gzip reads them, and none is renamed meanwhile", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.log");
  const sink = byteSinkOf("file", { path, rotate: { bytes: 1 << 16, keep: 100, compress: "gzip" } });
  await sink.connect?.(firstAttempt);
  const line = (number: number) => `${number} ${"x".repeat(1000)}`;
  for (let number = 0; number < 500; number++) await write(sink, line(number));
  await sink.close();
  const rotations = Math.floor(500 / Math.floor((1 << 16) / 1004));
  assertEquals(names(folder).length, rotations + 1);
  let text = "";
  for (let number = rotations; number >= 1; number--) text += await gunzip(`${path}.${number}.gz`);
  text += await Deno.readTextFile(path);
  assertEquals(text, Array.from({ length: 500 }, (_, number) => `${line(number)}\n`).join(""));
});

Deno.test("what a kill left half compressed is compressed at the next start, and nothing is twice", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.log");
  await Deno.writeTextFile(path, "newest\n");
  await Deno.writeTextFile(`${path}.1`, "whole\n");
  await Deno.writeTextFile(`${path}.1.gz.part`, "half a fi");
  // Killed after the compressed file had its name, before the other was gone.
  await Deno.writeTextFile(`${path}.2`, "older\n");
  await Deno.writeTextFile(`${path}.2.gz`, "of an earlier attempt");
  const sink = byteSinkOf("file", { path, mode: "append", rotate: { bytes: 8, compress: "gzip" } });
  await sink.connect?.(firstAttempt);
  await write(sink, "next");
  await sink.close();
  assertEquals(names(folder), ["out.log", "out.log.1.gz", "out.log.2.gz", "out.log.3.gz"]);
  assertEquals(await Deno.readTextFile(path), "next\n");
  const older = [];
  for (const number of [1, 2, 3]) older.push(await gunzip(`${path}.${number}.gz`));
  assertEquals(older, ["newest\n", "whole\n", "older\n"]);
});

Deno.test("a rotation that fails loses nothing: the write is refused, and the file goes on", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.log");
  const sink = byteSinkOf("file", { path, rotate: { bytes: 8, keep: 1 } });
  await sink.connect?.(firstAttempt);
  await write(sink, "first");
  // A folder that is not empty cannot be replaced.
  await Deno.mkdir(`${path}.1/inside`, { recursive: true });
  const error = await assertRejects(() => write(sink, "second"), CaissonError);
  assertEquals(error.code, "CAISSON_SINK_FAILED");
  assertEquals(await Deno.readTextFile(path), "first\n");
  await Deno.remove(`${path}.1`, { recursive: true });
  await write(sink, "second");
  await sink.close();
  assertEquals(await Deno.readTextFile(path), "second\n");
  assertEquals(await Deno.readTextFile(`${path}.1`), "first\n");
});

Deno.test("a rotating sink asks for every path it may touch, and for no other", () => {
  const { needs } = builtins.find(({ type, kind }) => type === "file" && kind === "sink")!;
  assertEquals(needs({ path: "/log/a" }), { write: ["/log/a"] });
  const all = ["/log/a", "/log/a.1", "/log/a.1.gz", "/log/a.1.gz.part"];
  assertEquals(needs({ path: "/log/a", rotate: { keep: 1, compress: "gzip" } }), { write: all, read: all });
});
