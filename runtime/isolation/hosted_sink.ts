/** A sink that runs in a Worker or a process of its own, as the host drives it. @module */
import type { Attempt, BatchSinkPart, WriteResult } from "../connector/contract.ts";
import type { Batch, VerdictEntry } from "../data/batch.ts";
import { CLASS_PERMANENT, CLASS_TRANSIENT, RETRY } from "../data/layout.ts";
import type { RingMemory } from "../data/ring.ts";
import { RingProducer } from "../data/ring_producer.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { closeHosted } from "./close_hosted.ts";
import { readAnswer } from "./slot_answer.ts";
import type { AllDeadlines } from "./plugin_deadlines.ts";
import type { PluginLink } from "./plugin_link.ts";

/** What {@linkcode HostedSink} needs. */
export interface HostedSinkOptions {
  /** Control channel. */
  readonly link: PluginLink;
  /** What the plugin empties. */
  readonly input: RingMemory;
  /** Name of the plugin. */
  readonly plugin: string;
  /** Codec the payloads are in. @default {whatever the source of a batch uses} */
  readonly codec?: string | undefined;
  /** Deadlines. */
  readonly deadlines: AllDeadlines;
}

/** A slot that was handed over and not yet answered. */
interface Sent {
  readonly sequence: number;
  /** Index in the batch of the slot's first event. */
  readonly start: number;
  readonly count: number;
}

/** One write under way. */
interface Write {
  readonly sent: Sent[];
  readonly verdicts: VerdictEntry[];
  reason: CaissonError | undefined;
}

/** Copies each batch into the ring, once, and reads the answers. Writes must not overlap. */
export class HostedSink implements BatchSinkPart {
  readonly accepts = "batches";
  readonly codec?: string;
  readonly maxEvents: number;
  readonly #options: HostedSinkOptions;
  readonly #input: RingProducer;

  /** Attaches to the ring. */
  constructor(options: HostedSinkOptions) {
    this.#options = options;
    if (options.codec !== undefined) this.codec = options.codec;
    this.maxEvents = options.input.capacity;
    this.#input = new RingProducer(options.input, options.link.waker);
    options.link.onFailed(() => this.#input.close());
    options.link.watch(() => this.#input.work);
  }

  /** Connects the plugin's sink. */
  async connect(attempt: Attempt): Promise<void> {
    const { link, deadlines } = this.#options;
    await link.ask(
      { type: "connect", attempt },
      "connected",
      deadlines.connectMs,
    );
  }

  /** Writes a batch; resolves when the plugin has written all of it. */
  async write(batch: Batch): Promise<WriteResult | void> {
    const { link } = this.#options;
    const write: Write = { sent: [], verdicts: [], reason: undefined };
    const { count } = batch;
    try {
      for (let start = 0; start < count;) {
        this.#harvest(write);
        const slot = this.#input.claim();
        if (slot === undefined) {
          await this.#wait(this.#input.waitForRoom());
          continue;
        }
        const copied = slot.copyFrom(batch, start);
        if (copied === 0) {
          this.#refuse(write, batch, start++);
          continue;
        }
        write.sent.push({
          sequence: this.#input.published,
          start,
          count: copied,
        });
        this.#input.publish();
        start += copied;
      }
      while (write.sent.length > 0) {
        this.#harvest(write);
        if (write.sent.length > 0) {
          await this.#wait(this.#input.waitUntilEmpty());
        }
      }
    } catch (thrown) {
      throw thrown instanceof CaissonError ? thrown : link.broken(thrown);
    }
    if (write.verdicts.length === 0) return;
    if (write.verdicts.length === count && write.reason !== undefined) {
      throw write.reason;
    }
    return { verdicts: write.verdicts, reason: write.reason };
  }

  async #wait(waiting: boolean | Promise<boolean>): Promise<void> {
    if (typeof waiting !== "boolean") await waiting;
    const { link } = this.#options;
    if (link.failure !== undefined) throw link.failure;
    if (this.#input.closed) {
      throw new CaissonError("CAISSON_SINK_FAILED", {
        subject: this.#options.plugin,
        found: "the sink was closed during a write",
      });
    }
  }

  /** Reads the answers of all slots that were given back. */
  #harvest(write: Write): void {
    const { pending } = this.#input;
    while (write.sent.length > pending) {
      const { sequence, start, count } = write.sent.shift()!;
      const answer = readAnswer(this.#input.slot(sequence), count);
      if (answer.fault !== undefined) {
        write.reason ??= this.#options.link.errorOf(
          "write",
          answer.fault,
        );
      }
      if (answer.allFailed) {
        for (let index = 0; index < count; index++) {
          write.verdicts.push(retry(start + index, CLASS_TRANSIENT));
        }
        continue;
      }
      for (const entry of answer.verdicts) {
        write.verdicts.push({ ...entry, index: start + entry.index });
      }
    }
  }

  #refuse(write: Write, batch: Batch, index: number): void {
    const { plugin, input } = this.#options;
    write.verdicts.push(retry(index, CLASS_PERMANENT));
    write.reason ??= new CaissonError("CAISSON_EVENT_TOO_LARGE", {
      subject: plugin,
      found: `an event of ${batch.payloadLength(index)} bytes`,
      allowed: `at most ${input.arenaBytes} bytes`,
    });
  }

  /** Ends the instance and what it runs in. */
  async close(): Promise<void> {
    const { link, deadlines } = this.#options;
    this.#input.close();
    await closeHosted(link, deadlines.closeMs);
  }
}

function retry(index: number, failureClass: number): VerdictEntry {
  return { index, action: RETRY, failureClass, code: 0, retryAfterMs: 0 };
}
