/** Watches that every event a source hands out gets exactly one verdict, and the right one. @module */

/** Anything that looks like the id of an event of these tests: `s` and the number of its source, `:` and its own. */
const ID = /\bs\d+:\d+\b/g;

/** The ids in a value, however deep. */
export function idsOf(value: unknown): string[] {
  if (typeof value === "string") return value.match(ID) ?? [];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(idsOf);
}

/** What one flow did to its events. */
export class Ledger {
  /** Ids by source and number of the batch, one entry a record. */
  readonly #open = new Map<string, readonly (readonly string[])[]>();
  readonly #faults = new Set<string>();
  readonly #problems: string[] = [];
  /** Whether events may fail without a fault of their own: the flow was stopped without patience, or a part given up. */
  isLoose = false;
  /** Records read. */
  read = 0;
  /** Records that were acked. */
  acked = 0;
  /** Records that failed. */
  failed = 0;

  /** A source handed out a batch; `records` are the ids in each of its records. */
  handedOut(source: string, batch: number, records: readonly (readonly string[])[]): void {
    this.read += records.length;
    this.#open.set(`${source} ${batch}`, records);
  }

  /** Something went wrong with these ids, and nobody took them over: their records have to fail. */
  fault(ids: readonly string[]): void {
    for (const id of ids) this.#faults.add(id);
  }

  /** A source was told what became of a batch. */
  settled(source: string, batch: number, count: number, failures: ReadonlyMap<number, unknown>): void {
    const key = `${source} ${batch}`;
    const records = this.#open.get(key);
    if (records === undefined) return void this.#problems.push(`${key}: settled twice, or never read`);
    this.#open.delete(key);
    if (count !== records.length) this.#problems.push(`${key}: ${count} records settled, ${records.length} read`);
    for (const index of failures.keys()) {
      if (index >= records.length) this.#problems.push(`${key}: record ${index} failed, of ${records.length}`);
    }
    for (const [index, ids] of records.entries()) this.#judge(ids, failures.has(index));
  }

  #judge(ids: readonly string[], failed: boolean): void {
    if (failed) this.failed++;
    else this.acked++;
    const isFaulty = ids.some((id) => this.#faults.has(id));
    if (isFaulty && !failed) this.#problems.push(`${ids.join()}: acked, but it was lost`);
    if (!isFaulty && failed && !this.isLoose) this.#problems.push(`${ids.join()}: failed for no reason`);
  }

  /** Whether anything waits for its verdict. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** What is wrong, once the flow has ended; empty when nothing is. */
  problems(): readonly string[] {
    const never = [...this.#open.keys()].map((key) => `${key}: never settled`);
    return [...this.#problems, ...never];
  }
}
