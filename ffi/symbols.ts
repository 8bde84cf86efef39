/**
 * The functions of the C ABI, for `Deno.dlopen`.
 *
 * Generated from `ffi/include/caisson.h` by `scripts/generate_abi.ts`; do not edit.
 * @module
 */

/** Symbols every plugin exports. */
export const COMMON_SYMBOLS = {
  describe: {
    name: "caisson_describe_1",
    parameters: [
      "buffer", // uint8_t *out
      "u32", // uint32_t capacity
    ],
    result: "u32",
  },
  open: {
    name: "caisson_open_1",
    parameters: [
      "pointer", // const caisson_host *host
      "u32", // uint32_t component
      "buffer", // const uint8_t *config
      "u32", // uint32_t config_length
      "buffer", // caisson_error *error
    ],
    result: "pointer",
    nonblocking: true,
  },
  close: {
    name: "caisson_close_1",
    parameters: [
      "pointer", // caisson_instance *instance
    ],
    result: "void",
    nonblocking: true,
  },
  start: {
    name: "caisson_start_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // caisson_error *error
    ],
    result: "i32",
    nonblocking: true,
  },
  stop: {
    name: "caisson_stop_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "u32", // uint32_t deadline_ms
      "buffer", // caisson_error *error
    ],
    result: "i32",
    nonblocking: true,
  },
  interrupt: {
    name: "caisson_interrupt_1",
    parameters: [
      "pointer", // caisson_instance *instance
    ],
    result: "void",
  },
  live: {
    name: "caisson_live_1",
    parameters: [],
    result: "u32",
  },
  memorySize: {
    name: "caisson_memory_size_1",
    parameters: [
      "pointer", // caisson_instance *instance
    ],
    result: "u32",
    optional: true,
  },
  memoryBind: {
    name: "caisson_memory_bind_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // uint8_t *memory
      "u32", // uint32_t length
      "buffer", // caisson_error *error
    ],
    result: "i32",
    nonblocking: true,
    optional: true,
  },
  metrics: {
    name: "caisson_metrics_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // uint8_t *out
      "u32", // uint32_t capacity
    ],
    result: "i32",
    optional: true,
  },
  release: {
    name: "caisson_release_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // const caisson_batch *lent
    ],
    result: "void",
    optional: true,
  },
} as const;

/** Functions every plugin exports. */
export interface CommonFunctions {
  /** [any] Copies the descriptor to `out` and returns its size, also when `capacity` is too small to copy. */
  readonly describe: (out: Uint8Array | null, capacity: number) => number;
  /** [blocking] Creates an instance of interfaces[component]; config is UTF-8 JSON. NULL is failure, see error. */
  readonly open: (
    host: Deno.PointerObject,
    component: number,
    config: Uint8Array | null,
    configLength: number,
    error: Uint8Array | null,
  ) => Promise<Deno.PointerValue>;
  /** [blocking] Frees the instance; nothing may be called on it afterwards. */
  readonly close: (instance: Deno.PointerObject) => Promise<void>;
  /** [blocking] Connects to the outside and starts threads. */
  readonly start: (instance: Deno.PointerObject, error: Uint8Array | null) => Promise<number>;
  /** [blocking] Ends work and joins every thread within deadline_ms. */
  readonly stop: (instance: Deno.PointerObject, deadlineMs: number, error: Uint8Array | null) => Promise<number>;
  /** [any] Makes calls that wait return CAISSON_E_INTERRUPTED soon. */
  readonly interrupt: (instance: Deno.PointerObject) => void;
  /** [any] Instances + threads + batches not yet given back; 0 is needed before the library may be unloaded. */
  readonly live: () => number;
  /** [fast] Null when left out. Bytes of host memory this instance wants for payloads it replays or keeps, 0 for none. */
  readonly memorySize: ((instance: Deno.PointerObject) => number) | null;
  /** [blocking] Null when left out. Hands that memory over, between open and start; valid until close has returned. */
  readonly memoryBind:
    | ((
      instance: Deno.PointerObject,
      memory: Uint8Array | null,
      length: number,
      error: Uint8Array | null,
    ) => Promise<number>)
    | null;
  /** [fast] Null when left out. Writes metrics as UTF-8 JSON, returns their length, or -length when capacity is too small. */
  readonly metrics: ((instance: Deno.PointerObject, out: Uint8Array | null, capacity: number) => number) | null;
  /** [fast] Null when left out. The host is done with the lent segments of this batch. */
  readonly release: ((instance: Deno.PointerObject, lent: Uint8Array | null) => void) | null;
}

/** Symbols a plugin with a source exports. */
export const SOURCE_SYMBOLS = {
  poll: {
    name: "caisson_source_poll_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // caisson_batch *batch
      "u32", // uint32_t max_events
      "buffer", // caisson_error *error
    ],
    result: "i32",
  },
  settle: {
    name: "caisson_source_settle_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // const caisson_batch *settled
      "buffer", // caisson_error *error
    ],
    result: "i32",
    optional: true,
  },
} as const;

/** Functions a plugin with a source exports. */
export interface SourceFunctions {
  /** [fast] Fills the batch with at most max_events events. OK (count may be 0), AGAIN or EOF. Those that come with E_INTERRUPTED are delivered, too. */
  readonly poll: (
    instance: Deno.PointerObject,
    batch: Uint8Array | null,
    maxEvents: number,
    error: Uint8Array | null,
  ) => number;
  /** [fast] Null when left out. Verdicts on a batch this source filled, once for each batch: batch_id, count and verdicts. */
  readonly settle:
    | ((instance: Deno.PointerObject, settled: Uint8Array | null, error: Uint8Array | null) => number)
    | null;
}

/** Symbols a plugin with a sink exports. */
export const SINK_SYMBOLS = {
  write: {
    name: "caisson_sink_write_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // const caisson_batch *batch
      "buffer", // caisson_batch *verdicts
      "buffer", // caisson_error *error
    ],
    result: "i32",
  },
  writeNonblocking: {
    name: "caisson_sink_write_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // const caisson_batch *batch
      "buffer", // caisson_batch *verdicts
      "buffer", // caisson_error *error
    ],
    result: "i32",
    nonblocking: true,
  },
  poll: {
    name: "caisson_sink_poll_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // caisson_batch *verdicts
      "buffer", // caisson_error *error
    ],
    result: "i32",
    optional: true,
  },
} as const;

/** Functions a plugin with a sink exports. */
export interface SinkFunctions {
  /** [data] Writes events out; judges them in the verdict block of `verdicts`. OK or PENDING. */
  readonly write: (
    instance: Deno.PointerObject,
    batch: Uint8Array | null,
    verdicts: Uint8Array | null,
    error: Uint8Array | null,
  ) => number;
  /** [data] On a pool thread. Writes events out; judges them in the verdict block of `verdicts`. OK or PENDING. */
  readonly writeNonblocking: (
    instance: Deno.PointerObject,
    batch: Uint8Array | null,
    verdicts: Uint8Array | null,
    error: Uint8Array | null,
  ) => Promise<number>;
  /** [fast] Null when left out. Verdicts of one batch answered with PENDING: fills batch_id, count and verdicts. OK or AGAIN. */
  readonly poll:
    | ((instance: Deno.PointerObject, verdicts: Uint8Array | null, error: Uint8Array | null) => number)
    | null;
}

/** Symbols a plugin with a processor exports. */
export const PROCESSOR_SYMBOLS = {
  process: {
    name: "caisson_process_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // const caisson_batch *batch
      "buffer", // caisson_batch *out
      "buffer", // caisson_error *error
    ],
    result: "i32",
  },
  processNonblocking: {
    name: "caisson_process_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "buffer", // const caisson_batch *batch
      "buffer", // caisson_batch *out
      "buffer", // caisson_error *error
    ],
    result: "i32",
    nonblocking: true,
  },
} as const;

/** Functions a plugin with a processor exports. */
export interface ProcessorFunctions {
  /** [data] Makes output events of input events; passes a payload on by copying its record and the segment table. */
  readonly process: (
    instance: Deno.PointerObject,
    batch: Uint8Array | null,
    out: Uint8Array | null,
    error: Uint8Array | null,
  ) => number;
  /** [data] On a pool thread. Makes output events of input events; passes a payload on by copying its record and the segment table. */
  readonly processNonblocking: (
    instance: Deno.PointerObject,
    batch: Uint8Array | null,
    out: Uint8Array | null,
    error: Uint8Array | null,
  ) => Promise<number>;
}

/** Symbols a plugin with a codec exports. */
export const CODEC_SYMBOLS = {
  codec: {
    name: "caisson_codec_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "u32", // uint32_t direction
      "buffer", // const caisson_batch *batch
      "buffer", // caisson_batch *out
      "buffer", // caisson_error *error
    ],
    result: "i32",
  },
  codecNonblocking: {
    name: "caisson_codec_1",
    parameters: [
      "pointer", // caisson_instance *instance
      "u32", // uint32_t direction
      "buffer", // const caisson_batch *batch
      "buffer", // caisson_batch *out
      "buffer", // caisson_error *error
    ],
    result: "i32",
    nonblocking: true,
  },
} as const;

/** Functions a plugin with a codec exports. */
export interface CodecFunctions {
  /** [data] Decodes to, or encodes from, UTF-8 JSON, record by record. */
  readonly codec: (
    instance: Deno.PointerObject,
    direction: number,
    batch: Uint8Array | null,
    out: Uint8Array | null,
    error: Uint8Array | null,
  ) => number;
  /** [data] On a pool thread. Decodes to, or encodes from, UTF-8 JSON, record by record. */
  readonly codecNonblocking: (
    instance: Deno.PointerObject,
    direction: number,
    batch: Uint8Array | null,
    out: Uint8Array | null,
    error: Uint8Array | null,
  ) => Promise<number>;
}
