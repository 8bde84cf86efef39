import { assert, assertEquals, assertThrows } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { BatchError } from "../../runtime/data/batch_error.ts";
import { blockBytes } from "../../runtime/data/batch_options.ts";
import { BATCH_LAYOUT, RECORD_LAYOUT } from "../../runtime/data/layout.ts";
import { bytes, integer, seeded } from "./random.ts";

function fill(batch: Batch, random: () => number, most: number): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  for (;;) {
    const payload = bytes(random, integer(random, most));
    const timestamp = integer(random, 1e9) + integer(random, 1000) / 1000;
    if (!batch.appendBytes(payload, timestamp)) return payloads;
    batch.setSequence(payloads.length, integer(random, 2 ** 48));
    payloads.push(payload);
  }
}

function payloadsOf(batch: Batch): Uint8Array[] {
  return Array.from({ length: batch.count }, (_, index) => batch.payload(index).slice());
}

/** The 32-bit words of record `index`. */
function record(batch: Batch, index: number): Uint32Array {
  return new Uint32Array(
    batch.block.buffer,
    batch.block.byteOffset + BATCH_LAYOUT.bytes + index * batch.recordStride,
    batch.recordStride / 4,
  );
}

function header(batch: Batch): Uint32Array {
  return new Uint32Array(batch.block.buffer, batch.block.byteOffset, BATCH_LAYOUT.bytes / 4);
}

Deno.test("whatever is appended until a batch is full can be read back", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seeded(seed);
    const batch = Batch.allocate({
      capacity: 1 + integer(random, 60),
      arenaBytes: 64 * (1 + integer(random, 64)),
    });
    const payloads = fill(batch, random, 300);
    assertEquals(payloadsOf(batch), payloads, `seed ${seed}`);
    batch.validate();
    assert(payloads.length === batch.capacity || batch.arenaUsed > batch.arena.byteLength - 300 - 8);
  }
});

Deno.test("payloads start on multiples of 8", () => {
  const batch = Batch.allocate({ capacity: 50 });
  fill(batch, seeded(7), 100);
  for (let index = 0; index < batch.count; index++) assertEquals(batch.payloadOffset(index) % 8, 0);
});

Deno.test("times keep microseconds and sequences keep 53 bits", () => {
  const batch = Batch.allocate({ capacity: 1 });
  batch.appendBytes(new Uint8Array(1), 1_790_000_000_000.125);
  batch.setSequence(0, Number.MAX_SAFE_INTEGER);
  assertEquals(batch.timestampMs(0), 1_790_000_000_000.125);
  assertEquals(batch.sequence(0), Number.MAX_SAFE_INTEGER);
});

Deno.test("a copy holds the same events as far as they fit, and the rest follows", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed);
    const source = Batch.allocate({ capacity: 100, arenaBytes: 8192 });
    const payloads = fill(source, random, 200);
    const target = Batch.allocate({
      capacity: 1 + integer(random, 120),
      arenaBytes: 256 + 64 * integer(random, 200),
    });
    const copied: Uint8Array[] = [];
    while (copied.length < payloads.length) {
      const count = target.copyFrom(source, copied.length);
      assert(count > 0, `seed ${seed}`);
      target.validate();
      for (let index = 0; index < count; index++) {
        assertEquals(target.sequence(index), source.sequence(copied.length + index));
        assertEquals(target.timestampNs(index), source.timestampNs(copied.length + index));
      }
      copied.push(...payloadsOf(target));
    }
    assertEquals(copied, payloads, `seed ${seed}`);
  }
});

Deno.test("a copy gathers payloads from several segments", () => {
  const source = Batch.allocate({ capacity: 4, arenaBytes: 64 });
  const outside = source.addSegment(new TextEncoder().encode("elsewhere"));
  source.appendBytes(new TextEncoder().encode("here"), 1);
  source.append(outside, 4, 5, 2);
  const target = Batch.allocate({ capacity: 4, arenaBytes: 64 });
  assertEquals(target.copyFrom(source, 0), 2);
  assertEquals(payloadsOf(target).map((payload) => new TextDecoder().decode(payload)), ["here", "where"]);
  assertEquals(target.segmentCount, 1);
});

Deno.test("a copy of one event larger than the arena copies nothing", () => {
  const source = Batch.allocate({ capacity: 1 });
  source.appendBytes(new Uint8Array(500), 1);
  const target = Batch.allocate({ capacity: 1, arenaBytes: 256 });
  assertEquals(target.copyFrom(source, 0), 0);
  assertEquals(target.count, 0);
});

Deno.test("absorbed batches follow each other and can be read back", () => {
  const random = seeded(99);
  const target = Batch.allocate({ capacity: 300, arenaBytes: 1 << 16 });
  const all: Uint8Array[] = [];
  for (let round = 0; round < 3; round++) {
    const shared = Batch.allocate({ capacity: 100, arenaBytes: 1 << 14, shared: true });
    const payloads = fill(shared, random, 300);
    assertEquals(target.absorb(shared), payloads.length);
    all.push(...payloads);
  }
  assertEquals(payloadsOf(target), all);
  target.validate();
});

Deno.test("what is changed in shared memory after absorbing does not change the copy", () => {
  const shared = Batch.allocate({ capacity: 4, shared: true });
  shared.appendBytes(new TextEncoder().encode("before"), 1);
  const host = Batch.allocate({ capacity: 4 });
  host.absorb(shared);
  shared.arena.fill(0x41);
  record(shared, 0).fill(0xffffffff);
  header(shared).fill(0xffffffff);
  assertEquals(new TextDecoder().decode(host.payload(0)), "before");
});

Deno.test("forged counts, lengths, offsets and segments are refused and nothing is appended", () => {
  const forgeries: [string, (shared: Batch) => void][] = [
    ["count", (shared) => header(shared)[BATCH_LAYOUT.count / 4] = 5],
    ["count", (shared) => header(shared)[BATCH_LAYOUT.count / 4] = 0xffffffff],
    ["arenaUsed", (shared) => header(shared)[BATCH_LAYOUT.arenaUsed / 4] = 0xffffffff],
    ["record[1].payloadOffset", (shared) => record(shared, 1)[RECORD_LAYOUT.payloadOffset / 4] = 0xfffffff8],
    ["record[1].payloadOffset", (shared) => record(shared, 1)[RECORD_LAYOUT.payloadLength / 4] = 0x7fffffff],
    ["record[0].keyOffset", (shared) => record(shared, 0)[RECORD_LAYOUT.keyLength / 4] = 100],
    ["record[0].metaOffset", (shared) => record(shared, 0)[RECORD_LAYOUT.metaOffset / 4] = 1000],
    ["record[1].payloadSegment", (shared) => record(shared, 1)[RECORD_LAYOUT.payloadSegment / 4] = 1],
    ["record[1].metaSegment", (shared) => record(shared, 1)[RECORD_LAYOUT.metaSegment / 4] = 3],
    // Bytes of the arena that an earlier batch left there are not part of this one.
    ["record[1].payloadOffset", (shared) => record(shared, 1)[RECORD_LAYOUT.payloadLength / 4] = 48],
  ];
  for (const [field, forge] of forgeries) {
    const shared = Batch.allocate({ capacity: 4, arenaBytes: 256, shared: true });
    shared.appendBytes(new Uint8Array(16), 1);
    shared.appendBytes(new Uint8Array(16), 1);
    forge(shared);
    const host = Batch.allocate({ capacity: 4, arenaBytes: 256 });
    host.appendBytes(new Uint8Array(8), 1);
    const error = assertThrows(() => host.absorb(shared), BatchError);
    assertEquals(error.field, field);
    assertEquals(host.count, 1, field);
    assertEquals(host.arenaUsed, 8, field);
  }
});

Deno.test("random damage never makes a checked batch point outside", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const random = seeded(seed);
    const shared = Batch.allocate({ capacity: 8, arenaBytes: 512, shared: true });
    fill(shared, random, 60);
    const words = new Uint32Array(shared.block.buffer, shared.block.byteOffset, (64 + 8 * 64) / 4);
    for (let hit = 1 + integer(random, 4); hit > 0; hit--) {
      const value = random() < 0.5 ? integer(random, 1024) : integer(random, 0x100000000);
      words[integer(random, words.length)] = value;
    }
    const host = Batch.allocate({ capacity: 8, arenaBytes: 512 });
    try {
      host.absorb(shared);
    } catch (error) {
      assert(error instanceof BatchError, `seed ${seed}`);
      assertEquals(host.count, 0);
      continue;
    }
    host.validate();
    for (let index = 0; index < host.count; index++) {
      assertEquals(host.payload(index).byteLength, host.payloadLength(index), `seed ${seed}`);
    }
  }
});

Deno.test("validate names the first field that points outside", () => {
  const batch = Batch.allocate({ capacity: 2, arenaBytes: 64 });
  batch.append(0, 60, 8, 1);
  assertEquals(assertThrows(() => batch.validate(), BatchError).field, "record[0].payloadOffset");
});

Deno.test("a view of formatted memory changes nothing in it", () => {
  const batch = Batch.allocate({ capacity: 4, arenaBytes: 64 });
  batch.appendBytes(new TextEncoder().encode("kept"), 5);
  const view = new Batch(batch.block, batch.arena, { capacity: 4, format: false });
  assertEquals(view.count, 1);
  assertEquals(new TextDecoder().decode(view.payload(0)), "kept");
});

Deno.test("verdicts are listed until the list is full", () => {
  const batch = Batch.allocate({ capacity: 4, verdicts: 1 });
  const entry = { index: 2, action: 1, failureClass: 3, code: -9, retryAfterMs: 50 };
  assert(batch.addVerdict(entry));
  assert(!batch.addVerdict(entry));
  assertEquals(batch.verdict(0), entry);
});

Deno.test("memory that is too small or misaligned is refused", () => {
  const options = { capacity: 4 };
  const arena = new Uint8Array(8);
  assertThrows(() => new Batch(new Uint8Array(blockBytes(options) - 1), arena, options), BatchError);
  assertThrows(() => new Batch(new Uint8Array(new ArrayBuffer(4096), 4), arena, options), BatchError);
  assertThrows(() => Batch.allocate({ capacity: 0 }), BatchError);
  assertThrows(() => Batch.allocate({ recordStride: 60 }), BatchError);
});
