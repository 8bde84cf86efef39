/**
 * What the connector managers drive: one contract for builtin connectors and for every isolation.
 *
 * Each part is a short list of plain functions; links, codecs, counting and retries belong to the managers.
 * @module
 */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { Batch, VerdictEntry } from "../data/batch.ts";
import type { FlowAccess } from "./flow_access.ts";
import type { SupervisionEvent, SupervisionReport } from "./supervision.ts";
import type { Event } from "../flow/delivery.ts";

/** One attempt to connect. */
export interface Attempt {
  /** Attempts so far, 0 for the first. */
  readonly overall: number;
  /** Attempts since the last success. */
  readonly sinceLastSuccess: number;
  /** Successes so far. @default {0} */
  readonly successes?: number;
}

/** Which way an instance of a codec works. */
export type CodecDirection = "decode" | "encode";

/** What a part is given when it is opened. */
export interface PartContext {
  /** `flow/connector`, for logs and errors. */
  readonly alias: string;
  /** Number of the instance, never 0, unique in the process. */
  readonly instance: number;
  /** Configuration, already checked against the component's schema. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Codec: which way this instance works. */
  readonly direction?: CodecDirection | undefined;
  /** Aborted when the part has to stop now; waits end with it. */
  readonly signal: AbortSignal;
  /** Writes a line to the host's log. */
  log(level: "error" | "warning" | "info" | "debug", message: string): void;
  /**
   * What the part calls when it notices that its connection is gone: nothing is read from it or written to it until
   * `connect` has succeeded again, as often as the flow's `reconnect` says. Calls that are under way still end by themselves.
   */
  connectionLost?(reason: unknown): void;
  /** Kept between the source and the sink of one connector of a flow, which may be two ends of the same connections. */
  readonly shared?: Map<string, unknown>;
  /** The flow, for builtins that tell about it or end it. */
  readonly flow?: FlowAccess;
  /** Told about each Worker or process that is started for the part, before any plugin code is loaded there. */
  hosted?(link: HostedLink): void;
  /** Told what is decided about the process that was started for the part. */
  supervised?(event: SupervisionEvent): void;
}

/** A Worker or process that hosts one instance of a plugin. */
export interface HostedLink {
  /** Ends it at once; everything in flight fails with the error. */
  fail(error: CaissonError): void;
  /** Calls `listener` once, when it failed or was ended this way. */
  onFailed(listener: (error: CaissonError) => void): void;
  /** Calls `listener` for everything the plugin was refused and did not handle itself. */
  onDenied(listener: (error: CaissonError) => void): void;
}

/** The end of one of a source's streams. */
export interface StreamNotice {
  /** Its number. */
  readonly stream: number;
  /**
   * `ended`: it came to its end, and what preprocessors still hold of it is handed on. `lost`: it broke off, and what they
   * hold is dropped.
   */
  readonly state: "ended" | "lost";
}

/** What one {@linkcode SourcePart.poll} did. */
export interface PollResult {
  /**
   * `filled`: the batch holds events or chunks, maybe none. `idle`: nothing now, ask again after `retryAfterMs`.
   * `ended`: nothing will ever come again; the batch may hold the last events.
   */
  readonly state: "filled" | "idle" | "ended";
  /** How long to wait when idle, milliseconds. @default {1} */
  readonly retryAfterMs?: number;
  /** Streams that are over, after the records of this batch. A record of one of these numbers later on is a new stream. */
  readonly streams?: readonly StreamNotice[];
}

/** Numbers a part reports about itself; nested objects are allowed. */
export type PartMetrics = Readonly<Record<string, unknown>>;

/** What sources and sinks share. */
export interface Part {
  /** Called once, before the first `connect`; it must not connect. */
  start?(): void | Promise<void>;
  /** Connects; may be called again after a loss. Throws or rejects when it cannot. */
  connect?(attempt: Attempt): void | Promise<void>;
  /** An operator paused it: nothing is read from it or written to it until `resume`. */
  pause?(): void | Promise<void>;
  /** The pause is over. */
  resume?(): void | Promise<void>;
  /** Numbers about itself. */
  metrics?(): PartMetrics | Promise<PartMetrics>;
  /** Ends work and frees everything; called once, also after a failure. */
  close(): void | Promise<void>;
}

/** The reading end of a connector. */
export interface SourcePart extends Part {
  /**
   * `chunks`: each record is a piece of a stream and goes through preprocessors. `events`: each record is one payload
   * already (preprocessors still apply when configured).
   */
  readonly produces: "chunks" | "events";
  /** Codec the records are in when the flow names none. */
  readonly codec?: string;
  /**
   * Whether each record is whole, as a datagram is: preprocessors are finished after each, and hold nothing between two.
   *
   * @default {false}
   */
  readonly wholeRecords?: boolean;
  /**
   * Whether it reads several streams at once, as a server does: a preprocessor of a plugin, which serves one stream, is refused.
   *
   * @default {false}
   */
  readonly severalStreams?: boolean;
  /**
   * Appends at most `max` records to the empty batch. A plain result costs no promise.
   *
   * A record's `partition` is the number of its stream: each stream has preprocessors of its own, from its first record
   * until it is reported in {@linkcode PollResult.streams}. A source of one stream leaves it 0.
   */
  poll(batch: Batch, max: number): PollResult | Promise<PollResult>;
  /** Called once for each batch filled, when every event in it was delivered, dropped or failed. */
  settle?(batch: Batch, failures: ReadonlyMap<number, unknown>): void;
  /**
   * It will be read no more, because another part takes its place: resolves when it publishes nothing further. What it has
   * published is still polled. Its signal was aborted before. One that finds no room to publish may resolve all the same: it is
   * asked again when what it has published is taken, until nothing comes any more.
   */
  finishReading?(): Promise<void>;
  /**
   * Called at most once, before `close` unless the flow could not wait, when nothing will be read any more: it ended, failed,
   * or its flow stops. What was read is settled all the same. What it throws ends the source as failed, unless it failed before.
   */
  readingEnded?(): void;
  /** The flow drains: nothing is read after it returns. Not called for a source that has ended. */
  drain?(): void | Promise<void>;
  /** A sink further on cannot take events, and nothing is read until it can. */
  breakerTriggered?(sink: string): void;
  /** The sink can take events again. */
  breakerRestored?(sink: string): void;
  /**
   * Called once for each stream that was reported `ended`, when the events its end flushed out of preprocessors are settled;
   * `failures` holds why any of them failed. Batches read before are settled by themselves, before or after.
   */
  streamEnded?(stream: number, failures: ReadonlyMap<number, unknown>): void;
  /**
   * Whether `settle` looks at nothing but count, times and sequences: then it may be given a copy of these, and the
   * batch is filled again while an operator still holds the verdicts of its events. @default {false}
   */
  readonly settlesCopies?: boolean;
}

/** What a sink tells its manager about the streams it writes to. */
export interface StreamListener {
  /** The stream is to end: what its postprocessors still hold is written before this resolves. */
  ended(stream: number): void | Promise<void>;
  /** The stream is gone: its postprocessors are dropped. */
  lost(stream: number): void;
}

/** What one write did; absent means every event is acked. */
export interface WriteResult {
  /** Only the events that were not acked. */
  readonly verdicts: readonly VerdictEntry[];
  /** Why, for the report. */
  readonly reason?: unknown;
}

/** A sink that takes framed bytes: the manager encodes and runs postprocessors. */
export interface ByteSinkPart extends Part {
  /** Tells the manager to hand over framed bytes. */
  readonly accepts: "bytes";
  /** Codec used when the flow names none. */
  readonly codec?: string;
  /**
   * Whether it joins chunks, so that nobody will know where one ended: then it is handed fewer and larger ones.
   *
   * @default {false: each chunk is a frame}
   */
  readonly joinsChunks?: boolean;
  /**
   * Asks for writes of one stream each, framed by postprocessors of that stream's own; called once, before the first write.
   * Events then go to the stream they came from, and such as came from none to stream 0.
   */
  watchStreams?(listener: StreamListener): void;
  /**
   * Writes all chunks, in order; they are valid until it has. A rejection fails every event of this write.
   *
   * @param stream where to, for a sink with {@linkcode ByteSinkPart.watchStreams}
   */
  write(chunks: readonly Uint8Array[], events: number, stream?: number): void | Promise<void>;
  /**
   * Writes all chunks, in order, each by itself, and says what became of each: `undefined`, or why its event failed. Called in
   * place of `write` where every chunk is of one event; only for sinks of one stream. A rejection fails every event.
   */
  writeEach?(chunks: readonly Uint8Array[]): Promise<readonly unknown[]>;
}

/** A sink that takes values. */
export interface ValueSinkPart extends Part {
  /** Tells the manager to hand over values. */
  readonly accepts: "values";
  /** Writes all events, in order. A rejection fails every event of this write. */
  write(
    events: readonly Event[],
  ): void | WriteResult | Promise<void | WriteResult>;
}

/** A sink that takes batches as they are: native code, or a ring to another isolation. */
export interface BatchSinkPart extends Part {
  /** Tells the manager to hand over whole batches. */
  readonly accepts: "batches";
  /** Codec the payloads are encoded with when the flow names none. */
  readonly codec?: string;
  /** Most events it takes at once. */
  readonly maxEvents: number;
  /**
   * Writes that may be under way at once; they are handed over in order and may be answered together. @default {1}
   */
  readonly inFlight?: number;
  /**
   * Writes every record of the batch. The batch and its payloads stay untouched until this returns or resolves.
   * A rejection fails every event of this write.
   */
  write(batch: Batch): void | WriteResult | Promise<void | WriteResult>;
}

/** The writing end of a connector. */
export type SinkPart = ByteSinkPart | ValueSinkPart | BatchSinkPart;

/** Something that makes events of events: a native or worker processor. */
export interface ProcessorPart extends Part {
  /** Codec its input must be in. */
  readonly codec?: string;
  /** Most events it takes at once. */
  readonly maxEvents: number;
  /**
   * Most bytes it takes at once, each payload, key and metadata rounded up to a multiple of 8; one event that is larger
   * comes alone. @default {no limit}
   */
  readonly maxBytes?: number;
  /** Room it is given for its output. @default {as many events as it takes, 1 MiB} */
  readonly output?: { readonly capacity: number; readonly arenaBytes: number };
  /**
   * Appends output events to the empty batch `out`; payloads are passed on by record (`out.shareSegments(batch)`,
   * `out.appendRecord`) or written into its arena, all of them one way. A rejection fails every event of `batch`.
   *
   * @param more preprocessors and postprocessors: an empty batch that comes behind `out`, for what does not fit into it;
   * an empty `batch` tells them that the stream has ended
   */
  process(batch: Batch, out: Batch, more?: () => Batch): void | Promise<void>;
}

/** How a registered component is brought to life; made by the isolation it runs under. */
export interface ComponentInstance {
  /** Where the code runs. */
  readonly isolation: "builtin" | "worker" | "guard" | "native" | "runner";
  /** What protects the host from it. */
  readonly level: "none" | "process" | "sandbox";
  /** What was decided about its process, where something had to be. */
  readonly supervision?: () => SupervisionReport | undefined;
  /** The part the component provides. */
  readonly part:
    | { readonly kind: "source"; readonly source: SourcePart }
    | { readonly kind: "sink"; readonly sink: SinkPart }
    | { readonly kind: "processor"; readonly processor: ProcessorPart };
}
