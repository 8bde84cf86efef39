import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";

/** Copies byte by byte and notes how much. */
function counting(): { copy(to: Uint8Array, from: Uint8Array, bytes: number): void; bytes: number } {
  const counter = {
    bytes: 0,
    copy(to: Uint8Array, from: Uint8Array, bytes: number): void {
      for (let at = 0; at < bytes; at++) to[at] = from[at]!;
      counter.bytes += bytes;
    },
  };
  return counter;
}

function filled(count: number, length: number): Batch {
  const batch = Batch.allocate({ capacity: 100, arenaBytes: 1 << 17 });
  for (let index = 0; index < count; index++) {
    batch.appendBytes(new Uint8Array(length + index % 5).fill(index + 1), index);
  }
  return batch;
}

Deno.test("a batch is the same whoever copies its bytes", () => {
  for (const [count, length] of [[0, 0], [1, 10], [3, 5000], [100, 3], [100, 600]] as const) {
    const from = filled(count, length);
    const into = (copy?: (to: Uint8Array, from: Uint8Array, bytes: number) => void) => {
      const slot = Batch.allocate({ capacity: 64, arenaBytes: 1 << 16, shared: true });
      const taken = Batch.allocate({ capacity: 100, arenaBytes: 1 << 17 });
      taken.appendBytes(new Uint8Array([1, 2, 3]), 1);
      const copied = slot.copyFrom(from, 0, copy);
      taken.absorb(slot, copy);
      assertEquals(taken.count, copied + 1);
      return { block: taken.block, arena: taken.arena };
    };
    assertEquals(into(counting().copy), into());
  }
});

Deno.test("long stretches are copied by who is faster, short ones are not worth the call", () => {
  const long = counting();
  const slot = Batch.allocate({ capacity: 100, arenaBytes: 1 << 17, shared: true });
  slot.copyFrom(filled(100, 600), 0, long.copy);
  assert(long.bytes > 100 * (600 + 64), `${long.bytes}`);
  const short = counting();
  slot.copyFrom(filled(10, 60), 0, short.copy);
  assertEquals(short.bytes, 0);
});
