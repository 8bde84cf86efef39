/** One component under one isolation: opened, used within limits, closed. @module */
import type { PluginIsolation } from "../../permissions/grants.ts";
import type { Codec } from "../codec/codec.ts";
import type {
  BatchSinkPart,
  CodecDirection,
  ComponentInstance,
  ProcessorPart,
  SourcePart,
} from "../connector/contract.ts";
import { launchPlugin } from "../isolation/launch.ts";
import { withDeadline } from "../isolation/native_calls.ts";
import type { Provision } from "../manifest/manifest.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { ComponentExample } from "./conformance_file.ts";

/** What a {@linkcode Trial} is made of. */
export interface TrialOptions {
  /** The plugin, registered for one isolation. */
  readonly plugin: RegisteredPlugin;
  /** The component. */
  readonly provision: Provision;
  /** How it is checked. */
  readonly example: ComponentExample;
  /** Configuration with defaults. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Codec of its events. */
  readonly codec: Codec;
  /** Codecs, preprocessors and postprocessors: what it is given. */
  readonly samples: readonly Uint8Array[];
  /** Longest wait for any one call, milliseconds. */
  readonly deadlineMs: number;
  /** Where private copies of libraries go. */
  readonly cacheFolder: string | undefined;
}

/** An instance of the component. */
export interface Opened {
  /** The instance. */
  readonly instance: ComponentInstance;
  /** Its source; only for sources. */
  readonly source: SourcePart;
  /** Its sink; only for sinks. */
  readonly sink: BatchSinkPart;
  /** Its processor; only for processors, codecs, preprocessors and postprocessors. */
  readonly processor: ProcessorPart;
  /** Asks it to stop reading. */
  readonly stop: AbortController;
  /** Connects, within the deadline. */
  connect(): Promise<void>;
  /** Closes, within the deadline; the second call does nothing. */
  close(): Promise<void>;
}

let instances = 1_000_000;

/** Opens instances of one component under one isolation. */
export class Trial {
  readonly #options: TrialOptions;

  /** Starts nothing yet. */
  constructor(options: TrialOptions) {
    this.#options = options;
  }

  /** How the component is checked. */
  get options(): TrialOptions {
    return this.#options;
  }
  /** Where it runs. */
  get isolation(): PluginIsolation {
    return this.#options.plugin.isolation;
  }
  /** Whether the same input gives the same output. */
  get deterministic(): boolean {
    return this.#options.example.deterministic ??
      (this.#options.provision.kind !== "source" && this.#options.provision.kind !== "sink");
  }

  /** Waits for one call of the plugin, no longer than the deadline. @throws {CaissonError} `CAISSON_PLUGIN_TIMEOUT` */
  within<Result>(call: Result | Promise<Result>, what: string): Promise<Result> {
    return withDeadline(Promise.resolve(call), { subject: what, deadlineMs: this.#options.deadlineMs });
  }

  /** Opens an instance, a codec one way; it is not connected. */
  async open(
    config: Readonly<Record<string, unknown>> = this.#options.config,
    direction: CodecDirection = "decode",
  ): Promise<Opened> {
    const { plugin, provision, codec, cacheFolder } = this.#options;
    const stop = new AbortController();
    const instance = await this.within(
      launchPlugin({
        plugin,
        provision,
        codec: codec.name,
        cacheFolder,
        context: {
          alias: `conformance/${provision.name}`,
          instance: ++instances,
          config,
          ...(provision.kind === "codec" ? { direction } : {}),
          signal: stop.signal,
          log: () => {},
        },
      }),
      "open",
    );
    const { part } = instance;
    const running = part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor;
    let closed = false;
    return {
      instance,
      source: running as SourcePart,
      sink: running as BatchSinkPart,
      processor: running as ProcessorPart,
      stop,
      connect: async () => {
        await this.within(running.connect?.({ overall: 0, sinceLastSuccess: 0 }), "connect");
      },
      close: async () => {
        if (closed) return;
        closed = true;
        await this.within(running.close(), "close");
      },
    };
  }

  /** Opens and connects an instance, hands it over, and closes it; what `use` throws comes before what close throws. */
  async use<Result>(use: (opened: Opened) => Promise<Result>, direction?: CodecDirection): Promise<Result> {
    const opened = await this.open(this.#options.config, direction);
    let result: Result;
    try {
      await opened.connect();
      result = await use(opened);
    } catch (thrown) {
      // The first failure is the one to report: closing what has failed may well fail, too.
      await opened.close().catch(() => {});
      throw thrown;
    }
    await opened.close();
    return result;
  }

  /** Opens and connects an instance for a check that closes it itself; what it leaves open is closed. */
  async useUntilClosed<Result>(use: (opened: Opened) => Promise<Result>): Promise<Result> {
    const opened = await this.open();
    try {
      await opened.connect();
      return await use(opened);
    } finally {
      await opened.close().catch(() => {});
    }
  }
}
