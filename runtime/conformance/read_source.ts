/** Reads a source as a source manager would, into guarded memory, and settles what it gives. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { GuardedBatch } from "./guarded_batch.ts";
import { payloadsOf } from "./generate_input.ts";
import { broken } from "./finding.ts";
import type { Opened, Trial } from "./trial.ts";

/** How to read. */
export interface ReadOptions {
  /** Stop after this many events. */
  readonly events: number;
  /** Most events in a batch. @default {64} */
  readonly capacity?: number;
  /** Bytes of its arena. @default {1048576} */
  readonly arenaBytes?: number;
  /** Bytes of a record. @default {64} */
  readonly recordStride?: number;
  /** Fail every third event when settling. @default {false} */
  readonly failSome?: boolean;
  /** Told once for every batch before it is settled. */
  readonly onBatch?: (guarded: GuardedBatch) => void;
}

/** What was read. */
export interface SourceRead {
  /** Payloads, in order. */
  readonly payloads: readonly Uint8Array[];
  /** Whether the source said that nothing will come again. */
  readonly ended: boolean;
}

const RECORD_BYTES = 64;
const WIDE_RECORD_BYTES = 96;

/** Bytes of a wide record: only native code in this process gets the host's own memory, every other a copy. */
export function strideOf(trial: Trial): number {
  return trial.isolation === "native" ? WIDE_RECORD_BYTES : RECORD_BYTES;
}

/** Longest time to wait for events a source does not have, milliseconds. */
const PATIENCE_MS = 2000;

/** Reads until there are enough events, the source has ended, or nothing came for two seconds. */
export async function readSome(trial: Trial, { source }: Opened, options: ReadOptions): Promise<SourceRead> {
  const { events, capacity = 64, arenaBytes = 1 << 20, recordStride = 64, failSome = false, onBatch } = options;
  const guarded = new GuardedBatch({ capacity, arenaBytes, recordStride, segments: 8 });
  const { batch } = guarded;
  const payloads: Uint8Array[] = [];
  let until = performance.now() + PATIENCE_MS;
  for (let id = 1; payloads.length < events; id++) {
    batch.ownSegments();
    batch.id = id;
    const max = Math.min(capacity, events - payloads.length);
    const { state, retryAfterMs = 1 } = await guarded.around(() => trial.within(source.poll(batch, max), "poll"));
    if (batch.count > max) throw broken(`${batch.count} events in one poll`, `at most ${max}, as asked`);
    if (state === "idle" && batch.count > 0) {
      throw broken(`${batch.count} events and the answer idle`, "filled or ended");
    }
    batch.validate();
    payloads.push(...payloadsOf(batch));
    if (batch.count > 0) {
      until = performance.now() + PATIENCE_MS;
      onBatch?.(guarded);
      settle(source, batch, failSome);
    }
    if (state === "ended") return { payloads, ended: true };
    if (performance.now() > until) return { payloads, ended: false };
    if (state === "idle") await new Promise((resolve) => setTimeout(resolve, Math.min(50, Math.max(1, retryAfterMs))));
  }
  return { payloads, ended: false };
}

function settle(source: Opened["source"], batch: GuardedBatch["batch"], failSome: boolean): void {
  const failures = new Map<number, unknown>();
  if (failSome) {
    for (let index = 0; index < batch.count; index += 3) {
      failures.set(
        index,
        new CaissonError("CAISSON_SINK_FAILED", { subject: "conformance", found: "failed on purpose" }),
      );
    }
  }
  source.settle?.(batch, failures);
}
