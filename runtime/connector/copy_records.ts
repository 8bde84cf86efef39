/** What of a batch is needed to settle it later: its records, without any payload. @module */
import { Batch } from "../data/batch.ts";

/** A batch with as many records, in order, with their time and sequence; their payloads are empty. */
export function copyRecords(from: Batch): Batch {
  const copy = Batch.allocate({ capacity: Math.max(1, from.count), arenaBytes: 0, segments: 1 });
  copy.id = from.id;
  for (let index = 0; index < from.count; index++) {
    copy.append(0, 0, 0, from.timestampMs(index));
    copy.setSequence(index, from.sequence(index));
    copy.setPartition(index, from.partition(index));
  }
  return copy;
}
