/** One open instance of a native component: its life, its error buffer, its deadlines. @module */
import type { PluginLibrary } from "../../ffi/library.ts";
import { createErrorBuffer, NativeCallError } from "../../ffi/native_call_error.ts";
import type { CommonFunctions } from "../../ffi/symbols.ts";
import type { PartContext, PartMetrics } from "../connector/contract.ts";
import {
  ABI_MAJOR,
  ABI_MINOR,
  BELL_LAYOUT,
  CLASS_CONFIG,
  E_PANIC,
  ERROR_LAYOUT,
  HOST_LAYOUT,
  MAX_EVENTS,
} from "../data/layout.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { callBlocking, withDeadline } from "./native_calls.ts";

/** How long the calls of an instance's life may take. */
export interface NativeDeadlines {
  /** Open, bind and start, milliseconds. @default {30000} */
  readonly startMs?: number;
  /** Stop and close, and a call that is under way then, milliseconds. @default {5000} */
  readonly stopMs?: number;
}

/** What {@linkcode NativeInstance.open} needs. */
export interface NativeInstanceOptions {
  /** The loaded library; closed with the instance. */
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
const ALIGNMENT = 64;
const FIRST_METRICS_BYTES = 4096;
const MOST_METRICS_BYTES = 1 << 20;

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
  readonly #common: CommonFunctions;
  readonly #stopMs: number;
  readonly #startMs: number;
  /** Structs the plugin may look at until it is closed: held, so that they are not collected. */
  readonly #held: readonly Uint8Array[];
  #state: "open" | "started" | "poisoned" | "closed" = "open";
  /** Whether start was called and stop was not: also true after a panic. */
  #running = false;
  #busy: Promise<unknown> | undefined;
  #metrics: PartMetrics = {};
  #metricsBuffer: Uint8Array<ArrayBuffer> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    options: NativeInstanceOptions,
    pointer: Deno.PointerObject,
    memory: Uint8Array | undefined,
    held: readonly Uint8Array[],
  ) {
    const { library, deadlines = {} } = options;
    this.pointer = pointer;
    this.library = library;
    this.subject = subjectOf(options);
    this.memory = memory;
    this.#common = library.common;
    this.#held = held;
    this.#startMs = deadlines.startMs ?? 30_000;
    this.#stopMs = deadlines.stopMs ?? 5_000;
  }

  /**
   * Opens an instance and hands it memory when it wants some.
   *
   * @throws {CaissonError} `CAISSON_CONFIG_INVALID`, `CAISSON_NATIVE_CALL`, `CAISSON_PLUGIN_TIMEOUT`
   */
  static async open(options: NativeInstanceOptions): Promise<NativeInstance> {
    const { library, component, context, deadlines = {} } = options;
    const subject = subjectOf(options);
    const deadlineMs = deadlines.startMs ?? 30_000;
    const { common } = library;
    const bell = new Uint8Array(new SharedArrayBuffer(BELL_LAYOUT.bytes));
    const host = hostStruct(context.instance, library.addressOf(bell));
    const config = new TextEncoder().encode(JSON.stringify(context.config));
    const error = createErrorBuffer();
    const opening = callBlocking(() => common.open(host, component, config, config.byteLength, error));
    let pointer: Deno.PointerValue;
    try {
      pointer = await withDeadline(opening, { subject: `${subject} open`, deadlineMs });
    } catch (late) {
      // Whatever it still opens is closed again; the library stays mapped until then.
      opening.then((opened) => opened === null ? undefined : common.close(opened)).catch(() => undefined);
      throw late;
    }
    if (pointer === null) throw failureOf(`${subject} open`, E_OPEN, error);
    try {
      const memory = await bindMemory(library, pointer, error, { subject, deadlineMs });
      return new NativeInstance(options, pointer, memory, [host, bell, config]);
    } catch (cause) {
      await callBlocking(() => common.close(pointer));
      throw cause;
    }
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
      await this.#stop();
      this.#state = "open";
    }
    if (this.#state !== "open") this.requireStarted("start");
    const deadlineMs = this.#startMs;
    this.#running = true;
    await this.#call("start", deadlineMs, () => this.#common.start(this.pointer, this.error));
    this.#state = "started";
  }

  async #stop(): Promise<void> {
    this.#running = false;
    await this.#call("stop", this.#stopMs, () => this.#common.stop(this.pointer, this.#stopMs, this.error));
  }

  /** A blocking call of the instance's life, with a deadline; one that is late is interrupted. */
  async #call(name: string, deadlineMs: number, call: () => Promise<number>): Promise<void> {
    const subject = `${this.subject} ${name}`;
    const running = this.occupy(callBlocking(call));
    let status: number;
    try {
      status = await withDeadline(running, { subject, deadlineMs });
    } catch (late) {
      this.#common.interrupt(this.pointer);
      throw late;
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

  /** What the plugin says about itself; while a call is under way, what it said last. */
  metrics(): PartMetrics {
    const { metrics } = this.#common;
    if (metrics === null || this.#state === "closed" || this.#busy !== undefined) return this.#metrics;
    let buffer = this.#metricsBuffer ??= new Uint8Array(FIRST_METRICS_BYTES);
    let length = metrics(this.pointer, buffer, buffer.byteLength);
    if (length < 0 && -length <= MOST_METRICS_BYTES) {
      buffer = this.#metricsBuffer = new Uint8Array(-length);
      length = metrics(this.pointer, buffer, buffer.byteLength);
    }
    if (length < 0 || length > buffer.byteLength) throw this.#badMetrics(`${Math.abs(length)} bytes`);
    try {
      return this.#metrics = JSON.parse(new TextDecoder().decode(buffer.subarray(0, length))) as PartMetrics;
    } catch (cause) {
      throw this.#badMetrics(messageOf(cause));
    }
  }

  #badMetrics(found: string): CaissonError {
    return new CaissonError("CAISSON_PLUGIN_PROTOCOL", {
      subject: `${this.subject} metrics`,
      found,
      allowed: `a JSON object of at most ${MOST_METRICS_BYTES} bytes`,
    });
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
    await this.library.close();
    if (failed !== undefined) throw failed;
  }

  /** Closing now would free what a thread is working with: everything stays as it is, and is lost. */
  async #abandon(): Promise<never> {
    this.#state = "closed";
    await this.library.close({ deadlineMs: 0 });
    throw new CaissonError("CAISSON_PLUGIN_TIMEOUT", {
      subject: `${this.subject} close`,
      found: `a call has not come back ${INTERRUPT_MS} ms after it was interrupted`,
    });
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
    try {
      return await withDeadline(ended, { subject: this.subject, deadlineMs });
    } catch {
      return false;
    }
  }

  /** Structs lent to the plugin for its whole life; only tests look at them. */
  get heldBytes(): number {
    return this.#held.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}

/** `caisson_open_1` has no status: NULL is failure, and the error struct has the code. */
const E_OPEN = -1;

function subjectOf({ library, context }: NativeInstanceOptions): string {
  return `${context.alias}: ${library.descriptor.plugin}`;
}

/** Reads the error buffer and empties it, so that a later failure without words does not repeat these. */
function failureOf(subject: string, status: number, buffer: Uint8Array): CaissonError {
  const cause = new NativeCallError(subject, status, buffer);
  buffer.fill(0, ERROR_LAYOUT.code);
  if (cause.failureClass !== CLASS_CONFIG) return cause;
  return new CaissonError("CAISSON_CONFIG_INVALID", { subject, found: cause.found, cause });
}

function hostStruct(instance: number, bell: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HOST_LAYOUT.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(HOST_LAYOUT.size, HOST_LAYOUT.bytes, true);
  view.setUint16(HOST_LAYOUT.abiMajor, ABI_MAJOR, true);
  view.setUint16(HOST_LAYOUT.abiMinor, ABI_MINOR, true);
  view.setUint32(HOST_LAYOUT.instance, instance, true);
  view.setBigUint64(HOST_LAYOUT.bell, bell, true);
  view.setUint32(HOST_LAYOUT.maxEvents, MAX_EVENTS, true);
  return bytes;
}

async function bindMemory(
  library: PluginLibrary,
  pointer: Deno.PointerObject,
  error: Uint8Array,
  { subject, deadlineMs }: { readonly subject: string; readonly deadlineMs: number },
): Promise<Uint8Array | undefined> {
  const { memorySize, memoryBind } = library.common;
  const length = memorySize?.(pointer) ?? 0;
  if (length === 0 || memoryBind === null) return undefined;
  const buffer = new ArrayBuffer(length + ALIGNMENT);
  const misaligned = Number(library.addressOf(new Uint8Array(buffer)) % BigInt(ALIGNMENT));
  const memory = new Uint8Array(buffer, (ALIGNMENT - misaligned) % ALIGNMENT, length);
  const status = await withDeadline(
    callBlocking(() => memoryBind(pointer, memory, length, error)),
    { subject: `${subject} memory_bind`, deadlineMs },
  );
  if (status < 0) throw failureOf(`${subject} memory_bind`, status, error);
  return memory;
}
