/** A processor that runs in a Worker, as the host drives it. @module */
import type { ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import type { RingMemory } from "../data/ring.ts";
import { RingConsumer } from "../data/ring_consumer.ts";
import { RingProducer } from "../data/ring_producer.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { closeWorker } from "./close_worker.ts";
import { pluginError } from "./plugin_error.ts";
import { readAnswer } from "./slot_answer.ts";
import type { AllDeadlines } from "./worker_deadlines.ts";
import type { WorkerLink } from "./worker_link.ts";

/** What {@linkcode WorkerProcessor} needs. */
export interface WorkerProcessorOptions {
  /** Control channel. */
  readonly link: WorkerLink;
  /** What the Worker empties. */
  readonly input: RingMemory;
  /** What the Worker fills: one slot for each slot of `input`. */
  readonly output: RingMemory;
  /** Name of the plugin. */
  readonly plugin: string;
  /** Codec of input and output. */
  readonly codec: string;
  /** Deadlines. */
  readonly deadlines: AllDeadlines;
}

/** Sends each batch through the Worker. Calls must not overlap. */
export class WorkerProcessor implements ProcessorPart {
  readonly codec: string;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly output: { readonly capacity: number; readonly arenaBytes: number };
  readonly #options: WorkerProcessorOptions;
  readonly #input: RingProducer;
  readonly #output: RingConsumer;

  /** Attaches to both rings. */
  constructor(options: WorkerProcessorOptions) {
    this.#options = options;
    this.codec = options.codec;
    this.maxEvents = options.input.capacity;
    // What fits into one slot comes back as one, and what the plugin makes of it fits into the batch it is put into.
    this.maxBytes = options.input.arenaBytes;
    this.output = options.output;
    this.#input = new RingProducer(options.input);
    this.#output = new RingConsumer(options.output);
    options.link.onFailed(() => this.#closeRings());
  }

  /** Appends what the plugin made of the batch. */
  async process(batch: Batch, out: Batch): Promise<void> {
    const { link } = this.#options;
    try {
      for (let start = 0; start < batch.count;) {
        start += await this.#send(batch, start);
        await this.#receive(out);
      }
    } catch (thrown) {
      throw thrown instanceof CaissonError ? thrown : link.broken(thrown);
    }
  }

  async #send(batch: Batch, start: number): Promise<number> {
    const { plugin, input } = this.#options;
    for (;;) {
      this.#check();
      const slot = this.#input.claim();
      if (slot === undefined) {
        const waiting = this.#input.waitForRoom();
        if (typeof waiting !== "boolean") await waiting;
        continue;
      }
      const copied = slot.copyFrom(batch, start);
      if (copied === 0) {
        throw new CaissonError("CAISSON_EVENT_TOO_LARGE", {
          subject: plugin,
          found: `an event of ${batch.payloadLength(start)} bytes`,
          allowed: `at most ${input.arenaBytes} bytes`,
        });
      }
      this.#input.publish();
      return copied;
    }
  }

  async #receive(out: Batch): Promise<void> {
    for (;;) {
      this.#check();
      const slot = this.#output.peek();
      if (slot === undefined) {
        const waiting = this.#output.waitForBatch();
        if (typeof waiting !== "boolean") await waiting;
        continue;
      }
      const { allFailed, fault } = readAnswer(slot, 0);
      try {
        if (!allFailed) {
          out.absorb(slot);
          return;
        }
      } finally {
        this.#output.consume();
      }
      throw pluginError(
        this.#options.plugin,
        "process",
        fault ?? { name: "Error", message: "no reason given", stack: "" },
      );
    }
  }

  #check(): void {
    const { link, plugin } = this.#options;
    if (link.failure !== undefined) throw link.failure;
    if (this.#input.closed) {
      throw new CaissonError("CAISSON_PLUGIN_THREW", {
        subject: plugin,
        found: "the processor was closed during a call",
        action: "Process nothing after close.",
      });
    }
  }

  #closeRings(): void {
    this.#input.close();
    this.#output.close();
  }

  /** Ends the instance and its Worker. */
  async close(): Promise<void> {
    const { link, deadlines } = this.#options;
    this.#closeRings();
    await closeWorker(link, deadlines.closeMs);
  }
}
