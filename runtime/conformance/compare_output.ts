/** Compares what one component gave at different times or places. @module */
import { sameBytes } from "./guarded_batch.ts";

const SHOWN = 60;

/**
 * Where two outputs differ, in words; `undefined` when they do not.
 *
 * @param whole whether both are complete: then one must not be longer than the other
 */
export function firstDifference(
  one: readonly Uint8Array[],
  other: readonly Uint8Array[],
  whole: boolean,
): string | undefined {
  const common = Math.min(one.length, other.length);
  for (let index = 0; index < common; index++) {
    if (sameBytes(one[index]!, other[index]!)) continue;
    return `event ${index} is ${shown(one[index]!)}, then ${shown(other[index]!)}`;
  }
  if (whole && one.length !== other.length) return `${one.length} events, then ${other.length}`;
  return undefined;
}

function shown(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN));
  return `${JSON.stringify(text)}${bytes.byteLength > SHOWN ? "…" : ""} (${bytes.byteLength} bytes)`;
}
