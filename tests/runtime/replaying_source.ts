/** A source that keeps what it has read until it is acked, for tests of what gets lost. @module */
import { assert, assertEquals } from "@std/assert";
import type { PollResult, SourcePart } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";

/** Numbers from 0 on; what fails is sent again until it is acked. */
export class ReplayingSource implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  readonly #events: number;
  #limit: number;
  readonly #encoder = new TextEncoder();
  readonly #flying = new Set<Batch>();
  readonly #again: number[] = [];
  readonly #acks: Uint8Array;
  #next = 0;
  #news: (() => void) | undefined;
  #lastAck = performance.now();
  /** Events that were acked. */
  acked = 0;
  /** Events that failed, each time. */
  failed = 0;
  /** Events nobody has said anything about yet. */
  inFlight = 0;
  /** Most of them at once. */
  mostInFlight = 0;
  /** Longest time between two acks, milliseconds. */
  longestGapMs = 0;

  constructor(events: number) {
    this.#events = events;
    this.#limit = events;
    this.#acks = new Uint8Array(events);
  }

  /** Sends no more than this many events before the next call, so that a flow is not over before something was done to it. */
  sendUntil(limit: number): void {
    this.#limit = Math.min(limit, this.#events);
    this.#news?.();
  }

  async poll(batch: Batch, max: number): Promise<PollResult> {
    while (this.#again.length === 0 && this.#next >= this.#limit) {
      if (this.acked === this.#events) return { state: "ended" };
      await new Promise<void>((resolve) => this.#news = resolve);
    }
    while (batch.count < max && (this.#again.length > 0 || this.#next < this.#limit)) {
      const n = this.#again.pop() ?? this.#next++;
      assert(batch.appendBytes(this.#encoder.encode(`{"n":${n}}`), 1));
      batch.setSequence(batch.count - 1, n);
    }
    this.#flying.add(batch);
    this.inFlight += batch.count;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    return { state: "filled" };
  }

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    assert(this.#flying.delete(batch), "a batch was settled twice");
    this.inFlight -= batch.count;
    for (let index = 0; index < batch.count; index++) {
      const n = batch.sequence(index);
      if (failures.has(index)) {
        this.failed++;
        this.#again.push(n);
      } else {
        assertEquals(this.#acks[n], 0, `event ${n} was acked twice`);
        this.#acks[n] = 1;
        this.acked++;
      }
    }
    if (failures.size < batch.count) {
      const now = performance.now();
      this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastAck);
      this.#lastAck = now;
    }
    this.#news?.();
  }

  close(): void {
    assertEquals(this.#flying.size, 0, "batches were never settled");
  }
}
