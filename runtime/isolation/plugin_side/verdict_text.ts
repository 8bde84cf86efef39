/** How a sink or processor in a Worker answers a batch: verdicts in the slot, reasons as text in its arena. @module */
import type { Batch } from "../../data/batch.ts";
import { CLASS_TRANSIENT, RETRY } from "../../data/layout.ts";
import type { Fault } from "../worker_protocol.ts";

/** Most bytes of reasons in one slot. */
export const REASONS_BYTES = 16384;
/** Most characters of one reason. */
const REASON_MAX = 500;

const encoder = new TextEncoder();

/** One event that was not delivered. */
export interface FailedEvent {
  /** Index in the slot. */
  readonly index: number;
  /** Why. */
  readonly reason: string;
}

/** What stands in the arena of an answered slot. */
export interface Reasons {
  /** Present when the whole batch failed. */
  readonly fault?: Fault;
  /** Reasons of single events, as many as fit. */
  readonly failed?: readonly FailedEvent[];
}

function writeReasons(slot: Batch, reasons: Reasons): void {
  const bytes = encoder.encode(JSON.stringify(reasons));
  const limit = Math.min(REASONS_BYTES, slot.arena.byteLength);
  // Cut JSON would not parse: without room there are verdicts and no words.
  slot.arenaUsed = bytes.byteLength <= limit ? bytes.byteLength : 0;
  if (slot.arenaUsed > 0) slot.arena.set(bytes);
}

/** Answers that every event of the slot failed. */
export function failSlot(slot: Batch, fault: Fault): void {
  slot.verdictDefault = RETRY;
  writeReasons(slot, {
    fault: { ...fault, message: fault.message.slice(0, 4 * REASON_MAX) },
  });
}

/** Answers that single events of the slot failed. */
export function failEvents(slot: Batch, failed: readonly FailedEvent[]): void {
  const told: FailedEvent[] = [];
  let room = REASONS_BYTES / 4;
  for (const { index, reason } of failed) {
    const added = slot.addVerdict({
      index,
      action: RETRY,
      failureClass: CLASS_TRANSIENT,
      code: 0,
      retryAfterMs: 0,
    });
    if (!added) {
      slot.verdictDefault = RETRY;
      break;
    }
    const text = String(reason).slice(0, REASON_MAX);
    room -= text.length + 32;
    if (room > 0) told.push({ index, reason: text });
  }
  writeReasons(slot, { failed: told });
}
