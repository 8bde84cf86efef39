/** What the keys of groups cost in memory. @module */

/** For the key of a short value, and its place in the table. */
const BASE_BYTES = 64;
/** The text of a key is there once more as the values it was made of. */
const BYTES_A_CHARACTER = 4;

/** Most, when nothing is said, for few groups; a long name of each of 10,000 fits. */
const LEAST_BUDGET = 16 << 20;
/** Most, for each group, when nothing is said. */
const BUDGET_A_GROUP = 256;

/** Memory that a group's key holds, bytes: an estimate from above, but for that of V8's own tables. */
export function keyBytes(id: unknown): number {
  return typeof id === "string" ? BASE_BYTES + BYTES_A_CHARACTER * id.length : BASE_BYTES;
}

/** Memory that the keys of so many groups may hold when nothing is said, bytes. */
export function mostKeyBytes(maxGroups: number): number {
  return Math.max(LEAST_BUDGET, maxGroups * BUDGET_A_GROUP);
}
