/** Lines of a file as batches, uncopied: each record points into the memory that was read. @module */
import { ByteFinder } from "../../runtime/codec/byte_finder.ts";
import { Batch } from "../../runtime/data/batch.ts";

const EVENTS = 1024;

/** Cuts `chunk` into batches of at most 1,024 lines and gives each to `take`, which is done with it when it returns. */
export function eachBatch(chunk: Uint8Array, batch: Batch, take: (batch: Batch) => void): number {
  let start = 0;
  const ends = new ByteFinder(chunk, 10);
  let events = 0;
  const now = Date.now();
  while (start < chunk.byteLength) {
    batch.clear();
    const segment = batch.addSegment(chunk);
    while (batch.count < EVENTS) {
      const end = ends.next(start);
      if (end < 0) break;
      batch.append(segment, start, end - start, now);
      start = end + 1;
    }
    events += batch.count;
    take(batch);
  }
  return events;
}

/** A batch for {@linkcode eachBatch}. */
export function lineBatch(): Batch {
  return Batch.allocate({ capacity: EVENTS, arenaBytes: 64, segments: 4 });
}
