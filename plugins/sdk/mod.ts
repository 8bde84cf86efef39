/**
 * What a TypeScript plugin for Caisson imports: types only.
 *
 * A plugin is a folder with a `plugin.json` and a module whose default export maps the names of its components to
 * functions that create them. Use `import type`, so that nothing is left to resolve at run time; helpers arrive in the
 * {@linkcode Context} each component is given.
 *
 * @example A source that counts
 * ```ts
 * import type { Plugin, Source } from "@caisson/plugin";
 *
 * function counter(): Source {
 *   let next = 0;
 *   return { read: () => ({ kind: "events", values: [{ count: next++ }] }) };
 * }
 *
 * const plugin: Plugin = { counter };
 * export default plugin;
 * ```
 *
 * @module
 */

/** A value that JSON can express. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

/** Writes lines to the host's log, prefixed with the plugin's name; the host limits length and rate. */
export interface Logger {
  /** Something failed. */
  error(message: string): void;
  /** Something looks wrong. */
  warning(message: string): void;
  /** Something an operator wants to know. */
  info(message: string): void;
  /** Something only the plugin's author wants to know. */
  debug(message: string): void;
}

/** Helpers a plugin would otherwise have to ship. */
export interface Tools {
  /** Encodes text as UTF-8. */
  encode(text: string): Uint8Array<ArrayBuffer>;
  /** Decodes UTF-8; malformed bytes become U+FFFD. */
  decode(bytes: Uint8Array): string;
  /** Waits, or rejects with the signal's reason when the component is stopped first. */
  sleep(milliseconds: number): Promise<void>;
}

/** What a component is given when it is created. */
export interface Context<Config = Readonly<Record<string, Json>>> {
  /** `flow/connector`, for messages. */
  readonly alias: string;
  /** The configuration from the flow, checked against the schema in `plugin.json`. */
  readonly config: Config;
  /** Aborted when the component has to stop; pass it to `fetch` and other waits. */
  readonly signal: AbortSignal;
  /** The host's log. */
  readonly log: Logger;
  /** Helpers. */
  readonly tools: Tools;
}

/** One attempt to connect. */
export interface Attempt {
  /** Attempts so far, 0 for the first. */
  readonly overall: number;
  /** Attempts since the last success. */
  readonly sinceLastSuccess: number;
}

/**
 * What every component may tell about itself besides: numbers for the host's report, asked for now and then. At most 32,768
 * characters of JSON; what cannot be written is left out.
 */
export interface Measured {
  /** Numbers about the component; nested objects are allowed. */
  metrics?(): Readonly<Record<string, unknown>>;
}

/** What a source read. */
export type SourceReply =
  /** Values, each one event. */
  | { readonly kind: "events"; readonly values: readonly unknown[] }
  /** Bytes for the flow's preprocessors and codec. */
  | { readonly kind: "data"; readonly chunks: readonly Uint8Array[] }
  /** Nothing now; asked again after `retryAfterMs`. */
  | { readonly kind: "idle"; readonly retryAfterMs: number }
  /** Nothing will ever come again. */
  | { readonly kind: "finished" };

/**
 * The reading end of a connector; everything but `read` is optional.
 *
 * Calls never overlap. A `read` that throws fails the source; what can be tried again should be tried inside.
 */
export interface Source extends Measured {
  /** Connects; throw when it cannot, and it is tried again as the flow says. */
  connect?(attempt: Attempt): void | Promise<void>;
  /** Reads; may wait. Called again as soon as there is room. When the flow stops, `context.signal` ends the wait. */
  read(): SourceReply | Promise<SourceReply>;
  /** How many events were delivered, and how many failed, since it was last told; before a read, and before `close`. */
  settle?(
    settled: { readonly delivered: number; readonly failed: number },
  ): void;
  /** Frees what the source holds. */
  close?(): void | Promise<void>;
}

/** One event as a sink sees it. */
export interface SinkEvent {
  /**
   * The raw bytes; valid until `write` has ended. They may lie in shared memory, which `fetch` and other functions do
   * not take: give those `data.slice()`.
   */
  readonly data: Uint8Array;
  /** The value, decoded on first use: throws when the bytes do not decode. */
  readonly value: unknown;
  /** When the event entered the system, milliseconds since 1970. */
  readonly timestamp: number;
}

/** Says that single events of a write were not delivered. */
export interface SinkReply {
  /** Indexes in the array given to `write`, with the reason. */
  readonly failed: readonly {
    readonly index: number;
    readonly reason: string;
  }[];
}

/**
 * The writing end of a connector; everything but `write` is optional.
 *
 * Calls never overlap. What `write` returned without naming is delivered: nothing will be sent again.
 */
export interface Sink extends Measured {
  /** Connects; throw when it cannot, and it is tried again as the flow says. */
  connect?(attempt: Attempt): void | Promise<void>;
  /** Writes events in order. Return nothing when all were delivered; throw, and all of them are failed. */
  write(
    events: readonly SinkEvent[],
  ): void | SinkReply | Promise<void | SinkReply>;
  /** Frees what the sink holds. */
  close?(): void | Promise<void>;
}

/** A function that makes events of events. */
export interface Processor extends Measured {
  /**
   * Returns the values that come out for the events that went in, in order. Value `n` takes over time and origin of
   * event `n`: return one value for each event, so that a later failure finds the right one. Throw, and all events of the call are failed.
   */
  process(
    events: readonly SinkEvent[],
  ): readonly unknown[] | Promise<readonly unknown[]>;
  /** Frees what the processor holds. */
  close?(): void | Promise<void>;
}

/**
 * Turns payloads into values and back. A flow names it as `codec: "@scope/plugin:name"`.
 *
 * It has no state: the host runs one instance that decodes for each source, and one that encodes for each sink, and starts
 * either again whenever it has to. What is thrown fails the one event.
 */
export interface Codec extends Measured {
  /** The value of one payload: something JSON can express, bigints included, which are written with all their digits. */
  decode(
    data: Uint8Array,
    event: { readonly timestamp: number },
  ): unknown | Promise<unknown>;
  /** The payload of one value; integers beyond 2^53 in it are bigints. */
  encode(
    value: unknown,
    event: { readonly timestamp: number },
  ): Uint8Array | Promise<Uint8Array>;
  /** Frees what the codec holds. */
  close?(): void | Promise<void>;
}

/**
 * Cuts, unpacks, frames or packs the payloads of one stream: a preprocessor between a source and its codec, a
 * postprocessor between the codec and a sink. A flow names it in `preprocessors` or `postprocessors`.
 */
export interface Interceptor extends Measured {
  /**
   * Takes what comes next in the stream and returns what comes out now, in order; it may keep bytes for later, after copying
   * them. What is thrown fails the events of `data`.
   */
  process(
    data: Uint8Array,
    event: { readonly timestamp: number },
  ): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** The stream has ended: returns what is still held; another stream may follow. */
  finish?(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Frees what the interceptor holds. */
  close?(): void | Promise<void>;
}

/** What a component can be. */
export type AnyComponent = Source | Sink | Processor | Codec | Interceptor;

/** Creates one instance of a component; its configuration type is its own, checked by the schema in `plugin.json`. */
export type Component = (
  context: Context<never>,
) => AnyComponent | Promise<AnyComponent>;

/** The default export of a plugin's module: component names, as in `plugin.json`, and how to create them. */
export type Plugin = Readonly<Record<string, Component>>;
