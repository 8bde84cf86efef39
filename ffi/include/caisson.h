/* caisson.h - the C ABI between a Caisson host and a native plugin, version 1.0.
 *
 * This header is the single source of truth: `scripts/generate_abi.ts` reads it and writes the TypeScript layout
 * (`runtime/data/layout.ts`), the symbol table (`ffi/symbols.ts`), the field table (`caisson_layout.h`) and the Rust
 * bindings (`ffi/sdk/rust/src/abi.rs`). It compiles as C11 and C++17 on 64-bit little-endian machines.
 *
 * Rules for everything shared between the two sides
 *   1. Append only. Fixed-width integers; no bool, enum, bit field, size_t, long or variadic function. Pointers only
 *      in caisson_host, which never leaves the process.
 *   2. Readers of a struct with a `size` read min(size, sizeof). Writers of records write at most `record_stride`.
 *   3. Zero means the behaviour of 1.0 for every field a later minor adds.
 *   4. A new function is a new optional symbol; a changed one gets the suffix _2.
 *   5. Who allocates frees. What is passed into a call is borrowed until it returns, except a batch answered with
 *      CAISSON_PENDING. Input batches and their payloads are read-only.
 *
 * Threads. [fast] host thread, must end within 50 microseconds and never wait. [blocking] may run on a pool thread and
 * may wait, but ends by its deadline or after caisson_interrupt_1. [any] any thread, concurrently with everything.
 * Calls on one instance other than [any] never overlap, but may come from different threads: keep no thread-local
 * state. After CAISSON_AGAIN the host sleeps until the plugin calls caisson_ring; one that has nothing running that could
 * sets error.retry_after_ms. Without either it is asked again after 1 ms, 2, 4 and so on, up to a second. A component whose interface has CAISSON_INTERFACE_FAST promises that its [data] calls are [fast] too.
 */
#ifndef CAISSON_H
#define CAISSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define CAISSON_STATIC_ASSERT(condition, message) static_assert(condition, message)
#else
#define CAISSON_STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#endif

#if defined(_WIN32)
#define CAISSON_EXPORT __declspec(dllexport)
#else
#define CAISSON_EXPORT __attribute__((visibility("default")))
#endif

/* The descriptor lives in a section of its own, so that a host finds it in the file before loading the library. */
#if defined(_MSC_VER)
#pragma section(".caisson", read)
#define CAISSON_SECTION __declspec(allocate(".caisson"))
#elif defined(__APPLE__)
#define CAISSON_SECTION __attribute__((section("__DATA,__caisson"), used))
#else
#define CAISSON_SECTION __attribute__((section(".caisson"), used))
#endif

/* ---- versions ---------------------------------------------------------------------------------------------- */

#define CAISSON_ABI_MAJOR 1
#define CAISSON_ABI_MINOR 0
#define CAISSON_MAGIC "CAISSON"      /* 8 bytes with its NUL */
#define CAISSON_ENDIAN 0x01020304u

/* ---- status: zero and above is success, below is failure and caisson_error says more ------------------------- */

#define CAISSON_OK 0
#define CAISSON_AGAIN 1              /* nothing now; the bell rings when there is, or error.retry_after_ms says when */
#define CAISSON_PENDING 2            /* batch kept; its verdicts come through caisson_sink_poll_1 */
#define CAISSON_EOF 3                /* nothing will ever come again */
#define CAISSON_E_ABI (-1)
#define CAISSON_E_ARGUMENT (-2)
#define CAISSON_E_STATE (-3)
#define CAISSON_E_MEMORY (-4)
#define CAISSON_E_IO (-5)
#define CAISSON_E_SPACE (-6)         /* an event does not fit the free arena; error.need says how much would do */
#define CAISSON_E_INTERRUPTED (-7)
#define CAISSON_E_PANIC (-8)         /* a caught panic or exception: the host closes the instance and opens a new one */
#define CAISSON_E_DATA (-9)          /* the event itself cannot be processed */

/* ---- class of a failure: retry and circuit breaker read this, never the code --------------------------------- */

#define CAISSON_CLASS_NONE 0
#define CAISSON_CLASS_TRANSIENT 1
#define CAISSON_CLASS_THROTTLED 2
#define CAISSON_CLASS_PERMANENT 3
#define CAISSON_CLASS_CONFIG 4
#define CAISSON_CLASS_FATAL 5

/* ---- verdict on an event ------------------------------------------------------------------------------------- */

#define CAISSON_ACK 0
#define CAISSON_RETRY 1
#define CAISSON_DEADLETTER 2
#define CAISSON_DROP 3

/* ---- kinds of component -------------------------------------------------------------------------------------- */

#define CAISSON_SOURCE 1
#define CAISSON_SINK 2
#define CAISSON_CODEC 3
#define CAISSON_PROCESSOR 4
#define CAISSON_PREPROCESSOR 5       /* caisson_process_1 between a source and its codec */
#define CAISSON_POSTPROCESSOR 6      /* caisson_process_1 between a codec and a sink */

/* ---- descriptor flags: a host ignores bits 0 to 15 it does not know and refuses unknown bits 16 to 31 --------- */

#define CAISSON_UNLOADABLE 0x0001u       /* caisson_live_1() == 0 means nothing of the plugin runs any more */
#define CAISSON_SHARED_SAFE 0x0002u      /* never lends memory of its own: payloads only in memory the host gave */
#define CAISSON_HAS_THREADS 0x0004u
#define CAISSON_NEEDS_PROCESS 0x00010000u

/* ---- interface flags ----------------------------------------------------------------------------------------- */

#define CAISSON_INTERFACE_FAST 0x0001u   /* every [data] call keeps the promise of [fast] */

/* ---- segment, record and batch flags ------------------------------------------------------------------------- */

#define CAISSON_SEGMENT_WRITABLE 0x0001u
#define CAISSON_SEGMENT_LENT 0x0002u     /* owned by a plugin, which gets it back with caisson_release_1 */
#define CAISSON_SEGMENT_TAIL64 0x0004u   /* 64 readable bytes follow `length` */
#define CAISSON_RECORD_FAILED 0x0001u    /* output of codecs, pre- and postprocessors: its event failed, the payload says why in UTF-8 */
#define CAISSON_BATCH_MORE 0x0002u       /* set by hosts and runners, never by plugins: the rest of the answer follows */
#define CAISSON_BATCH_OVERFLOW 0x0001u   /* verdict list was too short: every event not listed is RETRY */

/* ---- bell states --------------------------------------------------------------------------------------------- */

#define CAISSON_HEALTH_OK 0
#define CAISSON_HEALTH_DEGRADED 1
#define CAISSON_HEALTH_FAILING 2
#define CAISSON_HEALTH_FATAL 3

#define CAISSON_BELL_NONE 0              /* the host looks at the bell by itself */
#define CAISSON_BELL_DESCRIPTOR 1        /* write 8 bytes to bell_handle */
#define CAISSON_BELL_EVENT 2             /* SetEvent(bell_handle), Windows */

#define CAISSON_CODEC_DECODE 1
#define CAISSON_CODEC_ENCODE 2

#define CAISSON_LOG_ERROR 1
#define CAISSON_LOG_WARNING 2
#define CAISSON_LOG_INFO 3
#define CAISSON_LOG_DEBUG 4

#define CAISSON_NO_SHARED_OFFSET UINT64_MAX
#define CAISSON_MAX_EVENTS 65536u
#define CAISSON_MAX_SEGMENT_BYTES 1073741824u
#define CAISSON_MAX_EVENT_BYTES 67108864u
#define CAISSON_MAX_INTERFACES 8
#define CAISSON_MAX_LAYOUT 256

/* ---- data plane: a batch is one block of memory, every *_offset counts bytes from its start -------------------
 *
 *   caisson_batch | records: capacity * record_stride | segments: segment_capacity * 32 | verdicts: verdict_capacity * 16
 *
 * Payload bytes live in segments, outside this block. Segment 0 of a batch given to caisson_source_poll_1,
 * caisson_process_1 (out) or caisson_codec_1 (out) is the host's arena: write from `arena_used`, then add to it. */

typedef struct caisson_segment {     /* 32 bytes */
  uint64_t base;                     /* address in this process */
  uint64_t shared_offset;            /* offset in the shared mapping, or CAISSON_NO_SHARED_OFFSET */
  uint32_t length;                   /* bytes in use */
  uint32_t capacity;
  uint32_t flags;
  uint32_t owner;                    /* number of the instance that owns the memory, 0 is the host */
} caisson_segment;

typedef struct caisson_record {      /* 64 bytes: one cache line; grows only through batch.record_stride */
  uint64_t timestamp_ns;             /* when the event entered the system, nanoseconds since 1970 */
  uint64_t sequence;                 /* given by the source, its token for ack and fail; passed on untouched */
  uint32_t payload_offset;
  uint32_t payload_length;
  uint32_t key_offset;
  uint32_t key_length;
  uint32_t meta_offset;
  uint32_t meta_length;
  uint16_t payload_segment;
  uint16_t key_segment;
  uint16_t meta_segment;
  uint16_t kind;
  uint32_t schema_id;
  uint32_t flags;
  uint32_t partition;
  uint32_t reserved;
} caisson_record;

typedef struct caisson_verdict {     /* 16 bytes: lists only what differs from batch.verdict_default */
  uint32_t index;                    /* of the record in the batch that is judged */
  uint16_t action;
  uint16_t failure_class;
  int32_t code;
  uint32_t retry_after_ms;
} caisson_verdict;

typedef struct caisson_batch {       /* 64 bytes, aligned to 8 at least */
  uint32_t size;
  uint32_t record_stride;            /* a multiple of 8, at least 64 */
  uint32_t count;
  uint32_t capacity;
  uint32_t record_offset;
  uint32_t segment_offset;
  uint16_t segment_count;
  uint16_t segment_capacity;
  uint32_t flags;
  uint64_t batch_id;
  uint32_t arena_used;
  uint32_t verdict_default;
  uint32_t verdict_count;
  uint32_t verdict_offset;
  uint32_t verdict_capacity;
  uint32_t reserved;
} caisson_batch;

/* ---- control ------------------------------------------------------------------------------------------------- */

typedef struct caisson_error {       /* 256 bytes: caller allocates, callee fills, nobody frees */
  uint32_t size;
  int32_t code;
  uint16_t failure_class;
  uint16_t flags;
  uint32_t retry_after_ms;
  uint32_t need;
  uint32_t message_length;
  uint8_t message[232];              /* UTF-8, cut at a code point, no NUL */
} caisson_error;

typedef struct caisson_bell {        /* 64 bytes of shared words, each read and written atomically */
  uint32_t posted;                   /* plugin adds 1 (release) after publishing work */
  uint32_t armed;                    /* host stores 1 before it sleeps; plugin exchanges 0 and rings if it was 1 */
  uint32_t ended;
  uint32_t reserved0;
  uint32_t health;
  uint32_t consecutive_failures;
  int32_t last_code;
  uint32_t last_class;
  uint64_t retry_at_ns;
  uint64_t ok_total;
  uint64_t fail_total;
  uint64_t in_flight;
} caisson_bell;

typedef struct caisson_host {        /* given to open, valid until close has returned */
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t instance;                 /* number of this instance, never 0 */
  uint32_t bell_kind;
  int64_t bell_handle;
  uint64_t bell;                     /* address of a caisson_bell, or 0 */
  uint64_t log_ring;                 /* belongs to the host's `log`; plugins call that and leave this alone */
  uint32_t log_ring_bytes;
  uint32_t max_events;               /* the most a batch of this host will ever hold */
  uint64_t wake;                     /* void (*)(const caisson_host *), any thread, never enters JavaScript, or 0 */
  uint64_t log;                      /* void (*)(const caisson_host *, uint32_t level, const uint8_t *, uint32_t), or 0 */
} caisson_host;

typedef struct caisson_interface {   /* 64 bytes: one component the library provides */
  uint16_t kind;
  uint16_t major;
  uint16_t minor;
  uint16_t reserved0;
  uint32_t flags;
  uint32_t reserved1;
  uint8_t name[48];                  /* as in the manifest, padded with NUL */
} caisson_interface;

typedef struct caisson_layout {      /* 8 bytes: how this plugin was compiled to see one field */
  uint32_t key;                      /* FNV-1a 32 of "caisson_struct.field" */
  uint16_t offset;
  uint16_t size;
} caisson_layout;

typedef struct caisson_descriptor {  /* no pointers: the bytes in the file are the bytes in memory */
  uint8_t magic[8];
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t endian;
  uint32_t flags;
  uint16_t machine;                  /* ELF e_machine number on every platform: 62 x86-64, 183 aarch64 */
  uint8_t pointer_size;
  uint8_t reserved0;
  uint32_t max_events;               /* the host takes the smaller of both sides */
  uint32_t max_event_bytes;
  uint16_t interface_offset;         /* from the start of this struct */
  uint16_t interface_count;
  uint16_t layout_offset;
  uint16_t layout_count;
  uint32_t reserved1;
  uint8_t plugin[64];                /* the plugin's name, as in the manifest */
  uint8_t version[32];
  uint8_t sdk[32];
  caisson_interface interfaces[CAISSON_MAX_INTERFACES];
  caisson_layout layout[CAISSON_MAX_LAYOUT];
} caisson_descriptor;

typedef struct caisson_instance caisson_instance;

/* ---- codecs, preprocessors and postprocessors ------------------------------------------------------------------
 *
 * caisson_codec_1: record n of `out` is made of record n of `batch`, and there are as many. One that cannot be made has
 * CAISSON_RECORD_FAILED. A codec has no state, and an instance is only ever asked for one direction.
 *
 * caisson_process_1 of a preprocessor or postprocessor: the records are pieces of one stream, in order. Each output record
 * takes the sequence of the input record that made it; with CAISSON_RECORD_FAILED it fails that event. CAISSON_AGAIN: `out`
 * is full, the host calls again with the same batch for the rest. A batch without records: the stream has ended, what is
 * held comes out, and another stream may follow. */

/* ---- functions a plugin exports; those of kinds it does not provide are left out ------------------------------
 *
 * Every plugin: describe, open, close, start, stop, interrupt, live. CAISSON_PLUGIN (caisson_plugin.h) writes describe. */

/* [any] Copies the descriptor to `out` and returns its size, also when `capacity` is too small to copy. */
CAISSON_EXPORT uint32_t caisson_describe_1(uint8_t *out, uint32_t capacity);
/* [blocking] Creates an instance of interfaces[component]; config is UTF-8 JSON. NULL is failure, see error. */
CAISSON_EXPORT caisson_instance *caisson_open_1(const caisson_host *host, uint32_t component, const uint8_t *config, uint32_t config_length, caisson_error *error);
/* [blocking] Frees the instance; nothing may be called on it afterwards. */
CAISSON_EXPORT void caisson_close_1(caisson_instance *instance);
/* [blocking] Connects to the outside and starts threads. */
CAISSON_EXPORT int32_t caisson_start_1(caisson_instance *instance, caisson_error *error);
/* [blocking] Ends work and joins every thread within deadline_ms. */
CAISSON_EXPORT int32_t caisson_stop_1(caisson_instance *instance, uint32_t deadline_ms, caisson_error *error);
/* [any] Makes calls that wait return CAISSON_E_INTERRUPTED soon. */
CAISSON_EXPORT void caisson_interrupt_1(caisson_instance *instance);
/* [any] Instances + threads + batches not yet given back; 0 is needed before the library may be unloaded. */
CAISSON_EXPORT uint32_t caisson_live_1(void);

/* [fast] Optional. Bytes of host memory this instance wants for payloads it replays or keeps, 0 for none. */
CAISSON_EXPORT uint32_t caisson_memory_size_1(caisson_instance *instance);
/* [blocking] Optional. Hands that memory over, between open and start; valid until close has returned. */
CAISSON_EXPORT int32_t caisson_memory_bind_1(caisson_instance *instance, uint8_t *memory, uint32_t length, caisson_error *error);
/* [fast] Optional. Writes metrics as UTF-8 JSON, returns their length, or -length when capacity is too small. */
CAISSON_EXPORT int32_t caisson_metrics_1(caisson_instance *instance, uint8_t *out, uint32_t capacity);

/* [fast] Fills the batch with at most max_events events. OK (count may be 0), AGAIN or EOF. Those that come with E_INTERRUPTED are delivered, too. */
CAISSON_EXPORT int32_t caisson_source_poll_1(caisson_instance *instance, caisson_batch *batch, uint32_t max_events, caisson_error *error);
/* [fast] Optional. Verdicts on a batch this source filled, once for each batch: batch_id, count and verdicts. */
CAISSON_EXPORT int32_t caisson_source_settle_1(caisson_instance *instance, const caisson_batch *settled, caisson_error *error);
/* [fast] Optional. The host is done with the lent segments of this batch. */
CAISSON_EXPORT void caisson_release_1(caisson_instance *instance, const caisson_batch *lent);

/* [data] Writes events out; judges them in the verdict block of `verdicts`. OK or PENDING. */
CAISSON_EXPORT int32_t caisson_sink_write_1(caisson_instance *instance, const caisson_batch *batch, caisson_batch *verdicts, caisson_error *error);
/* [fast] Optional. Verdicts of one batch answered with PENDING: fills batch_id, count and verdicts. OK or AGAIN. */
CAISSON_EXPORT int32_t caisson_sink_poll_1(caisson_instance *instance, caisson_batch *verdicts, caisson_error *error);

/* [data] Makes output events of input events; passes a payload on by copying its record and the segment table. */
CAISSON_EXPORT int32_t caisson_process_1(caisson_instance *instance, const caisson_batch *batch, caisson_batch *out, caisson_error *error);
/* [data] Decodes to, or encodes from, UTF-8 JSON, record by record. */
CAISSON_EXPORT int32_t caisson_codec_1(caisson_instance *instance, uint32_t direction, const caisson_batch *batch, caisson_batch *out, caisson_error *error);

/* ---- the layout every compiler must agree with ----------------------------------------------------------------- */

CAISSON_STATIC_ASSERT(sizeof(void *) == 8, "64-bit machines only");
CAISSON_STATIC_ASSERT(sizeof(caisson_segment) == 32, "caisson_segment");
CAISSON_STATIC_ASSERT(sizeof(caisson_record) == 64, "caisson_record");
CAISSON_STATIC_ASSERT(sizeof(caisson_verdict) == 16, "caisson_verdict");
CAISSON_STATIC_ASSERT(sizeof(caisson_batch) == 64, "caisson_batch");
CAISSON_STATIC_ASSERT(sizeof(caisson_error) == 256, "caisson_error");
CAISSON_STATIC_ASSERT(sizeof(caisson_bell) == 64, "caisson_bell");
CAISSON_STATIC_ASSERT(sizeof(caisson_host) == 64, "caisson_host");
CAISSON_STATIC_ASSERT(sizeof(caisson_interface) == 64, "caisson_interface");
CAISSON_STATIC_ASSERT(sizeof(caisson_layout) == 8, "caisson_layout");
CAISSON_STATIC_ASSERT(sizeof(caisson_descriptor) == 2736, "caisson_descriptor");
CAISSON_STATIC_ASSERT(offsetof(caisson_record, payload_offset) == 16, "caisson_record.payload_offset");
CAISSON_STATIC_ASSERT(offsetof(caisson_record, payload_segment) == 40, "caisson_record.payload_segment");
CAISSON_STATIC_ASSERT(offsetof(caisson_batch, batch_id) == 32, "caisson_batch.batch_id");

#ifdef __cplusplus
}
#endif
#endif
