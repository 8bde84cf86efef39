import { assert, assertEquals, assertRejects } from "@std/assert";
import { gunzipSync, gzipSync } from "node:zlib";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { chunksOf, join, randomOf, run } from "./chunking.ts";

const utf8 = new TextEncoder();

function bytesOf(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const random = randomOf(seed);
  // Half of it compresses well, half of it not at all.
  return Uint8Array.from({ length }, (_, index) => index % 512 < 256 ? index & 15 : random(256));
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

async function refusal(act: () => Promise<unknown>): Promise<CaissonError> {
  const error = await assertRejects(act, CaissonError);
  assertEquals(error.code, "CAISSON_PREPROCESSOR_FAILED");
  return error;
}

Deno.test("gzip gives back what was compressed, however it is cut into chunks", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = randomOf(seed);
    const whole = bytesOf(seed, random(300_000));
    const written = join(await run(createPostprocessor("gzip"), chunksOf(whole, random, 1 + random(9000))));
    assertEquals(plain(gunzipSync(written)), whole, `written, seed ${seed}`);
    const read = await run(createPreprocessor("gzip"), chunksOf(written, random, 1 + random(9000)));
    assertEquals(join(read), whole, `read, seed ${seed}`);
  }
});

Deno.test("gzip reads several members and zeros behind them", async () => {
  const file = join([gzipSync("snot "), gzipSync("badger"), new Uint8Array(600)]);
  for (const longest of [1, 7, 10_000]) {
    const read = await run(createPreprocessor("gzip"), chunksOf(file, randomOf(longest), longest));
    assertEquals(join(read), utf8.encode("snot badger"));
  }
});

Deno.test("gzip writes a valid file even without an event, and a member for each stream", async () => {
  const gzip = createPostprocessor({ name: "gzip", config: { level: 9 } });
  const empty = join(await run(gzip, []));
  assertEquals(gunzipSync(empty).byteLength, 0);
  const first = join(await run(gzip, [utf8.encode("snot")]));
  const second = join(await run(gzip, [utf8.encode("badger")]));
  assertEquals(plain(gunzipSync(join([empty, first, second]))), utf8.encode("snotbadger"));
});

Deno.test("gzip keeps the order of payloads that are handed over without waiting", async () => {
  const gzip = createPostprocessor("gzip");
  const out: Uint8Array[] = [];
  const emit = (bytes: Uint8Array): number => out.push(bytes);
  const whole = bytesOf(7, 1 << 20);
  const running: unknown[] = [];
  for (let at = 0; at < whole.byteLength; at += 10_000) {
    running.push(gzip.process(whole.subarray(at, at + 10_000), emit));
  }
  assert(running.some((promise) => promise === undefined), "small payloads cost no promise");
  await Promise.all(running);
  await gzip.finish(emit);
  assertEquals(plain(gunzipSync(join(out))), whole);
});

Deno.test("gzip refuses a stream that stops in the middle", async () => {
  const file = gzipSync(bytesOf(3, 5000));
  for (const length of [1, 5, 10, 11, 200, file.byteLength - 8, file.byteLength - 1]) {
    const error = await refusal(() => run(createPreprocessor("gzip"), [file.subarray(0, length)]));
    assertEquals(error.allowed, "a whole gzip stream");
  }
});

Deno.test("gzip refuses damage, also in what follows, until the stream ends", async () => {
  const gzip = createPreprocessor("gzip");
  const ignore = (): void => {};
  await refusal(async () => await gzip.process(utf8.encode("this is not gzip at all"), ignore));
  await refusal(async () => await gzip.process(gzipSync("whole"), ignore));
  await gzip.finish(ignore);
  assertEquals(join(await run(gzip, [gzipSync("whole")])), utf8.encode("whole"));
});

Deno.test("gzip refuses data behind the end of the stream", async () => {
  const gzip = createPreprocessor("gzip");
  const ignore = (): void => {};
  await gzip.process(join([gzipSync("x"), new Uint8Array(20)]), ignore);
  await gzip.process(new Uint8Array(20), ignore);
  await refusal(async () => await gzip.process(utf8.encode("more"), ignore));
  await gzip.finish(ignore);
});

Deno.test("gzip answers random and damaged input with an error or with bytes, never with a crash or a hang", async () => {
  const file = gzipSync(bytesOf(5, 3000));
  for (let seed = 1; seed <= 150; seed++) {
    const random = randomOf(seed);
    const damaged = seed % 3 === 0 ? Uint8Array.from({ length: random(200) }, () => random(256)) : plain(file);
    for (let times = random(3); times >= 0; times--) damaged[random(damaged.byteLength || 1)]! ^= 1 + random(255);
    try {
      await run(createPreprocessor("gzip"), chunksOf(damaged, random, 500));
    } catch (error) {
      assert(error instanceof CaissonError, String(error));
      assertEquals(error.code, "CAISSON_PREPROCESSOR_FAILED");
    }
  }
});

Deno.test("gzip stops a decompression bomb at the limit", async () => {
  const bomb = gzipSync(new Uint8Array(32 << 20));
  const gzip = createPreprocessor({ name: "gzip", config: { max_bytes: 1 << 20 } });
  let emitted = 0;
  const count = (bytes: Uint8Array): void => {
    emitted += bytes.byteLength;
  };
  const error = await refusal(async () => await gzip.process(bomb, count));
  assert(error.found.includes("max_bytes"), error.message);
  assert(emitted <= 1 << 20, `${emitted} bytes came out`);
  await gzip.finish(count);
});

Deno.test("the limit of gzip counts each chunk for itself", async () => {
  const file = gzipSync(new Uint8Array(3 << 20));
  const chunks = chunksOf(file, () => 256, 256);
  const gzip = createPreprocessor({ name: "gzip", config: { max_bytes: 1 << 20 } });
  assertEquals(join(await run(gzip, chunks)).byteLength, 3 << 20);
});

Deno.test("gzip goes on when a later step refuses one piece, and reports it", async () => {
  const gzip = createPreprocessor("gzip");
  const whole = bytesOf(9, 200_000);
  let pieces = 0;
  await assertRejects(
    async () =>
      await gzip.process(gzipSync(whole), () => {
        if (pieces++ === 0) throw new RangeError("one line too long");
      }),
    RangeError,
    "one line too long",
  );
  assert(pieces > 1);
  await gzip.finish(() => {});
});
