import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { SeparatePreprocessor } from "../../runtime/codec/separate_preprocessor.ts";
import { BatchPool } from "../../runtime/connector/batch_pool.ts";
import type { ProcessorPart } from "../../runtime/connector/contract.ts";
import { ChunkDecoder } from "../../runtime/connector/decoder.ts";
import { HeldChunks } from "../../runtime/connector/held_chunks.ts";
import { NativeLines } from "../../runtime/connector/native_lines.ts";
import { Batch } from "../../runtime/data/batch.ts";
import type { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { asProcessor, openNative, start } from "../isolation/native_plugins.ts";
import { seeded } from "./hostile_json.ts";
import { hasKernel } from "./kernel_twin.ts";

const FOLDER = fromFileUrl(new URL("../../plugins/json_kernel", import.meta.url));
const ignore = !await hasKernel();
const decoder = new TextDecoder();

/** A chunk of a stream. */
interface Chunk {
  readonly stream: number;
  readonly bytes: Uint8Array;
}

/** Chunks of a few bytes up to some 60 KiB, with empty lines, carriage returns, characters of many bytes, and long lines. */
function randomChunks(random: () => number, count: number, longest: number): Chunk[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const line = () => {
    const kind = below(100);
    if (kind < 5) return "\n";
    if (kind < 10) return `${"z".repeat(below(90))}\r\n`;
    if (kind < 12) return `${"ü€".repeat(below(50))}\n`;
    if (kind === 12 && random() < 0.1) return `${"l".repeat(below(Math.min(3 * longest, 20_000)))}\n`;
    return `{"n":${below(1e6)},"t":"${"x".repeat(below(120))}"}\n`;
  };
  return Array.from({ length: count }, () => {
    let text = "";
    const size = random() < 0.2 ? below(200) : below(60_000);
    while (text.length < size) text += line();
    const bytes = new TextEncoder().encode(text);
    // Most begin and end within a line.
    return { stream: below(3), bytes: bytes.subarray(below(30), Math.max(30, bytes.byteLength - below(40))) };
  });
}

/** Everything the decoder makes of the chunks, three in each batch. */
async function decode(chunks: readonly Chunk[], separate: () => SeparatePreprocessor, lines?: NativeLines) {
  const pool = new BatchPool({ capacity: 100, arenaBytes: 1 << 17 }, 4);
  const held = new HeldChunks();
  const chain = () => [separate()];
  const cutter = new ChunkDecoder(chain(), pool, "test/in", { newChain: chain, held, lines });
  const seen: string[] = [];
  let most = 0;
  const take = (cut: readonly Batch[]) => {
    for (const { chunk, error } of cutter.takeErrors()) seen.push(`error in ${chunk}: ${(error as Error).message}`);
    for (const batch of cut) {
      assert(batch.count > 0);
      most = Math.max(most, batch.count);
      for (let index = 0; index < batch.count; index++) {
        seen.push(
          [
            // What the end of the streams brings comes now.
            batch.timestampMs(index) > 1_700_000_001_000 ? "now" : batch.timestampMs(index),
            batch.sequence(index),
            batch.partition(index),
            decoder.decode(batch.payload(index)),
          ].join(" "),
        );
      }
    }
    const before = (batch: Batch) => cut.slice(0, cut.indexOf(batch)).reduce((sum, { count }) => sum + count, 0);
    const opened = held.takeOpened();
    if (opened.length > 0) seen.push(`held: ${opened.map(({ chunk }) => chunk)}`);
    for (const { chunks: waiting, batch, index } of held.takeCompleted()) {
      const by = batch === undefined ? "nothing" : before(batch) + index;
      seen.push(`completed by ${by}: ${waiting.map(({ chunk }) => chunk)}`);
    }
    for (const batch of cut) pool.give(batch);
  };
  for (let from = 0; from < chunks.length; from += 3) {
    const some = chunks.slice(from, from + 3);
    const batch = Batch.allocate({ capacity: 3, arenaBytes: 1 << 18, segments: 5 });
    for (const [index, { stream, bytes }] of some.entries()) {
      // In the arena, and in memory of their own.
      if (index === 1) batch.append(batch.addSegment(bytes), 0, bytes.byteLength, 1_700_000_000_000.123 + from);
      else assert(batch.appendBytes(bytes, 1_700_000_000_000.25 + from + index));
      batch.setPartition(index, stream);
    }
    take(await cutter.decode(batch));
  }
  take(await cutter.finish());
  assertEquals(pool.inFlight, 0);
  return { seen, most };
}

async function openLines(maxLength: number) {
  const opened = await openNative(FOLDER, "lines", { max_length: maxLength });
  const part = asProcessor(opened);
  await start(part);
  return { part, opened };
}

/** Counts the calls of a part. */
function counted(part: ProcessorPart): { calls: number; part: Pick<ProcessorPart, "process"> } {
  const made = {
    calls: 0,
    part: {
      process(...given: Parameters<ProcessorPart["process"]>) {
        made.calls++;
        return part.process(...given);
      },
    },
  };
  return made;
}

Deno.test({
  name: "separate comes to the same with lines cut natively: events, their origin, errors, and what is held",
  ignore,
  async fn() {
    for (const [longest, buffered] of [[400, true], [1 << 20, true], [400, false]] as const) {
      const { part, opened } = await openLines(longest);
      await using _ = opened;
      const native = counted(part);
      const separate = () => new SeparatePreprocessor({ separator: 10, maxLength: longest, buffered });
      for (let seed = 1; seed <= 6; seed++) {
        const chunks = randomChunks(seeded(seed), 30, longest);
        const lines = new NativeLines(native.part, "test/in.lines", (error) => {
          throw error;
        });
        const plain = await decode(chunks, separate);
        assertEquals(await decode(chunks, separate, lines), plain, `seed ${seed}`);
        assertStrictEquals(plain.seen.some((text) => text.startsWith("error")), longest === 400);
        assertEquals(plain.most, 100);
      }
      assert(native.calls > 60, `${native.calls} calls`);
    }
  },
});

Deno.test({
  name: "lines are cut by separate itself from the moment on at which the native cutter fails, and it is told once",
  ignore,
  async fn() {
    const { part, opened } = await openLines(1 << 20);
    await using _ = opened;
    const errors: CaissonError[] = [];
    let calls = 0;
    const failing = {
      process(...given: Parameters<ProcessorPart["process"]>): void {
        void part.process(given[0], given[1], () => {
          calls++;
          throw new TypeError("no memory");
        });
      },
    };
    const separate = () => new SeparatePreprocessor({ separator: 10, maxLength: 1 << 20, buffered: true });
    const chunks = randomChunks(seeded(9), 12, 400);
    const lines = new NativeLines(failing, "test/in.lines", (error) => errors.push(error));
    assertEquals(await decode(chunks, separate, lines), await decode(chunks, separate));
    assertEquals(calls, 1);
    assertEquals(errors.map(({ code }) => code), ["CAISSON_PREPROCESSOR_FAILED"]);
  },
});
