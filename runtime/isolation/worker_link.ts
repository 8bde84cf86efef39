/** The host's end of a plugin Worker: control messages, deadlines, log, and what happens when the Worker fails. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { LogGate } from "./log_gate.ts";
import { pluginError } from "./plugin_error.ts";
import { startWorker, type WorkerPermissions } from "./start_worker.ts";
import { checkWorkerMessage, type HostMessage, type LogLevel, type WorkerMessage } from "./worker_protocol.ts";

/** Control messages a Worker may send in one second before it is stopped. */
export const MESSAGES_A_SECOND = 5000;

/** What {@linkcode WorkerLink} needs. */
export interface WorkerLinkOptions {
  /** Name of the plugin. */
  readonly plugin: string;
  /** `flow/connector`. */
  readonly alias: string;
  /** What the Worker may touch. */
  readonly permissions: WorkerPermissions;
  /** The host's log. */
  readonly log: (level: LogLevel, message: string) => void;
}

interface Expected {
  readonly type: WorkerMessage["type"];
  readonly resolve: () => void;
  readonly reject: (error: CaissonError) => void;
}

/** A Worker under control: it answers in time, or the instance has failed. */
export class WorkerLink {
  readonly #options: WorkerLinkOptions;
  readonly #worker: Worker;
  readonly #gate: LogGate;
  readonly #failed: ((error: CaissonError) => void)[] = [];
  #readFailed: ((error: CaissonError) => void) | undefined;
  #expected: Expected | undefined;
  #failure: CaissonError | undefined;
  #ended = false;
  #second = 0;
  #messages = 0;

  /**
   * Starts the Worker with our bootstrap module; no plugin code runs before `open` is sent.
   *
   * @throws {CaissonError} as {@linkcode startWorker}
   */
  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    this.#gate = new LogGate(options.log);
    this.#worker = startWorker({
      url: import.meta.resolve("./worker_bootstrap.ts"),
      name: options.alias,
      plugin: options.plugin,
      permissions: options.permissions,
      onError: (message) =>
        this.fail(pluginError(options.plugin, "outside of any call", {
          name: "Error",
          message,
          stack: "",
        })),
    });
    this.#worker.addEventListener("message", (event) => this.#hear(event.data));
  }

  /** Why the instance cannot be used any more. */
  get failure(): CaissonError | undefined {
    return this.#failure;
  }

  /** Whether the Worker has been stopped. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Calls `listener` once, when the instance fails. */
  onFailed(listener: (error: CaissonError) => void): void {
    if (this.#failure === undefined) this.#failed.push(listener);
    else listener(this.#failure);
  }

  /** Calls `listener` for every read that failed. */
  onReadFailed(listener: (error: CaissonError) => void): void {
    this.#readFailed = listener;
  }

  /** Sends a control message. */
  send(message: HostMessage): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  /**
   * Sends a control message and waits for its answer.
   *
   * @throws {CaissonError} what the plugin threw, `CAISSON_PLUGIN_TIMEOUT`, or why the instance failed meanwhile
   */
  async ask(
    message: HostMessage,
    answer: WorkerMessage["type"],
    timeoutMs: number,
  ): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) {
      throw new CaissonError("CAISSON_PLUGIN_THREW", {
        subject: `${this.#options.alias}: ${message.type}`,
        found: "the instance was closed before",
        action: "Launch a new instance.",
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#expected = { type: answer, resolve, reject };
    const timer = setTimeout(
      () =>
        reject(
          new CaissonError("CAISSON_PLUGIN_TIMEOUT", {
            subject: `${this.#options.alias}: ${message.type}`,
            found: `no answer within ${timeoutMs} ms`,
          }),
        ),
      timeoutMs,
    );
    try {
      this.send(message);
      await promise;
    } finally {
      clearTimeout(timer);
      this.#expected = undefined;
    }
  }

  /** Gives the instance up: whoever waits is told, and the Worker is stopped. */
  fail(error: CaissonError): void {
    if (this.#ended) return;
    this.#failure = error;
    this.terminate();
    this.#expected?.reject(error);
    for (const listener of this.#failed.splice(0)) listener(error);
  }

  /** Stops the Worker. Its thread goes on until its JavaScript yields: Deno cannot stop a loop. */
  terminate(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#gate.flush();
    this.#worker.terminate();
  }

  #hear(data: unknown): void {
    if (this.#ended) return;
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#messages = 0;
    this.#second = second;
    if (++this.#messages > MESSAGES_A_SECOND) {
      return this.#breach(
        `more than ${MESSAGES_A_SECOND} control messages in a second`,
      );
    }
    const message = checkWorkerMessage(data);
    if (message === undefined) {
      return this.#breach("sent a message that is not part of the protocol");
    }
    const { plugin } = this.#options;
    switch (message.type) {
      case "log":
        return this.#gate.push(message.level, message.message);
      case "crashed":
        return this.fail(
          pluginError(plugin, "outside of any call", message.fault),
        );
      case "failed": {
        const error = pluginError(plugin, message.stage, message.fault);
        if (message.stage === "read") this.#readFailed?.(error);
        else this.#expected?.reject(error);
        return;
      }
      default:
        // An answer nobody waits for comes late, after its deadline; one that was never asked for changes nothing.
        if (this.#expected?.type === message.type) this.#expected.resolve();
    }
  }

  #breach(found: string): void {
    this.fail(
      new CaissonError("CAISSON_PLUGIN_PROTOCOL", {
        subject: `${this.#options.plugin} as ${this.#options.alias}`,
        found,
      }),
    );
  }

  /** An error for data in shared memory that cannot be, and the end of the instance. */
  broken(thrown: unknown): CaissonError {
    const error = new CaissonError("CAISSON_PLUGIN_PROTOCOL", {
      subject: `${this.#options.plugin} as ${this.#options.alias}`,
      found: thrown instanceof Error ? thrown.message : String(thrown),
      cause: thrown,
    });
    this.fail(error);
    return error;
  }
}
