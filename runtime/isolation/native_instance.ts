/** One open instance of a native component: its life, its error buffer, its deadlines. @module */
import type { PluginLibrary } from "../../ffi/library.ts";
import { parkedBuilds } from "../../ffi/parked.ts";
import { createErrorBuffer } from "../../ffi/native_call_error.ts";
import type { CommonFunctions } from "../../ffi/symbols.ts";
import type { PartContext, PartMetrics } from "../connector/contract.ts";
import { E_PANIC, HAS_THREADS } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { callBlocking, withDeadline } from "./native_calls.ts";
import { NativeMetrics } from "./native_metrics.ts";
import { NativeSignals } from "./native_signals.ts";
import { failureOf, type OpenedNative, openNative, subjectOf } from "./native_open.ts";

/** How long the calls of an instance's life may take. */
export interface NativeDeadlines {
  /** Open, bind and start, each, milliseconds. @default {30000} */
  readonly startMs?: number;
  /** Stop, and a call that is under way when the instance is closed, milliseconds. @default {5000} */
  readonly stopMs?: number;
  /** A sink's batch that is pending; after that the instance is stopped, and the batch failed, milliseconds. @default {30000} */
  readonly pendingMs?: number;
}

/** What {@linkcode NativeInstance.open} needs. */
export interface NativeInstanceOptions {
  /** The loaded library; closed with the instance, also when opening fails. */
  readonly library: PluginLibrary;
  /** Index of the component in the descriptor. */
  readonly component: number;
  /** Alias, number, configuration. */
  readonly context: PartContext;
  /** Deadlines. */
  readonly deadlines?: NativeDeadlines;
}

/** After an interrupt a call has this long to come back. */
const INTERRUPT_MS = 2000;

/**
 * Instances whose library could not be unloaded: their memory stays, since a call that never came back, or a thread that
 * was not joined, may be using it.
 */
const abandoned = new Set<NativeInstance>();

/** An open instance. Its data calls are made by the part that owns it, between {@linkcode start} and {@linkcode close}. */
export class NativeInstance {
  /** What the plugin's functions take. */
  readonly pointer: Deno.PointerObject;
  /** The library. */
  readonly library: PluginLibrary;
  /** `flow/connector: plugin`, for errors. */
  readonly subject: string;
  /** Where functions describe their failure. */
  readonly error: Uint8Array<ArrayBuffer> = createErrorBuffer();
  /** Memory handed over for payloads, if the plugin wanted some. */
  readonly memory: Uint8Array | undefined;
  /** Structs the plugin may look at until it is closed: referred to here, so that they are not collected. */
  readonly held: readonly Uint8Array[];
  /** Rings and log lines of the plugin. */
  readonly signals: NativeSignals;
  /** Aborted when the instance has to stop. */
  readonly signal: AbortSignal;
  /** Longest time a sink's batch may be pending, milliseconds. */
  readonly pendingMs: number;
  readonly #tell: PartContext["log"];
  readonly #common: CommonFunctions;
  readonly #host: OpenedNative["host"];
  readonly #metrics: NativeMetrics;
  readonly #startMs: number;
  readonly #stopMs: number;
  #state: "open" | "started" | "poisoned" | "closed" = "open";
  /** Whether start was called and stop was not: also true after a panic. */
  #running = false;
  #busy: Promise<unknown> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: NativeInstanceOptions, opened: OpenedNative) {
    const { library, deadlines = {} } = options;
    this.pointer = opened.pointer;
    this.memory = opened.memory;
    this.held = opened.held;
    this.#host = opened.host;
    this.#tell = (level, message) => options.context.log(level, message);
    this.signals = new NativeSignals(library, opened, this.error);
    this.signal = options.context.signal;
    this.pendingMs = deadlines.pendingMs ?? 30_000;
    this.library = library;
    this.subject = subjectOf(options);
    this.#common = library.common;
    this.#metrics = new NativeMetrics(this.subject, library.common.metrics);
    this.#startMs = deadlines.startMs ?? 30_000;
    this.#stopMs = deadlines.stopMs ?? 5_000;
  }

  /**
   * Opens an instance and hands it memory when it wants some.
   *
   * @throws {CaissonError} `CAISSON_CONFIG_INVALID`, `CAISSON_NATIVE_CALL`, `CAISSON_PLUGIN_TIMEOUT`
   */
  static async open(options: NativeInstanceOptions): Promise<NativeInstance> {
    const opened = await openNative({ ...options, deadlineMs: options.deadlines?.startMs ?? 30_000 });
    return new NativeInstance(options, opened);
  }

  /** Whether a call on a pool thread has not come back. */
  get busy(): boolean {
    return this.#busy !== undefined;
  }

  /** Whether data calls are allowed. */
  get started(): boolean {
    return this.#state === "started";
  }

  /**
   * Starts the instance; started already, stops it before.
   *
   * @throws {CaissonError} `CAISSON_NATIVE_CALL`, `CAISSON_NATIVE_STATE`, `CAISSON_PLUGIN_TIMEOUT`
   */
  async start(): Promise<void> {
    if (this.#state === "started") {
      this.#state = "open";
      await this.#stop();
    }
    if (this.#state !== "open") this.requireStarted("start");
    this.#running = true;
    if ((this.library.descriptor.flags & HAS_THREADS) !== 0) this.signals.listen();
    await this.#call("start", this.#startMs, () => this.#common.start(this.pointer, this.error));
    this.#state = "started";
  }

  /** Resolves when the call under way has come back; how it ended is the business of whoever made it. */
  async idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy.then(() => {}, () => {});
  }

  /** Stops the instance, whatever it holds; {@linkcode start} starts it again. */
  async halt(): Promise<void> {
    if (this.#state === "started") this.#state = "open";
    if (this.#running) await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#running = false;
    await this.#call("stop", this.#stopMs, () => this.#common.stop(this.pointer, this.#stopMs, this.error));
  }

  /** A blocking call of the instance's life, with a deadline; one that is late is interrupted. */
  async #call(name: string, deadlineMs: number, call: () => Promise<number>): Promise<void> {
    const running = this.occupy(callBlocking(call));
    let status: number;
    try {
      status = await withDeadline(running, { subject: `${this.subject} ${name}`, deadlineMs });
    } catch (late) {
      this.#common.interrupt(this.pointer);
      throw late;
    } finally {
      this.signals.drain();
    }
    if (status < 0) throw this.failure(name, status);
  }

  /** Marks the instance as busy until a call on a pool thread comes back: no other call may overlap it. */
  occupy<Result>(running: Promise<Result>): Promise<Result> {
    const mine = running.finally(() => {
      if (this.#busy === mine) this.#busy = undefined;
    });
    this.#busy = mine;
    return mine;
  }

  /**
   * Refuses a data call outside of start and close, and after a panic.
   *
   * @throws {CaissonError} `CAISSON_NATIVE_STATE`
   */
  requireStarted(name: string): void {
    this.signals.drain();
    if (this.#state === "started" && this.#busy === undefined) return;
    throw new CaissonError("CAISSON_NATIVE_STATE", {
      subject: `${this.subject} ${name}`,
      found: this.#state === "started" ? "another call has not come back" : `the instance is ${this.#state}`,
      allowed: "one call at a time, between start and close, and none after a panic",
    });
  }

  /** The error for a negative status; a panic makes the instance useless for anything but stop and close. */
  failure(name: string, status: number): CaissonError {
    if (status === E_PANIC && this.#state !== "closed") this.#state = "poisoned";
    return failureOf(`${this.subject} ${name}`, status, this.error);
  }

  /** What the plugin says about itself; while a call is under way, and after close, what it said last. */
  metrics(): PartMetrics {
    return this.#state === "closed" || this.#busy !== undefined ? this.#metrics.last : this.#metrics.read(this.pointer);
  }

  /**
   * Waits for the call under way, stops, closes, and lets go of the library. A call that does not come back is
   * interrupted; one that never does leaves the library mapped, and its memory in use.
   *
   * @throws {CaissonError} `CAISSON_PLUGIN_TIMEOUT`, or `CAISSON_NATIVE_CALL` from stop: the instance is closed then
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.signals.wake();
    if (!await this.#becomesIdle(this.#stopMs)) return await this.#abandon();
    let failed: unknown;
    try {
      if (this.#running) await this.#stop();
    } catch (cause) {
      failed = cause;
    }
    // A stop that was late has been interrupted already.
    if (!await this.#becomesIdle(0)) return await this.#abandon();
    this.#state = "closed";
    await callBlocking(() => this.#common.close(this.pointer));
    await this.signals.deafen();
    this.signals.drain();
    // Threads that stop did not join may still ring, log and read what they were given.
    const alive = this.#common.live() > 0;
    this.#host.end(alive);
    if (await this.library.close() === "parked" && alive) abandoned.add(this);
    this.#tellStayed();
    if (failed !== undefined) throw failed;
  }

  /** Closing now would free what a thread is working with: everything stays as it is, and is lost. */
  async #abandon(): Promise<never> {
    this.#state = "closed";
    abandoned.add(this);
    await this.signals.deafen();
    this.signals.drain();
    this.#host.end(true);
    await this.library.close({ deadlineMs: 0 });
    this.#tellStayed();
    throw new CaissonError("CAISSON_PLUGIN_TIMEOUT", {
      subject: `${this.subject} close`,
      found: `a call has not come back ${INTERRUPT_MS} ms after it was interrupted`,
    });
  }

  #tellStayed(): void {
    const { stayed, descriptor } = this.library;
    if (stayed === undefined) return;
    const builds = parkedBuilds(descriptor.plugin);
    this.#tell("warning", `the library stays in memory: ${stayed}; builds of this plugin that did: ${builds}`);
  }

  /** Whether no call is under way, or the one that is ends in time; it is interrupted when it does not end by itself. */
  async #becomesIdle(patienceMs: number): Promise<boolean> {
    if (this.#busy === undefined || await this.#comesBack(patienceMs)) return true;
    this.#common.interrupt(this.pointer);
    return await this.#comesBack(INTERRUPT_MS);
  }

  /** Whether the call under way ends in time; how it ends is the business of whoever made it. */
  async #comesBack(deadlineMs: number): Promise<boolean> {
    const ended = Promise.resolve(this.#busy).then(() => true, () => true);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), deadlineMs));
    try {
      return await Promise.race([ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
