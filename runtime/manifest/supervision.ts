/** How the process of a plugin is watched: by flows for a node, by grants for a plugin. @module */
import { z } from "zod";

/** How a process of a plugin is watched; a flow says so for one node, a grant for a plugin wherever the flow says nothing. */
export interface Supervision {
  /** Most restarts within `windowMs`; one more, and the plugin is put in quarantine. @default {10} */
  readonly restarts?: number;
  /** How long a restart counts, milliseconds. @default {60000} */
  readonly windowMs?: number;
  /** Wait before the first restart, milliseconds; it doubles with each one in `windowMs`. @default {100} */
  readonly firstMs?: number;
  /** Longest wait, milliseconds. @default {5000} */
  readonly maxMs?: number;
  /** How long it may give no sign of life, milliseconds. @default {10000} */
  readonly slotMs?: number;
  /** How long one batch may take in a process that answers, milliseconds. @default {guard 60000, runner slotMs} */
  readonly batchMs?: number;
}

const wait = z.int().min(1).max(2 ** 31 - 1);
/** How the process of a part is watched. */
export const supervisionSchema: z.ZodType = z.strictObject({
  restarts: z.int().min(0).max(1000).optional(),
  windowMs: wait.optional(),
  firstMs: wait.optional(),
  maxMs: wait.optional(),
  slotMs: wait.min(100).optional(),
  batchMs: wait.min(100).optional(),
});
