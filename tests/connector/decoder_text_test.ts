import { assert, assertEquals } from "@std/assert";
import { offerText, textOf } from "../../runtime/codec/batch_text.ts";
import { json } from "../../runtime/codec/json.ts";
import { SeparatePreprocessor } from "../../runtime/codec/separate_preprocessor.ts";
import { BatchPool } from "../../runtime/connector/batch_pool.ts";
import { ChunkDecoder } from "../../runtime/connector/decoder.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { integer, seeded } from "../data/random.ts";

const encoder = new TextEncoder();

Deno.test("events cut out of chunks have the values of their bytes, whatever text was made to find their ends", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const values: unknown[] = [];
    // Now and then something that is no ASCII, so that offsets of characters and bytes part.
    const pads = seed % 3 === 0 ? ["x", "ü", "漢字"] : ["x", "yy"];
    for (let count = 50 + integer(random, 3000); count > 0; count--) {
      const pad = pads[integer(random, seed % 2 === 0 ? pads.length : 2)]!;
      values.push({ id: values.length, text: pad.repeat(integer(random, 60)) });
    }
    const whole = encoder.encode(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    const pool = new BatchPool({ capacity: 1 + integer(random, 700), arenaBytes: 1 << 20, segments: 8 }, 64);
    const separate = new SeparatePreprocessor({ separator: 10, maxLength: 1 << 20, buffered: true });
    const decoder = new ChunkDecoder([separate], pool, "test/in", { newChain: () => [separate] });
    const found: unknown[] = [];
    const take = (batches: readonly Batch[]) => {
      for (const batch of batches) {
        for (let index = 0; index < batch.count; index++) found.push(Event.raw(batch, index, json).value);
      }
    };
    for (let at = 0; at < whole.byteLength;) {
      const chunks = Batch.allocate({ capacity: 4, arenaBytes: 1 << 19 });
      for (let chunk = 1 + integer(random, 4); chunk > 0 && at < whole.byteLength; chunk--) {
        const bytes = whole.subarray(at, at + 1 + integer(random, 1 << 17));
        assert(chunks.appendBytes(bytes, 1));
        at += bytes.byteLength;
      }
      take(await decoder.decode(chunks));
    }
    take(await decoder.finish());
    assertEquals(found, values, `seed ${seed}`);
  }
});

Deno.test("text that was made to find ends is not made again, and is gone with the batch", () => {
  const batch = Batch.allocate({ capacity: 4 });
  for (const text of ["11", "22", "33"]) batch.appendBytes(encoder.encode(text), 1);
  // Other characters than the bytes, to see which are taken; payloads lie on multiples of eight.
  offerText(batch, 0, 0, "44      55");
  assertEquals([textOf(batch, 0), textOf(batch, 1)], ["44", "55"]);
  assertEquals(textOf(batch, 2), undefined);
  batch.clear();
  for (const text of ["66", "77"]) batch.appendBytes(encoder.encode(text), 1);
  assertEquals(Event.raw(batch, 0, json).value, 66);
});
