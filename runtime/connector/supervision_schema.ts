/** The schema of how the process of a part is watched. @module */
import { z } from "zod";

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
