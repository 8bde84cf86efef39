/** Which events of a processor's input a failed output was made of. @module */
import type { Batch } from "../data/batch.ts";

/**
 * Looks up the input records of an output record, by the sequence it carries.
 *
 * A source need not give its events different sequences, and a processor need not keep them. Where they leave open
 * which event it was, all that it can have been are named: one that is tried again is better than one that is lost.
 */
export function originsOf(batch: Batch, out: Batch): (index: number) => readonly number[] {
  const bySequence = new Map<number, number[]>();
  const everything: number[] = [];
  for (let index = 0; index < batch.count; index++) {
    const sequence = batch.sequence(index);
    const same = bySequence.get(sequence);
    if (same === undefined) bySequence.set(sequence, [index]);
    else same.push(index);
    everything.push(index);
  }
  return (index) => {
    const same = bySequence.get(out.sequence(index)) ?? everything;
    if (same.length === 1) return same;
    const passedOn = same.filter((origin) => samePlace(batch, origin, out, index));
    if (passedOn.length > 0) return passedOn;
    return out.count === batch.count && same.includes(index) ? [index] : same;
  };
}

/** Whether both records are of one payload in memory; an empty one tells nothing. */
function samePlace(batch: Batch, origin: number, out: Batch, index: number): boolean {
  const segment = batch.payloadSegment(origin);
  return out.payloadSegment(index) === segment && out.payloadOffset(index) === batch.payloadOffset(origin) &&
    out.payloadLength(index) === batch.payloadLength(origin) && out.payloadLength(index) > 0 &&
    out.knownView(segment) === batch.knownView(segment);
}
