/** Work on many groups, of which one may fail. @module */

/** Does it for each of them; what was thrown first is thrown when all have had their turn. */
export function forAll<Item>(items: Iterable<Item>, work: (item: Item) => void): void {
  let failed = false;
  let reason: unknown;
  for (const item of items) {
    try {
      work(item);
    } catch (error) {
      if (!failed) reason = error;
      failed = true;
    }
  }
  if (failed) throw reason;
}
