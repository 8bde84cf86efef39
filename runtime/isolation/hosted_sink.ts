/** A sink that runs in a Worker or a process of its own, as the host drives it. @module */
import type { Attempt, BatchSinkPart, PartMetrics, WriteResult } from "../connector/contract.ts";
import type { Batch, VerdictEntry } from "../data/batch.ts";
import type { CopyBytes } from "../data/copy_bytes.ts";
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
  /** Copies into the ring. @default {as JavaScript does} */
  readonly copy?: CopyBytes | undefined;
  /** Deadlines. */
  readonly deadlines: AllDeadlines;
}

/** One write under way. */
interface Write {
  readonly batch: Batch;
  readonly count: number;
  /** Event that goes into the next slot. */
  next: number;
  /** Slots handed over and not yet answered. */
  open: number;
  readonly verdicts: VerdictEntry[];
  reason: CaissonError | undefined;
  readonly resolve: (result: WriteResult | void) => void;
  readonly reject: (reason: unknown) => void;
}

/** A slot that was handed over and not yet answered. */
interface Sent {
  readonly write: Write;
  readonly sequence: number;
  /** Index in the batch of the slot's first event. */
  readonly start: number;
  readonly count: number;
}

/** A plugin that answers sooner has its batches settled together, a slower one each by itself, milliseconds. */
const QUICK_MS = 20;

/**
 * Copies each batch into the ring, once, and reads the answers. Writes may overlap; they are handed over in order, and
 * several slots are under way at a time, so that neither side waits for the other after each of them.
 */
export class HostedSink implements BatchSinkPart {
  readonly accepts = "batches";
  readonly codec?: string;
  readonly maxEvents: number;
  readonly inFlight: number;
  readonly #options: HostedSinkOptions;
  readonly #input: RingProducer;
  /** Writes of which something is still to be handed over. */
  readonly #unsent: Write[] = [];
  readonly #sent: Sent[] = [];
  #collecting = false;
  #tookMs = 0;
  #bellDue = false;
  #quiet = 0;

  /** Attaches to the ring. */
  constructor(options: HostedSinkOptions) {
    this.#options = options;
    if (options.codec !== undefined) this.codec = options.codec;
    this.maxEvents = options.input.capacity;
    this.inFlight = options.input.slots;
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
  write(batch: Batch): Promise<WriteResult | void> {
    return new Promise((resolve, reject) => {
      const { count } = batch;
      const write: Write = { batch, count, next: 0, open: 0, verdicts: [], reason: undefined, resolve, reject };
      this.#unsent.push(write);
      this.#advance();
      if (!this.#busy) return;
      if (this.#collecting) this.#input.changeWait(this.#level);
      else void this.#collect();
    });
  }

  get #busy(): boolean {
    return this.#sent.length > 0 || this.#unsent.length > 0;
  }

  /** Slots that may be under way still when the host looks again: of a slow plugin all but one, of a quick one half. */
  get #level(): number {
    const under = this.#sent.length;
    return this.#tookMs < QUICK_MS ? under >>> 1 : Math.max(0, under - 1);
  }

  /** Does what can be done without waiting; a failure of the instance ends every write. */
  #advance(): void {
    try {
      this.#check();
      this.#harvest();
      this.#handOver();
    } catch (thrown) {
      const { link } = this.#options;
      const reason = thrown instanceof CaissonError ? thrown : link.broken(thrown);
      const writes = new Set([...this.#sent.splice(0).map(({ write }) => write), ...this.#unsent.splice(0)]);
      for (const { reject } of writes) reject(reason);
    }
  }

  #check(): void {
    const { link, plugin } = this.#options;
    if (link.failure !== undefined) throw link.failure;
    if (this.#input.closed) {
      throw new CaissonError("CAISSON_SINK_FAILED", {
        subject: plugin,
        found: "the sink was closed during a write",
      });
    }
  }

  #handOver(): void {
    for (let write = this.#unsent[0]; write !== undefined; write = this.#unsent[0]) {
      while (write.next < write.count) {
        // A slot that came back holds its answer until it is read: the ring itself would give it out again.
        if (this.#sent.length >= this.inFlight) this.#harvest();
        const slot = this.#sent.length >= this.inFlight ? undefined : this.#input.claim();
        if (slot === undefined) return this.#ring();
        const start = write.next;
        const copied = slot.copyFrom(write.batch, start, this.#options.copy);
        if (copied === 0) {
          this.#refuse(write, write.next++);
          continue;
        }
        this.#sent.push({ write, sequence: this.#input.published, start, count: copied });
        write.next += copied;
        write.open++;
        this.#publish();
      }
      this.#unsent.shift();
      if (write.open === 0) settle(write);
    }
  }

  /**
   * A plugin that sleeps is woken as soon as half of its slots are full, or the host has nothing else to do: being woken
   * for each slot costs the host more than filling it.
   */
  #publish(): void {
    this.#input.publishQuietly();
    if (++this.#quiet >= this.inFlight >>> 1) return this.#ring();
    if (this.#bellDue) return;
    this.#bellDue = true;
    queueMicrotask(() => {
      this.#bellDue = false;
      if (this.#quiet > 0) this.#ring();
    });
  }

  #ring(): void {
    this.#quiet = 0;
    this.#input.ring();
  }

  /** Waits for answers as long as there are any to come. */
  async #collect(): Promise<void> {
    this.#collecting = true;
    // Spinning would keep the host from handing over the next batch.
    await undefined;
    try {
      while (this.#busy) {
        const before = performance.now();
        const waiting = this.#input.waitUntilPending(this.#level);
        if (typeof waiting !== "boolean") await waiting;
        this.#advance();
        this.#tookMs = performance.now() - before;
      }
    } catch (thrown) {
      // The ring's words went where no plugin takes them.
      this.#options.link.broken(thrown);
      this.#advance();
    } finally {
      this.#collecting = false;
    }
  }

  /** Reads the answers of all slots that were given back. */
  #harvest(): void {
    if (this.#sent.length === 0) return;
    const { pending } = this.#input;
    while (this.#sent.length > pending) {
      const { write, sequence, start, count } = this.#sent[0]!;
      // Read before it is forgotten: an answer that is refused ends this write, too.
      this.#read(write, sequence, start, count);
      this.#sent.shift();
      if (--write.open === 0 && write.next >= write.count) settle(write);
    }
  }

  #read(write: Write, sequence: number, start: number, count: number): void {
    const answer = readAnswer(this.#input.slot(sequence), count);
    if (answer.fault !== undefined) write.reason ??= this.#options.link.errorOf("write", answer.fault);
    if (answer.allFailed) {
      for (let index = 0; index < count; index++) write.verdicts.push(retry(start + index, CLASS_TRANSIENT));
      return;
    }
    for (const entry of answer.verdicts) write.verdicts.push({ ...entry, index: start + entry.index });
  }

  #refuse(write: Write, index: number): void {
    const { plugin, input } = this.#options;
    write.verdicts.push(retry(index, CLASS_PERMANENT));
    write.reason ??= new CaissonError("CAISSON_EVENT_TOO_LARGE", {
      subject: plugin,
      found: `an event of ${write.batch.payloadLength(index)} bytes`,
      allowed: `at most ${input.arenaBytes} bytes`,
    });
  }

  /** What the plugin says about itself. */
  metrics(): Promise<PartMetrics> {
    return this.#options.link.metrics();
  }

  /** Ends the instance and what it runs in. */
  async close(): Promise<void> {
    const { link, deadlines } = this.#options;
    this.#input.close();
    await closeHosted(link, deadlines.closeMs);
  }
}

function settle({ verdicts, reason, count, resolve, reject }: Write): void {
  if (verdicts.length === 0) resolve();
  else if (verdicts.length === count && reason !== undefined) reject(reason);
  else resolve({ verdicts, reason });
}

function retry(index: number, failureClass: number): VerdictEntry {
  return { index, action: RETRY, failureClass, code: 0, retryAfterMs: 0 };
}
