/** How large a batch is, and how many bytes that takes. @module */
import { BatchError } from "./batch_error.ts";
import {
  BATCH_LAYOUT,
  MAX_EVENTS,
  MAX_SEGMENT_BYTES,
  RECORD_LAYOUT,
  SEGMENT_LAYOUT,
  VERDICT_LAYOUT,
} from "./layout.ts";

/** How large a batch is. */
export interface BatchOptions {
  /** Most events it holds, 1 to 65,536. @default {1024} */
  readonly capacity?: number;
  /** Bytes of its own payload memory, at most 1 GiB. @default {1048576} */
  readonly arenaBytes?: number;
  /** Most segments it may refer to, its own arena included. @default {8} */
  readonly segments?: number;
  /** Most verdicts that differ from the default. @default {capacity} */
  readonly verdicts?: number;
  /** Bytes a record takes, a multiple of 8, at least 64. @default {64} */
  readonly recordStride?: number;
  /** Put the memory into a `SharedArrayBuffer`. @default {false} */
  readonly shared?: boolean;
  /**
   * Write header and empty the batch when a view is laid over memory; `false` for the second view of memory that
   * somebody else has formatted and may be using. @default {true}
   */
  readonly format?: boolean;
}

/** Dimensions with every default filled in. */
export interface BatchDimensions {
  /** See {@linkcode BatchOptions}. */
  readonly capacity: number;
  /** See {@linkcode BatchOptions}. */
  readonly segments: number;
  /** See {@linkcode BatchOptions}. */
  readonly verdicts: number;
  /** See {@linkcode BatchOptions}. */
  readonly recordStride: number;
}

/** Fills in the defaults. */
export function batchDimensions(options: BatchOptions): BatchDimensions {
  const { capacity = 1024, segments = 8, recordStride = RECORD_LAYOUT.bytes } = options;
  return { capacity, segments, verdicts: options.verdicts ?? capacity, recordStride };
}

/** Bytes a batch's block takes: header, records, segment table and verdicts. */
export function blockBytes(options: BatchOptions): number {
  const { capacity, segments, verdicts, recordStride } = batchDimensions(options);
  return BATCH_LAYOUT.bytes + capacity * recordStride + segments * SEGMENT_LAYOUT.bytes +
    verdicts * VERDICT_LAYOUT.bytes;
}

/**
 * Checks that memory can hold a batch of these dimensions.
 *
 * @throws {BatchError} naming what is out of bounds.
 */
export function checkDimensions(block: Uint8Array, arena: Uint8Array, dimensions: BatchDimensions): void {
  const { capacity, segments, recordStride } = dimensions;
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_EVENTS) {
    throw new BatchError("capacity", capacity, `1 to ${MAX_EVENTS}`);
  }
  if (recordStride < RECORD_LAYOUT.bytes || recordStride % 8 !== 0) {
    throw new BatchError("recordStride", recordStride, "a multiple of 8, at least 64");
  }
  if (!Number.isInteger(segments) || segments < 1 || segments > 0xffff) {
    throw new BatchError("segments", segments, "1 to 65535");
  }
  if (arena.byteLength > MAX_SEGMENT_BYTES) {
    throw new BatchError("arenaBytes", arena.byteLength, `at most ${MAX_SEGMENT_BYTES}`);
  }
  const needed = blockBytes(dimensions);
  if (block.byteLength < needed || block.byteOffset % 8 !== 0) {
    throw new BatchError(
      "block",
      `${block.byteLength} bytes at ${block.byteOffset}`,
      `${needed} bytes, aligned to 8`,
    );
  }
}
