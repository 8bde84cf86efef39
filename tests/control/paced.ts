/** A source with a rate and a sink that checks, for tests of what happens while something is exchanged. @module */
import { assert } from "@std/assert";
import type { Event } from "../../mod.ts";
import type { PollResult, SourcePart, ValueSinkPart } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";

/** Waits until something is so, for at most a minute. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isSo()) {
    assert(performance.now() < deadline, `not so after a minute: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** `{"n":0}`, `{"n":1}` … at a rate, until it is ended; counts verdicts. */
export class PacedSource implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  readonly #perSecond: number;
  readonly #encoder = new TextEncoder();
  #from = 0;
  #ended = false;
  /** Events that were sent. */
  sent = 0;
  /** Events that were acked. */
  acked = 0;
  /** Events that failed. */
  failed = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  poll(batch: Batch, max: number): PollResult {
    if (this.#ended) return { state: "ended" };
    if (this.#from === 0) this.#from = performance.now();
    const due = (performance.now() - this.#from) * this.#perSecond / 1000;
    while (this.sent < due && batch.count < max) {
      batch.appendBytes(this.#encoder.encode(`{"n":${this.sent}}`), performance.timeOrigin + performance.now());
      this.sent++;
    }
    return batch.count === 0 ? { state: "idle", retryAfterMs: 1 } : { state: "filled" };
  }

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    this.acked += batch.count - failures.size;
    this.failed += failures.size;
  }

  /** Sends nothing more. */
  end(): void {
    this.#ended = true;
  }

  close(): void {}
}

/** Notes what comes out of order or twice, which versions were there, and the longest time without any event. */
export class CheckingSink implements ValueSinkPart {
  readonly accepts = "values";
  /** Events that came. */
  received = 0;
  /** Events whose number was not the next one. */
  misplaced = 0;
  /** Events by the version that handled them. */
  readonly versions: Record<string, number> = {};
  /** Longest time between two writes, milliseconds. */
  longestGapMs = 0;
  #last = 0;

  write(events: readonly Event[]): void {
    const now = performance.now();
    if (this.#last > 0) this.longestGapMs = Math.max(this.longestGapMs, now - this.#last);
    this.#last = now;
    for (const { value } of events) {
      const { n, version = "none" } = value as { n: number; version?: string };
      if (n !== this.received) this.misplaced++;
      this.received++;
      this.versions[version] = (this.versions[version] ?? 0) + 1;
    }
  }

  /** Waits until this many more events came. */
  async more(events: number): Promise<void> {
    const wanted = this.received + events;
    await until(() => this.received >= wanted);
  }

  close(): void {}
}
