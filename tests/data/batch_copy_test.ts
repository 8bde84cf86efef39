import { assert, assertEquals, assertThrows } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { BatchError } from "../../runtime/data/batch_error.ts";
import { integer, seeded } from "./random.ts";

const encoder = new TextEncoder();

function texts(batch: Batch): string[] {
  return Array.from({ length: batch.count }, (_, index) => new TextDecoder().decode(batch.payload(index).slice()));
}

Deno.test("bytes of events that were not passed on do not get into the copy", () => {
  const secret = encoder.encode("SECRET");
  for (const length of [1, 5, 6, 7, 8, 9, 200]) {
    const source = Batch.allocate({ capacity: 64, arenaBytes: 1 << 16 });
    for (let index = 0; index < 64; index++) {
      source.appendBytes(index % 8 === 3 ? secret : new Uint8Array(length).fill(0x61), 1);
    }
    const passed = Batch.allocate({ capacity: 64, arenaBytes: 0, segments: 16 });
    passed.shareSegments(source);
    for (let index = 0; index < 64; index++) if (index % 8 !== 3) passed.appendRecord(source, index);
    const target = Batch.allocate({ capacity: 64, shared: true });
    assertEquals(target.copyFrom(passed, 0), 56);
    assertEquals(texts(target), Array(56).fill("a".repeat(length)));
    const all = new TextDecoder().decode(target.arena.slice());
    assertEquals(all.includes("SEC") || all.includes("RET"), false, `payloads of ${length} bytes`);
  }
});

Deno.test("lines of one text are copied in order, wherever they start and however often", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const lines = Array.from({ length: 20 }, (_, n) => `line ${n} ${"x".repeat(integer(random, 60))}`);
    const text = encoder.encode(lines.join("\n"));
    const source = Batch.allocate({ capacity: 100, arenaBytes: 64 });
    const segment = source.addSegment(text);
    const expected: string[] = [];
    let line = integer(random, 20);
    for (let count = 1 + integer(random, 99); count > 0; count--) {
      const offset = encoder.encode(lines.slice(0, line).map((each) => `${each}\n`).join("")).byteLength;
      source.append(segment, offset, lines[line]!.length, 7);
      expected.push(lines[line]!);
      line = random() < 0.1 ? integer(random, 20) : (line + 1) % 20;
    }
    const target = Batch.allocate({ capacity: 30, arenaBytes: 1024, shared: true });
    const copied: string[] = [];
    while (copied.length < expected.length) {
      assert(target.copyFrom(source, copied.length) > 0, `seed ${seed}`);
      target.validate();
      copied.push(...texts(target));
    }
    assertEquals(copied, expected, `seed ${seed}`);
  }
});

Deno.test("payloads that lie unaligned get into shared memory whole", () => {
  const memory = Uint8Array.from({ length: 70000 }, (_, n) => n % 251);
  for (const [from, length] of [[3, 629], [8, 629], [1, 65536], [5, 66000]] as const) {
    const batch = Batch.allocate({ capacity: 1, arenaBytes: 1 << 17, shared: true });
    assert(batch.appendBytes(memory.subarray(from, from + length), 1));
    assertEquals(batch.payload(0).slice(), memory.slice(from, from + length));
  }
});

Deno.test("payloads of its own are refused beside shared segments, which would give them another batch's bytes", () => {
  const from = Batch.allocate({ capacity: 4, arenaBytes: 64 });
  from.appendBytes(Uint8Array.of(1, 2, 3), 1);
  const own = Uint8Array.of(7, 8, 9);

  const shared = Batch.allocate({ capacity: 4, arenaBytes: 64 });
  shared.shareSegments(from);
  shared.appendRecord(from, 0);
  assertThrows(() => shared.appendBytes(own, 1), BatchError, "segment[0] is the memory of another batch");
  assertThrows(() => shared.absorb(from), BatchError, "segment[0]");
  assertThrows(() => shared.copyFrom(from, 0), BatchError, "segment[0]");
  shared.append(shared.addSegment(own), 0, own.byteLength, 1);
  assertEquals([...shared.payload(0), ...shared.payload(1)], [1, 2, 3, 7, 8, 9]);
  shared.ownSegments();
  assert(shared.appendBytes(own, 1));

  const filled = Batch.allocate({ capacity: 4, arenaBytes: 64 });
  filled.appendBytes(own, 1);
  assertThrows(() => filled.shareSegments(from), BatchError, "arenaUsed");
  assertEquals([...filled.payload(0)], [7, 8, 9]);
});
