/** The host's end of a plugin that runs elsewhere: control messages, deadlines, log, and what happens when it fails. @module */
import type { PartMetrics } from "../connector/contract.ts";
import type { RingWaker } from "../data/ring_bell.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { LogGate } from "./log_gate.ts";
import { pluginError } from "./plugin_error.ts";
import type { ProcessOpenMessage } from "./process_protocol.ts";
import {
  checkWorkerMessage,
  type Fault,
  type HostMessage,
  type LogLevel,
  type WorkerMessage,
} from "./worker_protocol.ts";

/** Control messages a plugin may send in one second before it is stopped. */
const MESSAGES_A_SECOND = 5000;

/** How long an answer to `metrics` is waited for, milliseconds. */
const METRICS_MS = 1000;

/** What every {@linkcode PluginLink} needs. */
export interface PluginLinkOptions {
  /** Name of the plugin. */
  readonly plugin: string;
  /** `flow/connector`. */
  readonly alias: string;
  /** The host's log. */
  readonly log: (level: LogLevel, message: string) => void;
  /** Makes an error of what went wrong on the other side. @default {pluginError} */
  readonly errorOf?: ((plugin: string, doing: string, fault: Fault) => CaissonError) | undefined;
}

/** Work that was handed over through a ring. */
export interface SlotWork {
  /** Slots handed over and not given back. */
  readonly pending: number;
  /** Slots given back so far; only its changes matter. */
  readonly done: number;
}

interface Expected {
  readonly type: WorkerMessage["type"];
  /** Message that is to be answered. */
  readonly asked: string;
  readonly resolve: () => void;
  readonly reject: (error: CaissonError) => void;
}

/** A plugin under control: it answers in time, or the instance has failed. */
export abstract class PluginLink {
  /** How rings wake the other side; `undefined` where `Atomics.notify` does. */
  abstract readonly waker: RingWaker | undefined;
  readonly #options: PluginLinkOptions;
  readonly #gate: LogGate;
  readonly #failed: ((error: CaissonError) => void)[] = [];
  readonly #metrics: ((json: string) => void)[] = [];
  readonly #caughtUp = new Set<() => void>();
  #readFailed: ((error: CaissonError) => void) | undefined;
  #expected: Expected | undefined;
  #failure: CaissonError | undefined;
  #denied: ((error: CaissonError) => void) | undefined;
  #stopping: Promise<void> | undefined;
  #lastMetrics: PartMetrics = {};
  #second = 0;
  #messages = 0;

  /** Nothing runs yet. */
  constructor(options: PluginLinkOptions) {
    this.#options = options;
    this.#gate = new LogGate(options.log);
  }

  /** Why the instance cannot be used any more. */
  get failure(): CaissonError | undefined {
    return this.#failure;
  }

  /** Whether the plugin has been stopped. */
  get ended(): boolean {
    return this.#stopping !== undefined;
  }

  /** `plugin as alias`, for errors. */
  get subject(): string {
    return `${this.#options.plugin} as ${this.#options.alias}`;
  }

  /** The message whose answer is waited for. */
  protected get asked(): string | undefined {
    return this.#expected?.asked;
  }

  /** Calls `listener` once, when the instance fails. */
  onFailed(listener: (error: CaissonError) => void): void {
    if (this.#failure === undefined) this.#failed.push(listener);
    else listener(this.#failure);
  }

  /** Calls `listener` for everything the plugin was refused and did not handle itself. */
  onDenied(listener: (error: CaissonError) => void): void {
    this.#denied = listener;
  }

  /** Calls `listener` for every read that failed. */
  onReadFailed(listener: (error: CaissonError) => void): void {
    this.#readFailed = listener;
  }

  /** Calls `listener` with the answer to the next `metrics` message. */
  onMetrics(listener: (json: string) => void): void {
    this.#metrics.push(listener);
  }

  /** The error for what went wrong on the other side. */
  errorOf(doing: string, fault: Fault): CaissonError {
    const { plugin, errorOf = pluginError } = this.#options;
    const error = errorOf(plugin, doing, fault);
    if (error.code === "CAISSON_PERMISSION_DENIED") this.denied(error);
    return error;
  }

  /** Tells whoever listens that the plugin was refused something. */
  protected denied(error: CaissonError): void {
    this.#denied?.(error);
  }

  /** What the plugin says about itself; what it said last when it does not answer within a second. */
  async metrics(): Promise<PartMetrics> {
    if (this.ended) return this.#lastMetrics;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.onMetrics((json) => {
      this.#lastMetrics = parseMetrics(json) ?? this.#lastMetrics;
      resolve();
    });
    this.send({ type: "metrics" });
    const timer = setTimeout(resolve, METRICS_MS);
    await promise;
    clearTimeout(timer);
    return this.#lastMetrics;
  }

  /**
   * Waits until the plugin has answered everything it was told so far, or its instance has ended.
   *
   * @throws {CaissonError} `CAISSON_PLUGIN_TIMEOUT` after `timeoutMs` milliseconds
   */
  async caughtUp(timeoutMs: number): Promise<void> {
    if (this.ended) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.onMetrics(() => resolve());
    this.#caughtUp.add(resolve);
    this.send({ type: "metrics" });
    const timer = setTimeout(() => {
      reject(
        new CaissonError("CAISSON_PLUGIN_TIMEOUT", {
          subject: `${this.#options.alias}: what it had read when it was stopped`,
          found: `no answer within ${timeoutMs} ms`,
        }),
      );
    }, timeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#caughtUp.delete(resolve);
    }
  }

  /** Sends a control message. */
  abstract send(message: HostMessage | ProcessOpenMessage): void;

  /** Lets the link see how work proceeds, so that it can end a plugin that makes no progress, where one can be ended. */
  abstract watch(work: () => SlotWork): void;

  /** Ends the other side; called once. Never rejects. */
  protected abstract stop(): void | Promise<void>;

  /** Told when an answer is late. */
  protected abstract late(asked: string, error: CaissonError): void;

  /**
   * Sends a control message and waits for its answer.
   *
   * @throws {CaissonError} what the plugin threw, `CAISSON_PLUGIN_TIMEOUT`, or why the instance failed meanwhile
   */
  async ask(
    message: HostMessage | ProcessOpenMessage,
    answer: WorkerMessage["type"],
    timeoutMs: number,
  ): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.ended) {
      throw new CaissonError("CAISSON_PLUGIN_THREW", {
        subject: `${this.subject}: ${message.type}`,
        found: "the instance was closed before",
        action: "Launch a new instance.",
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#expected = { type: answer, asked: message.type, resolve, reject };
    const timer = setTimeout(() => {
      const error = new CaissonError("CAISSON_PLUGIN_TIMEOUT", {
        subject: `${this.#options.alias}: ${message.type}`,
        found: `no answer within ${timeoutMs} ms`,
      });
      reject(error);
      this.late(message.type, error);
    }, timeoutMs);
    try {
      this.send(message);
      await promise;
    } finally {
      clearTimeout(timer);
      this.#expected = undefined;
    }
  }

  /** Gives the instance up: whoever waits is told, and the plugin is stopped. */
  fail(error: CaissonError): void {
    if (this.ended) return;
    this.#failure = error;
    this.terminate();
    this.#expected?.reject(error);
    for (const listener of this.#failed.splice(0)) listener(error);
  }

  /** Stops the plugin; resolves when nothing of it runs any more, as far as that can be told. */
  terminate(): Promise<void> {
    if (this.#stopping === undefined) {
      // Set first: what stopping wakes up must see that this is over.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#stopping = promise;
      this.#gate.flush();
      resolve(this.stop());
      for (const ended of this.#caughtUp) ended();
    }
    return this.#stopping;
  }

  /** An error for data in shared memory that cannot be, and the end of the instance. */
  broken(thrown: unknown): CaissonError {
    const error = new CaissonError("CAISSON_PLUGIN_PROTOCOL", {
      subject: this.subject,
      found: thrown instanceof Error ? thrown.message : String(thrown),
      cause: thrown,
    });
    this.fail(error);
    return error;
  }

  /** Ends the instance for something the protocol does not allow. */
  protected breach(found: string): void {
    this.fail(new CaissonError("CAISSON_PLUGIN_PROTOCOL", { subject: this.subject, found }));
  }

  /** Ends the instance for an error nothing in it handled. */
  protected crashed(fault: Fault): void {
    this.fail(this.errorOf("outside of any call", fault));
  }

  /** Passes a line on to the host's log, cleaned and limited. */
  protected log(level: LogLevel, message: string): void {
    this.#gate.push(level, message);
  }

  /** Takes what came from the other side; nothing in it is trusted. */
  protected hear(data: unknown): void {
    if (this.ended) return;
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#messages = 0;
    this.#second = second;
    if (++this.#messages > MESSAGES_A_SECOND) {
      return this.breach(`more than ${MESSAGES_A_SECOND} control messages in a second`);
    }
    const message = checkWorkerMessage(data);
    if (message === undefined) return this.breach("sent a message that is not part of the protocol");
    switch (message.type) {
      case "log":
        return this.log(message.level, message.message);
      case "crashed":
        return this.crashed(message.fault);
      case "failed": {
        const error = this.errorOf(message.stage, message.fault);
        if (message.stage === "read") this.#readFailed?.(error);
        else this.#expected?.reject(error);
        return;
      }
      case "metrics":
        for (const listener of this.#metrics.splice(0)) listener(message.json);
        return;
      default:
        // An answer nobody waits for comes late, after its deadline; one that was never asked for changes nothing.
        if (this.#expected?.type === message.type) this.#expected.resolve();
    }
  }
}

function parseMetrics(json: string): PartMetrics | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as PartMetrics : undefined;
  } catch {
    // Numbers are a courtesy: without them those of the last time stay.
    return undefined;
  }
}
