/** A processor that runs in a Worker or a process of its own, as the host drives it. @module */
import type { PartMetrics, ProcessorPart } from "../connector/contract.ts";
import type { Batch } from "../data/batch.ts";
import type { CopyBytes } from "../data/copy_bytes.ts";
import type { RingMemory } from "../data/ring.ts";
import { RingConsumer } from "../data/ring_consumer.ts";
import { RingProducer } from "../data/ring_producer.ts";
import { BATCH_MORE } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { closeHosted } from "./close_hosted.ts";
import { readAnswer } from "./slot_answer.ts";
import type { AllDeadlines } from "./plugin_deadlines.ts";
import type { PluginLink } from "./plugin_link.ts";

/** What {@linkcode HostedProcessor} needs. */
export interface HostedProcessorOptions {
  /** Control channel. */
  readonly link: PluginLink;
  /** What the plugin empties. */
  readonly input: RingMemory;
  /** What the plugin fills: one slot for each slot of `input`. */
  readonly output: RingMemory;
  /** Name of the plugin. */
  readonly plugin: string;
  /** Codec of input and output. @default {whatever the source of a batch uses} */
  readonly codec?: string | undefined;
  /** Copies into and out of the rings. @default {as JavaScript does} */
  readonly copy?: CopyBytes | undefined;
  /** Deadlines. */
  readonly deadlines: AllDeadlines;
}

/** Sends each batch through the plugin. Calls must not overlap. */
export class HostedProcessor implements ProcessorPart {
  readonly codec?: string;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly output: { readonly capacity: number; readonly arenaBytes: number };
  readonly #options: HostedProcessorOptions;
  readonly #input: RingProducer;
  readonly #output: RingConsumer;

  /** Attaches to both rings. */
  constructor(options: HostedProcessorOptions) {
    this.#options = options;
    if (options.codec !== undefined) this.codec = options.codec;
    this.maxEvents = options.input.capacity;
    // What fits into one slot comes back as one, and what the plugin makes of it fits into the batch it is put into;
    // rings of the same size on both sides leave the plugin room to write four times what it got.
    this.maxBytes = Math.min(options.input.arenaBytes, options.output.arenaBytes >>> 2);
    this.output = options.output;
    this.#input = new RingProducer(options.input, options.link.waker);
    this.#output = new RingConsumer(options.output, options.link.waker);
    options.link.onFailed(() => this.#closeRings());
    options.link.watch(() => this.#input.work);
  }

  /** Appends what the plugin made of the batch; where `more` is there, the plugin may answer with several. */
  async process(batch: Batch, out: Batch, more?: () => Batch): Promise<void> {
    const { link } = this.#options;
    try {
      let start = 0;
      let last = out;
      // An empty batch is sent, too: it ends the stream of an interceptor.
      do {
        start += await this.#send(batch, start);
        last = await this.#receive(last, more);
      } while (start < batch.count);
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
      const copied = slot.copyFrom(batch, start, this.#options.copy);
      if (copied === 0 && batch.count > 0) {
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

  /** Takes one answer; returns the batch its end was put into. */
  async #receive(out: Batch, more: (() => Batch) | undefined): Promise<Batch> {
    let into = out;
    for (;;) {
      this.#check();
      const slot = this.#output.peek();
      if (slot === undefined) {
        const waiting = this.#output.waitForBatch();
        if (typeof waiting !== "boolean") await waiting;
        continue;
      }
      const { allFailed, fault } = readAnswer(slot, 0);
      const goesOn = more !== undefined && (slot.flags & BATCH_MORE) !== 0;
      try {
        if (!allFailed) {
          if (more !== undefined && !roomFor(slot, into)) into = more();
          into.absorb(slot, this.#options.copy);
          if (goesOn) continue;
          return into;
        }
      } finally {
        this.#output.consume();
      }
      throw this.#options.link.errorOf(
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

  /** What the plugin says about itself. */
  metrics(): Promise<PartMetrics> {
    return this.#options.link.metrics();
  }

  /** Ends the instance and what it runs in. */
  async close(): Promise<void> {
    const { link, deadlines } = this.#options;
    this.#closeRings();
    await closeHosted(link, deadlines.closeMs);
  }
}

/** Whether an answer fits behind what a batch holds already; what is wrong with the answer itself, absorbing it says. */
function roomFor(slot: Batch, into: Batch): boolean {
  return into.count === 0 ||
    slot.count <= into.capacity - into.count && slot.arenaUsed <= into.arena.byteLength - into.arenaUsed;
}
