/** Lines of a file as batches, uncopied: each record points into the memory that was read. @module */
import { offerText } from "../../runtime/codec/batch_text.ts";
import { ByteFinder } from "../../runtime/codec/byte_finder.ts";
import type { ProcessorPart } from "../../runtime/connector/contract.ts";
import { Batch } from "../../runtime/data/batch.ts";

const EVENTS = 1024;

/** Cuts `chunk` into batches of at most 1,024 lines and gives each to `take`, which is done with it when it returns. */
export function eachBatch(chunk: Uint8Array, batch: Batch, take: (batch: Batch) => void): number {
  let start = 0;
  let segment = 0;
  let text = "";
  let from = 0;
  const ends = new ByteFinder(10);
  ends.begin(chunk, (made, at) => {
    text = made;
    from = at;
    offerText(batch, segment, at, made);
  });
  let events = 0;
  const now = Date.now();
  while (start < chunk.byteLength) {
    batch.clear();
    segment = batch.addSegment(chunk);
    if (from + text.length > start) offerText(batch, segment, from, text);
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

/** The same by the preprocessor `lines` of the kernel's plugin. */
export function eachBatchNatively(
  chunk: Uint8Array,
  lines: Pick<ProcessorPart, "process">,
  batch: Batch,
  take: (batch: Batch) => void,
): void {
  const whole = Batch.allocate({ capacity: 1, arenaBytes: 0, segments: 2 });
  whole.append(whole.addSegment(chunk), 0, chunk.byteLength, Date.now());
  batch.clear();
  const cutting = lines.process(whole, batch, () => {
    take(batch);
    batch.clear();
    return batch;
  });
  if (cutting !== undefined) throw new TypeError("lines are not cut at once");
  take(batch);
}

/** A batch for {@linkcode eachBatch} and {@linkcode eachBatchNatively}. */
export function lineBatch(): Batch {
  return Batch.allocate({ capacity: EVENTS, arenaBytes: 64, segments: 4 });
}
