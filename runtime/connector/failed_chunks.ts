/** Which events failed, where a sink judges the chunks they became. @module */
import type { Event } from "../flow/delivery.ts";

/**
 * The first reason of each event of which a chunk failed.
 *
 * @param reasons of each chunk: why it failed, or `undefined`
 * @param owners the event of each chunk
 */
export function failuresOf(reasons: readonly unknown[], owners: readonly Event[]): ReadonlyMap<Event, unknown> {
  const failed = new Map<Event, unknown>();
  for (const [index, owner] of owners.entries()) {
    const reason = reasons[index];
    if (reason !== undefined && !failed.has(owner)) failed.set(owner, reason);
  }
  return failed;
}
