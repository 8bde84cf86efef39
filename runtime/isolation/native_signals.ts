/** What a native instance tells the host by itself: that there is work, and lines for the log. @module */
import type { PluginLibrary } from "../../ffi/library.ts";
import { ERROR_LAYOUT } from "../data/layout.ts";
import { listen, stopListening } from "./bell_keeper.ts";
import type { InstanceBell, SleepOptions } from "./instance_bell.ts";
import type { OpenedNative } from "./native_open.ts";
import type { NativeLog } from "./native_log.ts";

/** The bell and the log of one instance. */
export class NativeSignals {
  readonly #library: PluginLibrary;
  readonly #bell: InstanceBell;
  readonly #log: NativeLog;
  readonly #error: DataView;
  #deafen: (() => Promise<void>) | undefined;

  /** `error`: where the instance's functions describe their failure. */
  constructor(library: PluginLibrary, opened: OpenedNative, error: Uint8Array) {
    this.#library = library;
    this.#bell = opened.bell;
    this.#log = opened.log;
    this.#error = new DataView(error.buffer, error.byteOffset, error.byteLength);
  }

  /** Has the plugin's rings noticed from now on, until {@linkcode deafen}. */
  listen(): void {
    if (this.#deafen !== undefined) return;
    const { bell } = this.#library;
    if (bell === undefined) return;
    const look = (): void => {
      this.#log.arm();
      this.#bell.look();
    };
    this.#deafen = () => stopListening(bell, look);
    listen(bell, look);
    this.#log.arm();
  }

  /** Notices nothing any more; when this was the last instance that listened, waits for the thread to return. */
  async deafen(): Promise<void> {
    await this.#deafen?.();
  }

  /** How often the plugin has rung: read it before asking whether there is work, then hand it to {@linkcode sleep}. */
  get posted(): number {
    return this.#bell.posted;
  }

  /** Something came of the last question: the next sleep begins short again. */
  foundWork(): void {
    this.#bell.busy();
  }

  /**
   * After `CAISSON_AGAIN`: resolves when there may be something, with `true` when the plugin said so. The plugin may have
   * said when to ask again, in `retry_after_ms` of its error.
   */
  sleep(options: Omit<SleepOptions, "retryAfterMs">): Promise<boolean> {
    this.listen();
    const retryAfterMs = this.#error.getUint32(ERROR_LAYOUT.retryAfterMs, true);
    this.#error.setUint32(ERROR_LAYOUT.retryAfterMs, 0, true);
    return this.#bell.sleep({ ...options, retryAfterMs });
  }

  /** Ends a sleep. */
  wake(): void {
    this.#bell.wake();
  }

  /** Passes on the lines that are there. */
  drain(): void {
    this.#log.drain();
  }
}
