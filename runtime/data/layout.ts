/**
 * Byte offsets of every shared struct, and the ABI's numbers.
 *
 * Generated from `ffi/include/caisson.h` by `scripts/generate_abi.ts`; do not edit.
 * @module
 */

/** Byte offsets in `caisson_segment`; `bytes` is its size. */
export const SEGMENT_LAYOUT = {
  bytes: 32,
  base: 0,
  sharedOffset: 8,
  length: 16,
  capacity: 20,
  flags: 24,
  owner: 28,
} as const;

/** Byte offsets in `caisson_record`; `bytes` is its size. */
export const RECORD_LAYOUT = {
  bytes: 64,
  timestampNs: 0,
  sequence: 8,
  payloadOffset: 16,
  payloadLength: 20,
  keyOffset: 24,
  keyLength: 28,
  metaOffset: 32,
  metaLength: 36,
  payloadSegment: 40,
  keySegment: 42,
  metaSegment: 44,
  kind: 46,
  schemaId: 48,
  flags: 52,
  partition: 56,
  reserved: 60,
} as const;

/** Byte offsets in `caisson_verdict`; `bytes` is its size. */
export const VERDICT_LAYOUT = {
  bytes: 16,
  index: 0,
  action: 4,
  failureClass: 6,
  code: 8,
  retryAfterMs: 12,
} as const;

/** Byte offsets in `caisson_batch`; `bytes` is its size. */
export const BATCH_LAYOUT = {
  bytes: 64,
  size: 0,
  recordStride: 4,
  count: 8,
  capacity: 12,
  recordOffset: 16,
  segmentOffset: 20,
  segmentCount: 24,
  segmentCapacity: 26,
  flags: 28,
  batchId: 32,
  arenaUsed: 40,
  verdictDefault: 44,
  verdictCount: 48,
  verdictOffset: 52,
  verdictCapacity: 56,
  reserved: 60,
} as const;

/** Byte offsets in `caisson_error`; `bytes` is its size. */
export const ERROR_LAYOUT = {
  bytes: 256,
  size: 0,
  code: 4,
  failureClass: 8,
  flags: 10,
  retryAfterMs: 12,
  need: 16,
  messageLength: 20,
  message: 24,
} as const;

/** Byte offsets in `caisson_bell`; `bytes` is its size. */
export const BELL_LAYOUT = {
  bytes: 64,
  posted: 0,
  armed: 4,
  ended: 8,
  reserved0: 12,
  health: 16,
  consecutiveFailures: 20,
  lastCode: 24,
  lastClass: 28,
  retryAtNs: 32,
  okTotal: 40,
  failTotal: 48,
  inFlight: 56,
} as const;

/** Byte offsets in `caisson_host`; `bytes` is its size. */
export const HOST_LAYOUT = {
  bytes: 64,
  size: 0,
  abiMajor: 4,
  abiMinor: 6,
  instance: 8,
  bellKind: 12,
  bellHandle: 16,
  bell: 24,
  logRing: 32,
  logRingBytes: 40,
  maxEvents: 44,
  wake: 48,
  log: 56,
} as const;

/** Byte offsets in `caisson_interface`; `bytes` is its size. */
export const INTERFACE_LAYOUT = {
  bytes: 64,
  kind: 0,
  major: 2,
  minor: 4,
  reserved0: 6,
  flags: 8,
  reserved1: 12,
  name: 16,
} as const;

/** Byte offsets in `caisson_layout`; `bytes` is its size. */
export const LAYOUT_LAYOUT = {
  bytes: 8,
  key: 0,
  offset: 4,
  size: 6,
} as const;

/** Byte offsets in `caisson_descriptor`; `bytes` is its size. */
export const DESCRIPTOR_LAYOUT = {
  bytes: 2736,
  magic: 0,
  size: 8,
  abiMajor: 12,
  abiMinor: 14,
  endian: 16,
  flags: 20,
  machine: 24,
  pointerSize: 26,
  reserved0: 27,
  maxEvents: 28,
  maxEventBytes: 32,
  interfaceOffset: 36,
  interfaceCount: 38,
  layoutOffset: 40,
  layoutCount: 42,
  reserved1: 44,
  plugin: 48,
  version: 112,
  sdk: 144,
  interfaces: 176,
  layout: 688,
} as const;

/** `CAISSON_ABI_MAJOR`. */
export const ABI_MAJOR = 1;

/** `CAISSON_ABI_MINOR`. */
export const ABI_MINOR = 0;

/** `CAISSON_MAGIC`: 8 bytes with its NUL. */
export const MAGIC = "CAISSON";

/** `CAISSON_ENDIAN`. */
export const ENDIAN = 0x01020304;

/** `CAISSON_OK`. */
export const OK = 0;

/** `CAISSON_AGAIN`: nothing now; the bell rings when there is, or error.retry_after_ms says when. */
export const AGAIN = 1;

/** `CAISSON_PENDING`: batch kept; its verdicts come through caisson_sink_poll_1. */
export const PENDING = 2;

/** `CAISSON_EOF`: nothing will ever come again. */
export const EOF = 3;

/** `CAISSON_E_ABI`. */
export const E_ABI = -1;

/** `CAISSON_E_ARGUMENT`. */
export const E_ARGUMENT = -2;

/** `CAISSON_E_STATE`. */
export const E_STATE = -3;

/** `CAISSON_E_MEMORY`. */
export const E_MEMORY = -4;

/** `CAISSON_E_IO`. */
export const E_IO = -5;

/** `CAISSON_E_SPACE`: an event does not fit the free arena; error.need says how much would do. */
export const E_SPACE = -6;

/** `CAISSON_E_INTERRUPTED`. */
export const E_INTERRUPTED = -7;

/** `CAISSON_E_PANIC`: a caught panic or exception: the host closes the instance and opens a new one. */
export const E_PANIC = -8;

/** `CAISSON_E_DATA`: the event itself cannot be processed. */
export const E_DATA = -9;

/** `CAISSON_CLASS_NONE`. */
export const CLASS_NONE = 0;

/** `CAISSON_CLASS_TRANSIENT`. */
export const CLASS_TRANSIENT = 1;

/** `CAISSON_CLASS_THROTTLED`. */
export const CLASS_THROTTLED = 2;

/** `CAISSON_CLASS_PERMANENT`. */
export const CLASS_PERMANENT = 3;

/** `CAISSON_CLASS_CONFIG`. */
export const CLASS_CONFIG = 4;

/** `CAISSON_CLASS_FATAL`. */
export const CLASS_FATAL = 5;

/** `CAISSON_ACK`. */
export const ACK = 0;

/** `CAISSON_RETRY`. */
export const RETRY = 1;

/** `CAISSON_DEADLETTER`. */
export const DEADLETTER = 2;

/** `CAISSON_DROP`. */
export const DROP = 3;

/** `CAISSON_SOURCE`. */
export const SOURCE = 1;

/** `CAISSON_SINK`. */
export const SINK = 2;

/** `CAISSON_CODEC`. */
export const CODEC = 3;

/** `CAISSON_PROCESSOR`. */
export const PROCESSOR = 4;

/** `CAISSON_PREPROCESSOR`: caisson_process_1 between a source and its codec. */
export const PREPROCESSOR = 5;

/** `CAISSON_POSTPROCESSOR`: caisson_process_1 between a codec and a sink. */
export const POSTPROCESSOR = 6;

/** `CAISSON_UNLOADABLE`: caisson_live_1() == 0 means nothing of the plugin runs any more. */
export const UNLOADABLE = 0x0001;

/** `CAISSON_SHARED_SAFE`: never lends memory of its own: payloads only in memory the host gave. */
export const SHARED_SAFE = 0x0002;

/** `CAISSON_HAS_THREADS`. */
export const HAS_THREADS = 0x0004;

/** `CAISSON_NEEDS_PROCESS`. */
export const NEEDS_PROCESS = 0x00010000;

/** `CAISSON_INTERFACE_FAST`: every [data] call keeps the promise of [fast]. */
export const INTERFACE_FAST = 0x0001;

/** `CAISSON_SEGMENT_WRITABLE`. */
export const SEGMENT_WRITABLE = 0x0001;

/** `CAISSON_SEGMENT_LENT`: owned by a plugin, which gets it back with caisson_release_1. */
export const SEGMENT_LENT = 0x0002;

/** `CAISSON_SEGMENT_TAIL64`: 64 readable bytes follow `length`. */
export const SEGMENT_TAIL64 = 0x0004;

/** `CAISSON_RECORD_FAILED`: output of codecs, pre- and postprocessors: its event failed, the payload says why in UTF-8. */
export const RECORD_FAILED = 0x0001;

/** `CAISSON_BATCH_MORE`: set by hosts and runners, never by plugins: the rest of the answer follows. */
export const BATCH_MORE = 0x0002;

/** `CAISSON_BATCH_OVERFLOW`: verdict list was too short: every event not listed is RETRY. */
export const BATCH_OVERFLOW = 0x0001;

/** `CAISSON_HEALTH_OK`. */
export const HEALTH_OK = 0;

/** `CAISSON_HEALTH_DEGRADED`. */
export const HEALTH_DEGRADED = 1;

/** `CAISSON_HEALTH_FAILING`. */
export const HEALTH_FAILING = 2;

/** `CAISSON_HEALTH_FATAL`. */
export const HEALTH_FATAL = 3;

/** `CAISSON_BELL_NONE`: the host looks at the bell by itself. */
export const BELL_NONE = 0;

/** `CAISSON_BELL_DESCRIPTOR`: write 8 bytes to bell_handle. */
export const BELL_DESCRIPTOR = 1;

/** `CAISSON_BELL_EVENT`: SetEvent(bell_handle), Windows. */
export const BELL_EVENT = 2;

/** `CAISSON_CODEC_DECODE`. */
export const CODEC_DECODE = 1;

/** `CAISSON_CODEC_ENCODE`. */
export const CODEC_ENCODE = 2;

/** `CAISSON_LOG_ERROR`. */
export const LOG_ERROR = 1;

/** `CAISSON_LOG_WARNING`. */
export const LOG_WARNING = 2;

/** `CAISSON_LOG_INFO`. */
export const LOG_INFO = 3;

/** `CAISSON_LOG_DEBUG`. */
export const LOG_DEBUG = 4;

/** `CAISSON_NO_SHARED_OFFSET`. */
export const NO_SHARED_OFFSET = 0xffffffffffffffffn;

/** `CAISSON_MAX_EVENTS`. */
export const MAX_EVENTS = 65536;

/** `CAISSON_MAX_SEGMENT_BYTES`. */
export const MAX_SEGMENT_BYTES = 1073741824;

/** `CAISSON_MAX_EVENT_BYTES`. */
export const MAX_EVENT_BYTES = 67108864;

/** `CAISSON_MAX_INTERFACES`. */
export const MAX_INTERFACES = 8;

/** `CAISSON_MAX_LAYOUT`. */
export const MAX_LAYOUT = 256;
