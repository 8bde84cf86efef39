import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { SeparatePreprocessor } from "../../runtime/codec/separate_preprocessor.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { asProcessor, openNative, start } from "../isolation/native_plugins.ts";
import { hostileEvents, seeded } from "./hostile_json.ts";
import { hasKernel } from "./kernel_twin.ts";

const FOLDER = fromFileUrl(new URL("../../plugins/json_kernel", import.meta.url));
const ignore = !await hasKernel();
const decoder = new TextDecoder();

/** Cuts chunks natively, each call with outputs of few events unless told; a failed line is `null`. */
async function cut(chunks: readonly Uint8Array[], maxLength: number, capacity = 3): Promise<(string | null)[]> {
  await using opened = await openNative(FOLDER, "lines", { max_length: maxLength });
  const part = asProcessor(opened);
  await start(part);
  const lines: (string | null)[] = [];
  const out = Batch.allocate({ capacity, arenaBytes: 512, segments: 2 });
  const take = () => {
    for (let index = 0; index < out.count; index++) {
      const text = decoder.decode(out.payload(index));
      lines.push(out.isFailed(index) ? null : text);
    }
    out.ownSegments();
    return out;
  };
  for (const chunk of [...chunks, undefined]) {
    const batch = Batch.allocate({ capacity: 1, arenaBytes: 0, segments: 2 });
    if (chunk !== undefined) batch.append(batch.addSegment(chunk), 0, chunk.byteLength, 1);
    out.ownSegments();
    await part.process(batch, out, take);
    take();
  }
  return lines;
}

/** The same by the runtime's own preprocessor, which reports one failure for each chunk. */
function separated(chunks: readonly Uint8Array[], maxLength: number): string[] {
  const lines: string[] = [];
  const separate = new SeparatePreprocessor({ separator: 10, maxLength, buffered: true });
  for (const chunk of chunks) {
    try {
      separate.process(chunk, (line) => lines.push(decoder.decode(line)));
    } catch {
      // The lines that are whole have been emitted.
    }
  }
  separate.finish((line) => lines.push(decoder.decode(line)));
  return lines;
}

Deno.test({
  name: "lines cuts as separate does, wherever the chunks end",
  ignore,
  async fn() {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      const text = hostileEvents(random, 40).flatMap((event) => [...event.subarray(0, 150), 10]);
      const bytes = new Uint8Array([...text, ...(seed % 2 === 0 ? [] : [0x61])]);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.byteLength;) {
        const length = 1 + Math.floor(random() * 300);
        chunks.push(bytes.slice(at, at + length));
        at += length;
      }
      assertEquals(await cut(chunks, 200), separated(chunks, 200), `seed ${seed}`);
      assertEquals((await cut(chunks, 60)).filter((line) => line !== null), separated(chunks, 60), `seed ${seed}`);
    }
  },
});

Deno.test({
  name: "lines cuts chunks of hundreds of lines, wherever a line ends and a batch is full",
  ignore,
  async fn() {
    const random = seeded(7);
    for (const longest of [1, 3, 70, 400]) {
      // Long runs of empty lines, too: many ends in one block of 64 bytes.
      const lines = Array.from({ length: 1500 }, () => "y".repeat(Math.floor(random() * longest)));
      const bytes = new TextEncoder().encode(lines.join("\n"));
      for (const capacity of [1, 255, 256, 2000]) {
        const found = await cut([bytes.subarray(0, 900), bytes.subarray(900)], 300, capacity);
        const wanted = separated([bytes.subarray(0, 900), bytes.subarray(900)], 300);
        assertEquals(found.filter((line) => line !== null), wanted, `${longest}, ${capacity}`);
        assertEquals(found.filter((line) => line === null).length, lines.filter(({ length }) => length > 300).length);
      }
    }
  },
});

Deno.test({
  name: "lines leaves out and reports a line that is too long, once, also when it has no end",
  ignore,
  async fn() {
    const encode = (text: string) => new TextEncoder().encode(text);
    const long = "x".repeat(9);
    assertEquals(await cut([encode(`a\n${long}\nb\n`)], 8), ["a", null, "b"]);
    assertEquals(await cut([encode(`a\n${long}`), encode(`${long}\nb`)], 8), ["a", null, "b"]);
    assertEquals(await cut([encode(`${long}`), encode(long)], 8), [null]);
  },
});
