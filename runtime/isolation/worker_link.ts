/** The host's end of a plugin Worker. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import { PluginLink, type PluginLinkOptions } from "./plugin_link.ts";
import { startWorker, type WorkerPermissions } from "./start_worker.ts";
import type { HostMessage } from "./worker_protocol.ts";

/** What {@linkcode WorkerLink} needs. */
export interface WorkerLinkOptions extends PluginLinkOptions {
  /** What the Worker may touch. */
  readonly permissions: WorkerPermissions;
}

/** A Worker under control: it answers in time, or the instance has failed. */
export class WorkerLink extends PluginLink {
  readonly waker = undefined;
  readonly #worker: Worker;

  /**
   * Starts the Worker with our bootstrap module; no plugin code runs before `open` is sent.
   *
   * @throws {CaissonError} as {@linkcode startWorker}
   */
  constructor(options: WorkerLinkOptions) {
    super(options);
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

  /** Does nothing: Deno cannot stop a Worker that loops, and to give it up while it goes on would help nobody. */
  watch(): void {}

  /** Does nothing: whoever asked decides. */
  protected late(_asked: string, _error: CaissonError): void {}

  /** Stops the Worker. Its thread goes on until its JavaScript yields. */
  protected stop(): void {
    this.#worker.terminate();
  }
}
