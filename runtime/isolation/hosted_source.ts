/** A source that runs in a Worker or a process of its own, as the host drives it. @module */
import type { Attempt, PartContext, PartMetrics, PollResult, SourcePart } from "../connector/contract.ts";
import { Batch } from "../data/batch.ts";
import type { CopyBytes } from "../data/copy_bytes.ts";
import { RingConsumer } from "../data/ring_consumer.ts";
import type { RingMemory } from "../data/ring.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import { closeHosted } from "./close_hosted.ts";
import type { AllDeadlines } from "./plugin_deadlines.ts";
import type { PluginLink } from "./plugin_link.ts";
import type { SlotSettlements } from "./slot_settlements.ts";

/** How long one poll waits for events before it hands control back, milliseconds. */
const WAIT_MS = 250;

const FILLED: PollResult = { state: "filled" };
const IDLE: PollResult = { state: "idle", retryAfterMs: 0 };
const ENDED: PollResult = { state: "ended" };

/** What {@linkcode HostedSource} needs. */
export interface HostedSourceOptions {
  /** Control channel. */
  readonly link: PluginLink;
  /** What the plugin fills. */
  readonly output: RingMemory;
  /** Two counters the plugin reads: events delivered and failed, modulo 2^32. */
  readonly settled: Int32Array;
  /** What the instance was given. */
  readonly context: PartContext;
  /** Deadlines. */
  readonly deadlines: AllDeadlines;
  /** Copies out of the ring. @default {as JavaScript does} */
  readonly copy?: CopyBytes | undefined;
  /** Tells the plugin about each slot, in place of the counters. */
  readonly settlements?: SlotSettlements | undefined;
}

/** Takes what the plugin published; every batch is copied once and checked before anything uses it. */
export class HostedSource implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  readonly #options: HostedSourceOptions;
  readonly #output: RingConsumer;
  readonly #settled: Int32Array;
  readonly #stop: () => void;
  #attention = new AbortController();
  #reading = false;
  #fault: CaissonError | undefined;
  /** Where a slot waits that is handed out in pieces; made once. */
  #copy: Batch | undefined;
  #rest: { readonly batch: Batch; readonly id: number; next: number } | undefined;

  /** Attaches to the ring. */
  constructor(options: HostedSourceOptions) {
    this.#options = options;
    this.#output = new RingConsumer(options.output, options.link.waker);
    this.#settled = options.settled;
    const { link, context } = options;
    link.onReadFailed((error) => {
      this.#fault = error;
      this.#attention.abort();
    });
    link.onFailed(() => this.#attention.abort());
    this.#stop = () => {
      link.send({ type: "stop" });
      this.#attention.abort();
    };
    context.signal.addEventListener("abort", this.#stop);
  }

  /** Connects the plugin's source. */
  async connect(attempt: Attempt): Promise<void> {
    const { link, deadlines } = this.#options;
    await link.ask(
      { type: "connect", attempt },
      "connected",
      deadlines.connectMs,
    );
  }

  /** Hands over what the plugin has read; waits a little when there is nothing yet. */
  poll(batch: Batch, max: number): PollResult | Promise<PollResult> {
    const { link, settlements } = this.#options;
    settlements?.flush();
    const now = this.#take(batch, max);
    if (now !== undefined) return now;
    if (!this.#reading) {
      this.#reading = true;
      link.send({ type: "read" });
    }
    const { signal } = this.#attention;
    try {
      const waiting = this.#output.waitForBatch({ signal, timeoutMs: WAIT_MS });
      if (typeof waiting !== "boolean") {
        return waiting.catch((thrown) => {
          throw link.broken(thrown);
        }).then(() => this.#take(batch, max) ?? IDLE);
      }
    } catch (thrown) {
      throw link.broken(thrown);
    }
    return this.#take(batch, max) ?? IDLE;
  }

  /** What can be answered without waiting. Events that were published come before the error that followed them. */
  #take(batch: Batch, max: number): PollResult | undefined {
    const { link, context } = this.#options;
    if (link.failure !== undefined) throw link.failure;
    if (this.#rest !== undefined) return this.#takeRest(batch, max);
    try {
      const slot = this.#output.peek();
      if (slot !== undefined) {
        this.#absorb(slot, batch, max);
        this.#output.consume();
        return FILLED;
      }
      if (this.#output.ended) return ENDED;
    } catch (thrown) {
      throw link.broken(thrown);
    }
    const fault = this.#fault;
    if (fault !== undefined) {
      this.#fault = undefined;
      this.#reading = false;
      this.#attention = new AbortController();
      throw fault;
    }
    return context.signal.aborted ? IDLE : undefined;
  }

  #absorb(slot: Batch, batch: Batch, max: number): void {
    const { output, settlements, copy: copyBytes } = this.#options;
    if (max >= output.capacity && fits(batch, output)) {
      const { id } = slot;
      const count = batch.absorb(slot, copyBytes);
      settlements?.taken(batch, id, 0, count);
      return;
    }
    // The caller's batch is smaller than a slot: keep the copy and hand it out in pieces.
    const { capacity, arenaBytes } = output;
    const copy = this.#copy ??= Batch.allocate({ capacity, arenaBytes, segments: 1 });
    const { id } = slot;
    copy.clear();
    copy.absorb(slot, copyBytes);
    this.#rest = { batch: copy, id, next: 0 };
    this.#takeRest(batch, max);
  }

  #takeRest(batch: Batch, max: number): PollResult {
    const rest = this.#rest!;
    const { batch: copy } = rest;
    const { settlements } = this.#options;
    if (copy.count > 0) settlements?.taken(batch, rest.id, rest.next, copy.count);
    let taken = 0;
    while (rest.next < copy.count && taken < max) {
      const payload = copy.payload(rest.next);
      if (!batch.appendBytes(payload, copy.timestampMs(rest.next))) break;
      batch.takeOrigin(batch.count - 1, copy, rest.next);
      rest.next++;
      taken++;
    }
    if (rest.next >= copy.count) {
      this.#rest = undefined;
    } else if (taken === 0) {
      settlements?.dropped(rest.next);
      const bytes = copy.payloadLength(rest.next++);
      this.#options.context.log(
        "error",
        `an event of ${bytes} bytes was dropped: it is larger than the ${batch.arena.byteLength} bytes of a batch`,
      );
    }
    return FILLED;
  }

  /** The plugin answers when it has published the last it had read. */
  async finishReading(): Promise<void> {
    const { link, deadlines } = this.#options;
    await link.caughtUp(deadlines.connectMs);
  }

  /** Counts for the plugin; it is told before its next read. */
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    const { settlements } = this.#options;
    if (settlements !== undefined) return settlements.settle(batch, failures);
    Atomics.add(this.#settled, 0, batch.count - failures.size);
    Atomics.add(this.#settled, 1, failures.size);
  }

  /** What the plugin says about itself. */
  metrics(): Promise<PartMetrics> {
    return this.#options.link.metrics();
  }

  /** Ends the instance and what it runs in. */
  async close(): Promise<void> {
    const { link, deadlines, context } = this.#options;
    context.signal.removeEventListener("abort", this.#stop);
    this.#output.close();
    this.#options.settlements?.flush();
    await closeHosted(link, deadlines.closeMs);
  }
}

function fits(batch: Batch, ring: RingMemory): boolean {
  return batch.count === 0 && batch.capacity >= ring.capacity &&
    batch.arena.byteLength >= ring.arenaBytes;
}
