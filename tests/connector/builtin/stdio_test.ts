import { assert, assertEquals, assertRejects } from "@std/assert";
import { StdioSink } from "../../../runtime/connector/builtin/stdio_sink.ts";
import { type ByteReader, StdioSource } from "../../../runtime/connector/builtin/stdio_source.ts";
import { Batch } from "../../../runtime/data/batch.ts";
import { contextFor } from "./part_context.ts";

const utf8 = new TextEncoder();

/** Standard input that gives what it is told to, when it is told to. */
class Script implements ByteReader {
  readonly #steps: (string | null | Error)[] = [];
  #waiting: (() => void) | undefined;

  say(...steps: (string | null | Error)[]): void {
    this.#steps.push(...steps);
    this.#waiting?.();
  }

  async read(bytes: Uint8Array): Promise<number | null> {
    while (this.#steps.length === 0) {
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    const step = this.#steps.shift()!;
    if (step instanceof Error) throw step;
    return step === null ? null : utf8.encodeInto(step, bytes).written;
  }
}

function textOf(batch: Batch): string[] {
  return Array.from({ length: batch.count }, (_, index) => new TextDecoder().decode(batch.payload(index)));
}

Deno.test("the stdio source hands over what comes, until the end", async () => {
  const input = new Script();
  const source = new StdioSource(contextFor("stdio", "source", {}), input);
  const batch = Batch.allocate();
  input.say("one\n", "two", null);
  const texts: string[] = [];
  for (;;) {
    batch.clear();
    const { state } = await source.poll(batch);
    texts.push(...textOf(batch));
    if (state === "ended") break;
  }
  assertEquals(texts, ["one\n", "two"]);
  assertEquals((await source.poll(batch)).state, "ended");
  assertEquals(source.metrics(), { bytes: 7 });
});

Deno.test("the stdio source spreads a read over batches that are smaller", async () => {
  const input = new Script();
  const source = new StdioSource(contextFor("stdio", "source", {}), input);
  input.say("0123456789", null);
  const texts: string[] = [];
  for (let state = "filled"; state !== "ended";) {
    const batch = Batch.allocate({ arenaBytes: 4 });
    ({ state } = await source.poll(batch));
    texts.push(...textOf(batch));
  }
  assertEquals(texts, ["0123", "4567", "89"]);
});

Deno.test("a stop ends the wait for input, and what comes later touches no batch and is not lost", async () => {
  const input = new Script();
  const controller = new AbortController();
  const source = new StdioSource(contextFor("stdio", "source", {}, controller.signal), input);
  const batch = Batch.allocate();
  const polling = source.poll(batch);
  controller.abort();
  assertEquals(await polling, { state: "filled" });
  assertEquals(batch.count, 0);
  input.say("late");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert(batch.arena.every((byte) => byte === 0));
  await source.poll(batch);
  assertEquals(textOf(batch), ["late"]);
  await source.poll(Batch.allocate());
  input.say(null);
});

Deno.test("the stdio source reports a failed read", async () => {
  const input = new Script();
  const source = new StdioSource(contextFor("stdio", "source", {}), input);
  input.say(new Deno.errors.BadResource("gone"));
  await assertRejects(async () => await source.poll(Batch.allocate()), Deno.errors.BadResource);
});

Deno.test("the stdio sink writes everything, however little the other side takes at once", async () => {
  const written: number[] = [];
  const sink = new StdioSink(contextFor("stdio", "sink", {}), {
    write(bytes): Promise<number> {
      const taken = bytes.subarray(0, 3);
      written.push(...taken);
      return Promise.resolve(taken.byteLength);
    },
  });
  const large = "x".repeat(40_000);
  await sink.write(["snot\n", "badger\n", large].map((text) => utf8.encode(text)));
  assertEquals(new TextDecoder().decode(new Uint8Array(written)), `snot\nbadger\n${large}`);
  assertEquals(sink.metrics(), { bytes: 40_012 });
});

Deno.test("standard input reaches standard output or error, as the stream says", async () => {
  const child = new URL("./stdio_child.ts", import.meta.url).href;
  for (const stream of ["stdout", "stderr"] as const) {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-lock", child, stream],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // Read while writing: both pipes are smaller than the text.
    const reading = process.output();
    const writer = process.stdin.getWriter();
    await writer.write(utf8.encode("through\n"));
    await writer.write(utf8.encode("x".repeat(200_000)));
    await writer.close();
    const output = await reading;
    const text = new TextDecoder().decode(output[stream]);
    assert(text.endsWith("through\n" + "x".repeat(200_000)), text.slice(0, 500));
    assertEquals(output.success, true);
  }
});
