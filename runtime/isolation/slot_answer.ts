/** Reads what a Worker wrote back into a slot: verdicts and reasons. Nothing in it is trusted. @module */
import type { Batch, VerdictEntry } from "../data/batch.ts";
import { BatchError } from "../data/batch_error.ts";
import { ACK, CLASS_FATAL, DROP } from "../data/layout.ts";
import { REASONS_BYTES } from "./plugin_side/verdict_text.ts";
import { checkFault, type Fault } from "./worker_protocol.ts";

/** An answer, copied and checked. */
export interface SlotAnswer {
  /** The whole slot failed. */
  readonly allFailed: boolean;
  /** Events that failed; indexes count from the slot's first event. */
  readonly verdicts: readonly VerdictEntry[];
  /** What was thrown, or the reason of the first event. */
  readonly fault: Fault | undefined;
}

const OK: SlotAnswer = { allFailed: false, verdicts: [], fault: undefined };

const decoder = new TextDecoder();

/**
 * Reads the answer for a slot that held `count` events.
 *
 * @throws {BatchError} when a verdict is about an event that was not in the slot, or is no verdict.
 */
export function readAnswer(slot: Batch, count: number): SlotAnswer {
  const action = slot.verdictDefault;
  const listed = slot.verdictCount;
  if (action === ACK && listed === 0) return OK;
  if (action > DROP) {
    throw new BatchError("verdictDefault", action, `0 to ${DROP}`);
  }
  if (listed > count) {
    throw new BatchError("verdictCount", listed, `at most ${count}`);
  }
  const verdicts: VerdictEntry[] = [];
  for (let index = 0; index < listed; index++) {
    const entry = slot.verdict(index);
    if (
      entry.index >= count || entry.action > DROP ||
      entry.failureClass > CLASS_FATAL
    ) {
      throw new BatchError(
        `verdict[${index}]`,
        `event ${entry.index}, action ${entry.action}, class ${entry.failureClass}`,
        `events 0 to ${count - 1}, actions 0 to ${DROP}, classes 0 to ${CLASS_FATAL}`,
      );
    }
    if (entry.action !== ACK) verdicts.push(entry);
  }
  return { allFailed: action !== ACK, verdicts, fault: readFault(slot) };
}

function readFault(slot: Batch): Fault | undefined {
  const length = slot.arenaUsed;
  if (length === 0 || length > Math.min(REASONS_BYTES, slot.arena.byteLength)) {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(slot.arena.slice(0, length)));
  } catch {
    // Words are a courtesy: without them the events have failed all the same.
    return undefined;
  }
  const { fault, failed } = Object(value) as {
    fault?: unknown;
    failed?: unknown;
  };
  const whole = checkFault(fault);
  if (whole !== undefined || !Array.isArray(failed)) return whole;
  const reason = (failed[0] as { reason?: unknown } | undefined)?.reason;
  return typeof reason === "string" ? { name: "Error", message: reason.slice(0, 500), stack: "" } : undefined;
}
