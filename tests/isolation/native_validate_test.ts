import { assert, assertEquals } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { BatchError } from "../../runtime/data/batch_error.ts";
import { RECORD_LAYOUT } from "../../runtime/data/layout.ts";

const EDGES = [0, 0, 0, 1, 2, 100, 127, 128, 129, 2 ** 30 - 1, 2 ** 30, 2 ** 30 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const SEGMENTS = [0, 0, 0, 0, 1, 1, 2, 3, 255, 65535];
const LIMITS = [128, 2, 2 ** 30];
const PARTS = ["payload", "key", "meta"] as const;

/** A small generator with a seed, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("validate refuses exactly the records that point outside a segment", () => {
  const batch = Batch.allocate({ capacity: 3, segments: 4, arenaBytes: 128 });
  const second = batch.addSegment(new Uint8Array(2));
  const third = batch.addSegment(new Uint8Array(0));
  // As long as a segment may be, without taking that much memory: nobody has a view of it.
  batch.setSegmentView(third, undefined);
  const view = new DataView(batch.block.buffer, batch.block.byteOffset, batch.block.byteLength);
  const thirdAt = 64 + 3 * 64 + third * 32;
  view.setUint32(thirdAt + 16, 2 ** 30, true);
  assertEquals([second, third, batch.segmentCount], [1, 2, 3]);
  const next = generator(20261122);
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    batch.count = 3;
    let wrong: string | undefined;
    for (let index = 0; index < 3; index++) {
      for (const part of PARTS) {
        // Most records are like real ones, so that rounds get past the first.
        const plain = next(4) > 0;
        const offset = plain ? 0 : EDGES[next(EDGES.length)]!;
        const length = plain ? next(part === "payload" ? 129 : 2) : EDGES[next(EDGES.length)]!;
        const segment = plain ? 0 : SEGMENTS[next(SEGMENTS.length)]!;
        const at = 64 + index * 64;
        view.setUint32(at + RECORD_LAYOUT[`${part}Offset`], offset, true);
        view.setUint32(at + RECORD_LAYOUT[`${part}Length`], length, true);
        view.setUint16(at + RECORD_LAYOUT[`${part}Segment`], segment, true);
        const limit = LIMITS[segment];
        if (limit === undefined) wrong ??= `record[${index}].${part}Segment`;
        else if (offset + length > limit) wrong ??= `record[${index}].${part}Offset`;
      }
    }
    let found: string | undefined;
    try {
      batch.validate();
    } catch (error) {
      assert(error instanceof BatchError);
      found = error.field;
      refused++;
    }
    assertEquals(found, wrong, `round ${round}`);
  }
  assert(refused > 5000 && refused < 19_500, `${refused} of 20000 refused`);
});
