/** The host's end of a plugin Worker. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { PluginLink, type PluginLinkOptions, type SlotWork } from "./plugin_link.ts";
import { startWorker, type WorkerPermissions } from "./start_worker.ts";
import { Watchdog } from "./watchdog.ts";
import type { HostMessage } from "./worker_protocol.ts";

/** What {@linkcode WorkerLink} needs. */
export interface WorkerLinkOptions extends PluginLinkOptions {
  /** What the Worker may touch. */
  readonly permissions: WorkerPermissions;
  /** How long it may take over one batch, or not answer at all, milliseconds. */
  readonly batchMs: number;
}

/** A Worker under control: it answers in time, or the instance has failed. */
export class WorkerLink extends PluginLink {
  readonly waker = undefined;
  readonly #worker: Worker;
  readonly #batchMs: number;
  #watchdog: Watchdog | undefined;

  /**
   * Starts the Worker with our bootstrap module; no plugin code runs before `open` is sent.
   *
   * @throws {CaissonError} as {@linkcode startWorker}
   */
  constructor(options: WorkerLinkOptions) {
    super(options);
    this.#batchMs = options.batchMs;
    this.#worker = startWorker({
      url: import.meta.resolve("./worker_bootstrap.ts"),
      name: options.alias,
      plugin: options.plugin,
      permissions: options.permissions,
      onError: (message) => this.crashed({ name: "Error", message, stack: "" }),
    });
    this.#worker.addEventListener("message", (event) => this.hear(event.data));
  }

  /** Sends a control message. */
  send(message: HostMessage): void {
    if (!this.ended) this.#worker.postMessage(message);
  }

  /**
   * Gives the Worker up when work that was handed over does not proceed: what is in flight fails, and the flow goes on. A
   * Worker that loops uses its processor until the host ends: Deno cannot stop it.
   */
  watch(work: () => SlotWork): void {
    this.#watchdog = new Watchdog({
      slotMs: this.#batchMs,
      batchMs: this.#batchMs,
      memoryBytes: Infinity,
      resident: () => undefined,
      busy: () => this.asked !== undefined,
      ping: (heard) => {
        this.onMetrics(heard);
        this.send({ type: "metrics" });
      },
      onLate: (found) => this.#giveUp("CAISSON_PLUGIN_TIMEOUT", found),
      onMemory: (found) => this.#giveUp("CAISSON_PLUGIN_TIMEOUT", found),
      onBroken: (thrown) => this.#giveUp("CAISSON_PLUGIN_PROTOCOL", messageOf(thrown)),
    });
    this.#watchdog.watch(work);
  }

  #giveUp(code: "CAISSON_PLUGIN_TIMEOUT" | "CAISSON_PLUGIN_PROTOCOL", found: string): void {
    this.fail(new CaissonError(code, { subject: this.subject, found: `given up: ${found}` }));
  }

  /** Does nothing: whoever asked decides. */
  protected late(_asked: string, _error: CaissonError): void {}

  /** Stops the Worker. Its thread goes on until its JavaScript yields. */
  protected stop(): void {
    this.#watchdog?.stop();
    this.#worker.terminate();
  }
}
