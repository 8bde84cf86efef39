//! The C ABI of Caisson: structs, constants and the field table.
//!
//! Generated from `ffi/include/caisson.h` by `scripts/generate_abi.ts`; do not edit.

use core::mem::{offset_of, size_of};

/// `CAISSON_ABI_MAJOR`.
pub const ABI_MAJOR: u16 = 1;

/// `CAISSON_ABI_MINOR`.
pub const ABI_MINOR: u16 = 0;

/// `CAISSON_MAGIC`: 8 bytes with its NUL.
pub const MAGIC: [u8; 8] = *b"CAISSON\0";

/// `CAISSON_ENDIAN`.
pub const ENDIAN: u32 = 0x01020304;

/// `CAISSON_OK`.
pub const OK: i32 = 0;

/// `CAISSON_AGAIN`: nothing now; the bell rings when there is, or error.retry_after_ms says when.
pub const AGAIN: i32 = 1;

/// `CAISSON_PENDING`: batch kept; its verdicts come through caisson_sink_poll_1.
pub const PENDING: i32 = 2;

/// `CAISSON_EOF`: nothing will ever come again.
pub const EOF: i32 = 3;

/// `CAISSON_E_ABI`.
pub const E_ABI: i32 = -1;

/// `CAISSON_E_ARGUMENT`.
pub const E_ARGUMENT: i32 = -2;

/// `CAISSON_E_STATE`.
pub const E_STATE: i32 = -3;

/// `CAISSON_E_MEMORY`.
pub const E_MEMORY: i32 = -4;

/// `CAISSON_E_IO`.
pub const E_IO: i32 = -5;

/// `CAISSON_E_SPACE`: an event does not fit the free arena; error.need says how much would do.
pub const E_SPACE: i32 = -6;

/// `CAISSON_E_INTERRUPTED`.
pub const E_INTERRUPTED: i32 = -7;

/// `CAISSON_E_PANIC`: a caught panic or exception: the host closes the instance and opens a new one.
pub const E_PANIC: i32 = -8;

/// `CAISSON_E_DATA`: the event itself cannot be processed.
pub const E_DATA: i32 = -9;

/// `CAISSON_CLASS_NONE`.
pub const CLASS_NONE: u32 = 0;

/// `CAISSON_CLASS_TRANSIENT`.
pub const CLASS_TRANSIENT: u32 = 1;

/// `CAISSON_CLASS_THROTTLED`.
pub const CLASS_THROTTLED: u32 = 2;

/// `CAISSON_CLASS_PERMANENT`.
pub const CLASS_PERMANENT: u32 = 3;

/// `CAISSON_CLASS_CONFIG`.
pub const CLASS_CONFIG: u32 = 4;

/// `CAISSON_CLASS_FATAL`.
pub const CLASS_FATAL: u32 = 5;

/// `CAISSON_ACK`.
pub const ACK: u32 = 0;

/// `CAISSON_RETRY`.
pub const RETRY: u32 = 1;

/// `CAISSON_DEADLETTER`.
pub const DEADLETTER: u32 = 2;

/// `CAISSON_DROP`.
pub const DROP: u32 = 3;

/// `CAISSON_SOURCE`.
pub const SOURCE: u32 = 1;

/// `CAISSON_SINK`.
pub const SINK: u32 = 2;

/// `CAISSON_CODEC`.
pub const CODEC: u32 = 3;

/// `CAISSON_PROCESSOR`.
pub const PROCESSOR: u32 = 4;

/// `CAISSON_PREPROCESSOR`: caisson_process_1 between a source and its codec.
pub const PREPROCESSOR: u32 = 5;

/// `CAISSON_POSTPROCESSOR`: caisson_process_1 between a codec and a sink.
pub const POSTPROCESSOR: u32 = 6;

/// `CAISSON_UNLOADABLE`: caisson_live_1() == 0 means nothing of the plugin runs any more.
pub const UNLOADABLE: u32 = 0x0001;

/// `CAISSON_SHARED_SAFE`: never lends memory of its own: payloads only in memory the host gave.
pub const SHARED_SAFE: u32 = 0x0002;

/// `CAISSON_HAS_THREADS`.
pub const HAS_THREADS: u32 = 0x0004;

/// `CAISSON_NEEDS_PROCESS`.
pub const NEEDS_PROCESS: u32 = 0x00010000;

/// `CAISSON_INTERFACE_FAST`: every [data] call keeps the promise of [fast].
pub const INTERFACE_FAST: u32 = 0x0001;

/// `CAISSON_SEGMENT_WRITABLE`.
pub const SEGMENT_WRITABLE: u32 = 0x0001;

/// `CAISSON_SEGMENT_LENT`: owned by a plugin, which gets it back with caisson_release_1.
pub const SEGMENT_LENT: u32 = 0x0002;

/// `CAISSON_SEGMENT_TAIL64`: 64 readable bytes follow `length`.
pub const SEGMENT_TAIL64: u32 = 0x0004;

/// `CAISSON_RECORD_FAILED`: output of codecs, pre- and postprocessors: its event failed, the payload says why in UTF-8.
pub const RECORD_FAILED: u32 = 0x0001;

/// `CAISSON_BATCH_MORE`: set by hosts and runners, never by plugins: the rest of the answer follows.
pub const BATCH_MORE: u32 = 0x0002;

/// `CAISSON_BATCH_OVERFLOW`: verdict list was too short: every event not listed is RETRY.
pub const BATCH_OVERFLOW: u32 = 0x0001;

/// `CAISSON_HEALTH_OK`.
pub const HEALTH_OK: u32 = 0;

/// `CAISSON_HEALTH_DEGRADED`.
pub const HEALTH_DEGRADED: u32 = 1;

/// `CAISSON_HEALTH_FAILING`.
pub const HEALTH_FAILING: u32 = 2;

/// `CAISSON_HEALTH_FATAL`.
pub const HEALTH_FATAL: u32 = 3;

/// `CAISSON_BELL_NONE`: the host looks at the bell by itself.
pub const BELL_NONE: u32 = 0;

/// `CAISSON_BELL_DESCRIPTOR`: write 8 bytes to bell_handle.
pub const BELL_DESCRIPTOR: u32 = 1;

/// `CAISSON_BELL_EVENT`: SetEvent(bell_handle), Windows.
pub const BELL_EVENT: u32 = 2;

/// `CAISSON_CODEC_DECODE`.
pub const CODEC_DECODE: u32 = 1;

/// `CAISSON_CODEC_ENCODE`.
pub const CODEC_ENCODE: u32 = 2;

/// `CAISSON_LOG_ERROR`.
pub const LOG_ERROR: u32 = 1;

/// `CAISSON_LOG_WARNING`.
pub const LOG_WARNING: u32 = 2;

/// `CAISSON_LOG_INFO`.
pub const LOG_INFO: u32 = 3;

/// `CAISSON_LOG_DEBUG`.
pub const LOG_DEBUG: u32 = 4;

/// `CAISSON_NO_SHARED_OFFSET`.
pub const NO_SHARED_OFFSET: u64 = 0xffffffffffffffff;

/// `CAISSON_MAX_EVENTS`.
pub const MAX_EVENTS: u32 = 65536;

/// `CAISSON_MAX_SEGMENT_BYTES`.
pub const MAX_SEGMENT_BYTES: u32 = 1073741824;

/// `CAISSON_MAX_EVENT_BYTES`.
pub const MAX_EVENT_BYTES: u32 = 67108864;

/// `CAISSON_MAX_INTERFACES`.
pub const MAX_INTERFACES: u32 = 8;

/// `CAISSON_MAX_LAYOUT`.
pub const MAX_LAYOUT: u32 = 256;

/// `caisson_segment`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// address in this process.
    pub base: u64,
    /// offset in the shared mapping, or CAISSON_NO_SHARED_OFFSET.
    pub shared_offset: u64,
    /// bytes in use.
    pub length: u32,
    /// `capacity`.
    pub capacity: u32,
    /// `flags`.
    pub flags: u32,
    /// number of the instance that owns the memory, 0 is the host.
    pub owner: u32,
}

/// `caisson_record`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// when the event entered the system, nanoseconds since 1970.
    pub timestamp_ns: u64,
    /// given by the source, its token for ack and fail; passed on untouched.
    pub sequence: u64,
    /// `payload_offset`.
    pub payload_offset: u32,
    /// `payload_length`.
    pub payload_length: u32,
    /// `key_offset`.
    pub key_offset: u32,
    /// `key_length`.
    pub key_length: u32,
    /// `meta_offset`.
    pub meta_offset: u32,
    /// `meta_length`.
    pub meta_length: u32,
    /// `payload_segment`.
    pub payload_segment: u16,
    /// `key_segment`.
    pub key_segment: u16,
    /// `meta_segment`.
    pub meta_segment: u16,
    /// `kind`.
    pub kind: u16,
    /// `schema_id`.
    pub schema_id: u32,
    /// `flags`.
    pub flags: u32,
    /// `partition`.
    pub partition: u32,
    /// `reserved`.
    pub reserved: u32,
}

/// `caisson_verdict`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// of the record in the batch that is judged.
    pub index: u32,
    /// `action`.
    pub action: u16,
    /// `failure_class`.
    pub failure_class: u16,
    /// `code`.
    pub code: i32,
    /// `retry_after_ms`.
    pub retry_after_ms: u32,
}

/// `caisson_batch`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// `size`.
    pub size: u32,
    /// a multiple of 8, at least 64.
    pub record_stride: u32,
    /// `count`.
    pub count: u32,
    /// `capacity`.
    pub capacity: u32,
    /// `record_offset`.
    pub record_offset: u32,
    /// `segment_offset`.
    pub segment_offset: u32,
    /// `segment_count`.
    pub segment_count: u16,
    /// `segment_capacity`.
    pub segment_capacity: u16,
    /// `flags`.
    pub flags: u32,
    /// `batch_id`.
    pub batch_id: u64,
    /// `arena_used`.
    pub arena_used: u32,
    /// `verdict_default`.
    pub verdict_default: u32,
    /// `verdict_count`.
    pub verdict_count: u32,
    /// `verdict_offset`.
    pub verdict_offset: u32,
    /// `verdict_capacity`.
    pub verdict_capacity: u32,
    /// `reserved`.
    pub reserved: u32,
}

/// `caisson_error`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Error {
    /// `size`.
    pub size: u32,
    /// `code`.
    pub code: i32,
    /// `failure_class`.
    pub failure_class: u16,
    /// `flags`.
    pub flags: u16,
    /// `retry_after_ms`.
    pub retry_after_ms: u32,
    /// `need`.
    pub need: u32,
    /// `message_length`.
    pub message_length: u32,
    /// UTF-8, cut at a code point, no NUL.
    pub message: [u8; 232],
}

/// `caisson_bell`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bell {
    /// plugin adds 1 (release) after publishing work.
    pub posted: u32,
    /// host stores 1 before it sleeps; plugin exchanges 0 and rings if it was 1.
    pub armed: u32,
    /// `ended`.
    pub ended: u32,
    /// `reserved0`.
    pub reserved0: u32,
    /// `health`.
    pub health: u32,
    /// `consecutive_failures`.
    pub consecutive_failures: u32,
    /// `last_code`.
    pub last_code: i32,
    /// `last_class`.
    pub last_class: u32,
    /// `retry_at_ns`.
    pub retry_at_ns: u64,
    /// `ok_total`.
    pub ok_total: u64,
    /// `fail_total`.
    pub fail_total: u64,
    /// `in_flight`.
    pub in_flight: u64,
}

/// `caisson_host`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// `size`.
    pub size: u32,
    /// `abi_major`.
    pub abi_major: u16,
    /// `abi_minor`.
    pub abi_minor: u16,
    /// number of this instance, never 0.
    pub instance: u32,
    /// `bell_kind`.
    pub bell_kind: u32,
    /// `bell_handle`.
    pub bell_handle: i64,
    /// address of a caisson_bell, or 0.
    pub bell: u64,
    /// belongs to the host's `log`; plugins call that and leave this alone.
    pub log_ring: u64,
    /// `log_ring_bytes`.
    pub log_ring_bytes: u32,
    /// the most a batch of this host will ever hold.
    pub max_events: u32,
    /// void (*)(const caisson_host *), any thread, never enters JavaScript, or 0.
    pub wake: u64,
    /// void (*)(const caisson_host *, uint32_t level, const uint8_t *, uint32_t), or 0.
    pub log: u64,
}

/// `caisson_interface`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Interface {
    /// `kind`.
    pub kind: u16,
    /// `major`.
    pub major: u16,
    /// `minor`.
    pub minor: u16,
    /// `reserved0`.
    pub reserved0: u16,
    /// `flags`.
    pub flags: u32,
    /// `reserved1`.
    pub reserved1: u32,
    /// as in the manifest, padded with NUL.
    pub name: [u8; 48],
}

/// `caisson_layout`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// FNV-1a 32 of "caisson_struct.field".
    pub key: u32,
    /// `offset`.
    pub offset: u16,
    /// `size`.
    pub size: u16,
}

/// `caisson_descriptor`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// `magic`.
    pub magic: [u8; 8],
    /// `size`.
    pub size: u32,
    /// `abi_major`.
    pub abi_major: u16,
    /// `abi_minor`.
    pub abi_minor: u16,
    /// `endian`.
    pub endian: u32,
    /// `flags`.
    pub flags: u32,
    /// ELF e_machine number on every platform: 62 x86-64, 183 aarch64.
    pub machine: u16,
    /// `pointer_size`.
    pub pointer_size: u8,
    /// `reserved0`.
    pub reserved0: u8,
    /// the host takes the smaller of both sides.
    pub max_events: u32,
    /// `max_event_bytes`.
    pub max_event_bytes: u32,
    /// from the start of this struct.
    pub interface_offset: u16,
    /// `interface_count`.
    pub interface_count: u16,
    /// `layout_offset`.
    pub layout_offset: u16,
    /// `layout_count`.
    pub layout_count: u16,
    /// `reserved1`.
    pub reserved1: u32,
    /// the plugin's name, as in the manifest.
    pub plugin: [u8; 64],
    /// `version`.
    pub version: [u8; 32],
    /// `sdk`.
    pub sdk: [u8; 32],
    /// `interfaces`.
    pub interfaces: [Interface; MAX_INTERFACES as usize],
    /// `layout`.
    pub layout: [Layout; MAX_LAYOUT as usize],
}

const _: () = {
    assert!(size_of::<Segment>() == 32);
    assert!(offset_of!(Segment, base) == 0);
    assert!(offset_of!(Segment, shared_offset) == 8);
    assert!(offset_of!(Segment, length) == 16);
    assert!(offset_of!(Segment, capacity) == 20);
    assert!(offset_of!(Segment, flags) == 24);
    assert!(offset_of!(Segment, owner) == 28);
    assert!(size_of::<Record>() == 64);
    assert!(offset_of!(Record, timestamp_ns) == 0);
    assert!(offset_of!(Record, sequence) == 8);
    assert!(offset_of!(Record, payload_offset) == 16);
    assert!(offset_of!(Record, payload_length) == 20);
    assert!(offset_of!(Record, key_offset) == 24);
    assert!(offset_of!(Record, key_length) == 28);
    assert!(offset_of!(Record, meta_offset) == 32);
    assert!(offset_of!(Record, meta_length) == 36);
    assert!(offset_of!(Record, payload_segment) == 40);
    assert!(offset_of!(Record, key_segment) == 42);
    assert!(offset_of!(Record, meta_segment) == 44);
    assert!(offset_of!(Record, kind) == 46);
    assert!(offset_of!(Record, schema_id) == 48);
    assert!(offset_of!(Record, flags) == 52);
    assert!(offset_of!(Record, partition) == 56);
    assert!(offset_of!(Record, reserved) == 60);
    assert!(size_of::<Verdict>() == 16);
    assert!(offset_of!(Verdict, index) == 0);
    assert!(offset_of!(Verdict, action) == 4);
    assert!(offset_of!(Verdict, failure_class) == 6);
    assert!(offset_of!(Verdict, code) == 8);
    assert!(offset_of!(Verdict, retry_after_ms) == 12);
    assert!(size_of::<Batch>() == 64);
    assert!(offset_of!(Batch, size) == 0);
    assert!(offset_of!(Batch, record_stride) == 4);
    assert!(offset_of!(Batch, count) == 8);
    assert!(offset_of!(Batch, capacity) == 12);
    assert!(offset_of!(Batch, record_offset) == 16);
    assert!(offset_of!(Batch, segment_offset) == 20);
    assert!(offset_of!(Batch, segment_count) == 24);
    assert!(offset_of!(Batch, segment_capacity) == 26);
    assert!(offset_of!(Batch, flags) == 28);
    assert!(offset_of!(Batch, batch_id) == 32);
    assert!(offset_of!(Batch, arena_used) == 40);
    assert!(offset_of!(Batch, verdict_default) == 44);
    assert!(offset_of!(Batch, verdict_count) == 48);
    assert!(offset_of!(Batch, verdict_offset) == 52);
    assert!(offset_of!(Batch, verdict_capacity) == 56);
    assert!(offset_of!(Batch, reserved) == 60);
    assert!(size_of::<Error>() == 256);
    assert!(offset_of!(Error, size) == 0);
    assert!(offset_of!(Error, code) == 4);
    assert!(offset_of!(Error, failure_class) == 8);
    assert!(offset_of!(Error, flags) == 10);
    assert!(offset_of!(Error, retry_after_ms) == 12);
    assert!(offset_of!(Error, need) == 16);
    assert!(offset_of!(Error, message_length) == 20);
    assert!(offset_of!(Error, message) == 24);
    assert!(size_of::<Bell>() == 64);
    assert!(offset_of!(Bell, posted) == 0);
    assert!(offset_of!(Bell, armed) == 4);
    assert!(offset_of!(Bell, ended) == 8);
    assert!(offset_of!(Bell, reserved0) == 12);
    assert!(offset_of!(Bell, health) == 16);
    assert!(offset_of!(Bell, consecutive_failures) == 20);
    assert!(offset_of!(Bell, last_code) == 24);
    assert!(offset_of!(Bell, last_class) == 28);
    assert!(offset_of!(Bell, retry_at_ns) == 32);
    assert!(offset_of!(Bell, ok_total) == 40);
    assert!(offset_of!(Bell, fail_total) == 48);
    assert!(offset_of!(Bell, in_flight) == 56);
    assert!(size_of::<Host>() == 64);
    assert!(offset_of!(Host, size) == 0);
    assert!(offset_of!(Host, abi_major) == 4);
    assert!(offset_of!(Host, abi_minor) == 6);
    assert!(offset_of!(Host, instance) == 8);
    assert!(offset_of!(Host, bell_kind) == 12);
    assert!(offset_of!(Host, bell_handle) == 16);
    assert!(offset_of!(Host, bell) == 24);
    assert!(offset_of!(Host, log_ring) == 32);
    assert!(offset_of!(Host, log_ring_bytes) == 40);
    assert!(offset_of!(Host, max_events) == 44);
    assert!(offset_of!(Host, wake) == 48);
    assert!(offset_of!(Host, log) == 56);
    assert!(size_of::<Interface>() == 64);
    assert!(offset_of!(Interface, kind) == 0);
    assert!(offset_of!(Interface, major) == 2);
    assert!(offset_of!(Interface, minor) == 4);
    assert!(offset_of!(Interface, reserved0) == 6);
    assert!(offset_of!(Interface, flags) == 8);
    assert!(offset_of!(Interface, reserved1) == 12);
    assert!(offset_of!(Interface, name) == 16);
    assert!(size_of::<Layout>() == 8);
    assert!(offset_of!(Layout, key) == 0);
    assert!(offset_of!(Layout, offset) == 4);
    assert!(offset_of!(Layout, size) == 6);
    assert!(size_of::<Descriptor>() == 2736);
    assert!(offset_of!(Descriptor, magic) == 0);
    assert!(offset_of!(Descriptor, size) == 8);
    assert!(offset_of!(Descriptor, abi_major) == 12);
    assert!(offset_of!(Descriptor, abi_minor) == 14);
    assert!(offset_of!(Descriptor, endian) == 16);
    assert!(offset_of!(Descriptor, flags) == 20);
    assert!(offset_of!(Descriptor, machine) == 24);
    assert!(offset_of!(Descriptor, pointer_size) == 26);
    assert!(offset_of!(Descriptor, reserved0) == 27);
    assert!(offset_of!(Descriptor, max_events) == 28);
    assert!(offset_of!(Descriptor, max_event_bytes) == 32);
    assert!(offset_of!(Descriptor, interface_offset) == 36);
    assert!(offset_of!(Descriptor, interface_count) == 38);
    assert!(offset_of!(Descriptor, layout_offset) == 40);
    assert!(offset_of!(Descriptor, layout_count) == 42);
    assert!(offset_of!(Descriptor, reserved1) == 44);
    assert!(offset_of!(Descriptor, plugin) == 48);
    assert!(offset_of!(Descriptor, version) == 112);
    assert!(offset_of!(Descriptor, sdk) == 144);
    assert!(offset_of!(Descriptor, interfaces) == 176);
    assert!(offset_of!(Descriptor, layout) == 688);
};

/// Size of the field that `_get` returns, without a value to look at.
const fn field_size<S, F>(_get: fn(&S) -> &F) -> u16 {
    size_of::<F>() as u16
}

/// Fields in [`LAYOUT_TABLE`].
pub const LAYOUT_COUNT: usize = 106;

/// The field table of the descriptor, as rustc sees the structs; unused rows are zero.
pub const LAYOUT_TABLE: [Layout; MAX_LAYOUT as usize] = {
    let mut table = [Layout { key: 0, offset: 0, size: 0 }; MAX_LAYOUT as usize];
    table[0] = Layout {
        key: 0x3865a7a8,
        offset: offset_of!(Segment, base) as u16,
        size: field_size(|s: &Segment| &s.base),
    };
    table[1] = Layout {
        key: 0xc61d695e,
        offset: offset_of!(Segment, shared_offset) as u16,
        size: field_size(|s: &Segment| &s.shared_offset),
    };
    table[2] = Layout {
        key: 0x781980e5,
        offset: offset_of!(Segment, length) as u16,
        size: field_size(|s: &Segment| &s.length),
    };
    table[3] = Layout {
        key: 0x78e12159,
        offset: offset_of!(Segment, capacity) as u16,
        size: field_size(|s: &Segment| &s.capacity),
    };
    table[4] = Layout {
        key: 0xa63a075c,
        offset: offset_of!(Segment, flags) as u16,
        size: field_size(|s: &Segment| &s.flags),
    };
    table[5] = Layout {
        key: 0x7bf3c124,
        offset: offset_of!(Segment, owner) as u16,
        size: field_size(|s: &Segment| &s.owner),
    };
    table[6] = Layout {
        key: 0xe0fbaf33,
        offset: offset_of!(Record, timestamp_ns) as u16,
        size: field_size(|s: &Record| &s.timestamp_ns),
    };
    table[7] = Layout {
        key: 0xefc88824,
        offset: offset_of!(Record, sequence) as u16,
        size: field_size(|s: &Record| &s.sequence),
    };
    table[8] = Layout {
        key: 0x9adbcd75,
        offset: offset_of!(Record, payload_offset) as u16,
        size: field_size(|s: &Record| &s.payload_offset),
    };
    table[9] = Layout {
        key: 0x988f52a6,
        offset: offset_of!(Record, payload_length) as u16,
        size: field_size(|s: &Record| &s.payload_length),
    };
    table[10] = Layout {
        key: 0x1aaf5be2,
        offset: offset_of!(Record, key_offset) as u16,
        size: field_size(|s: &Record| &s.key_offset),
    };
    table[11] = Layout {
        key: 0xeedfffed,
        offset: offset_of!(Record, key_length) as u16,
        size: field_size(|s: &Record| &s.key_length),
    };
    table[12] = Layout {
        key: 0xc314475e,
        offset: offset_of!(Record, meta_offset) as u16,
        size: field_size(|s: &Record| &s.meta_offset),
    };
    table[13] = Layout {
        key: 0x2dbd59b9,
        offset: offset_of!(Record, meta_length) as u16,
        size: field_size(|s: &Record| &s.meta_length),
    };
    table[14] = Layout {
        key: 0x6b65adc3,
        offset: offset_of!(Record, payload_segment) as u16,
        size: field_size(|s: &Record| &s.payload_segment),
    };
    table[15] = Layout {
        key: 0x9ecd4c5e,
        offset: offset_of!(Record, key_segment) as u16,
        size: field_size(|s: &Record| &s.key_segment),
    };
    table[16] = Layout {
        key: 0xa04256fa,
        offset: offset_of!(Record, meta_segment) as u16,
        size: field_size(|s: &Record| &s.meta_segment),
    };
    table[17] = Layout {
        key: 0x25ab0c77,
        offset: offset_of!(Record, kind) as u16,
        size: field_size(|s: &Record| &s.kind),
    };
    table[18] = Layout {
        key: 0xaf4acb42,
        offset: offset_of!(Record, schema_id) as u16,
        size: field_size(|s: &Record| &s.schema_id),
    };
    table[19] = Layout {
        key: 0xebdc3980,
        offset: offset_of!(Record, flags) as u16,
        size: field_size(|s: &Record| &s.flags),
    };
    table[20] = Layout {
        key: 0xc61d3c35,
        offset: offset_of!(Record, partition) as u16,
        size: field_size(|s: &Record| &s.partition),
    };
    table[21] = Layout {
        key: 0x43b10e79,
        offset: offset_of!(Record, reserved) as u16,
        size: field_size(|s: &Record| &s.reserved),
    };
    table[22] = Layout {
        key: 0xf85cba73,
        offset: offset_of!(Verdict, index) as u16,
        size: field_size(|s: &Verdict| &s.index),
    };
    table[23] = Layout {
        key: 0x05ec9bd7,
        offset: offset_of!(Verdict, action) as u16,
        size: field_size(|s: &Verdict| &s.action),
    };
    table[24] = Layout {
        key: 0x680793d2,
        offset: offset_of!(Verdict, failure_class) as u16,
        size: field_size(|s: &Verdict| &s.failure_class),
    };
    table[25] = Layout {
        key: 0x5e3f9bac,
        offset: offset_of!(Verdict, code) as u16,
        size: field_size(|s: &Verdict| &s.code),
    };
    table[26] = Layout {
        key: 0xd2a18f09,
        offset: offset_of!(Verdict, retry_after_ms) as u16,
        size: field_size(|s: &Verdict| &s.retry_after_ms),
    };
    table[27] = Layout {
        key: 0xdbd42e93,
        offset: offset_of!(Batch, size) as u16,
        size: field_size(|s: &Batch| &s.size),
    };
    table[28] = Layout {
        key: 0x846d7785,
        offset: offset_of!(Batch, record_stride) as u16,
        size: field_size(|s: &Batch| &s.record_stride),
    };
    table[29] = Layout {
        key: 0x92569ae1,
        offset: offset_of!(Batch, count) as u16,
        size: field_size(|s: &Batch| &s.count),
    };
    table[30] = Layout {
        key: 0xc44ae186,
        offset: offset_of!(Batch, capacity) as u16,
        size: field_size(|s: &Batch| &s.capacity),
    };
    table[31] = Layout {
        key: 0xa4b63863,
        offset: offset_of!(Batch, record_offset) as u16,
        size: field_size(|s: &Batch| &s.record_offset),
    };
    table[32] = Layout {
        key: 0xf7a42f47,
        offset: offset_of!(Batch, segment_offset) as u16,
        size: field_size(|s: &Batch| &s.segment_offset),
    };
    table[33] = Layout {
        key: 0x44262583,
        offset: offset_of!(Batch, segment_count) as u16,
        size: field_size(|s: &Batch| &s.segment_count),
    };
    table[34] = Layout {
        key: 0xceec4f58,
        offset: offset_of!(Batch, segment_capacity) as u16,
        size: field_size(|s: &Batch| &s.segment_capacity),
    };
    table[35] = Layout {
        key: 0xec937a65,
        offset: offset_of!(Batch, flags) as u16,
        size: field_size(|s: &Batch| &s.flags),
    };
    table[36] = Layout {
        key: 0xd0695586,
        offset: offset_of!(Batch, batch_id) as u16,
        size: field_size(|s: &Batch| &s.batch_id),
    };
    table[37] = Layout {
        key: 0x8058e3ef,
        offset: offset_of!(Batch, arena_used) as u16,
        size: field_size(|s: &Batch| &s.arena_used),
    };
    table[38] = Layout {
        key: 0x740d9329,
        offset: offset_of!(Batch, verdict_default) as u16,
        size: field_size(|s: &Batch| &s.verdict_default),
    };
    table[39] = Layout {
        key: 0x1799b76b,
        offset: offset_of!(Batch, verdict_count) as u16,
        size: field_size(|s: &Batch| &s.verdict_count),
    };
    table[40] = Layout {
        key: 0xe053a4af,
        offset: offset_of!(Batch, verdict_offset) as u16,
        size: field_size(|s: &Batch| &s.verdict_offset),
    };
    table[41] = Layout {
        key: 0x4c9f95f0,
        offset: offset_of!(Batch, verdict_capacity) as u16,
        size: field_size(|s: &Batch| &s.verdict_capacity),
    };
    table[42] = Layout {
        key: 0x4f48e756,
        offset: offset_of!(Batch, reserved) as u16,
        size: field_size(|s: &Batch| &s.reserved),
    };
    table[43] = Layout {
        key: 0x02463f71,
        offset: offset_of!(Error, size) as u16,
        size: field_size(|s: &Error| &s.size),
    };
    table[44] = Layout {
        key: 0x6e30b235,
        offset: offset_of!(Error, code) as u16,
        size: field_size(|s: &Error| &s.code),
    };
    table[45] = Layout {
        key: 0xa3eb2819,
        offset: offset_of!(Error, failure_class) as u16,
        size: field_size(|s: &Error| &s.failure_class),
    };
    table[46] = Layout {
        key: 0x225a62f3,
        offset: offset_of!(Error, flags) as u16,
        size: field_size(|s: &Error| &s.flags),
    };
    table[47] = Layout {
        key: 0x15f8ad3c,
        offset: offset_of!(Error, retry_after_ms) as u16,
        size: field_size(|s: &Error| &s.retry_after_ms),
    };
    table[48] = Layout {
        key: 0xfb21e884,
        offset: offset_of!(Error, need) as u16,
        size: field_size(|s: &Error| &s.need),
    };
    table[49] = Layout {
        key: 0x75c66e04,
        offset: offset_of!(Error, message_length) as u16,
        size: field_size(|s: &Error| &s.message_length),
    };
    table[50] = Layout {
        key: 0x95d6c277,
        offset: offset_of!(Error, message) as u16,
        size: field_size(|s: &Error| &s.message),
    };
    table[51] = Layout {
        key: 0x0238f90e,
        offset: offset_of!(Bell, posted) as u16,
        size: field_size(|s: &Bell| &s.posted),
    };
    table[52] = Layout {
        key: 0xf15481f4,
        offset: offset_of!(Bell, armed) as u16,
        size: field_size(|s: &Bell| &s.armed),
    };
    table[53] = Layout {
        key: 0x9fa0f493,
        offset: offset_of!(Bell, ended) as u16,
        size: field_size(|s: &Bell| &s.ended),
    };
    table[54] = Layout {
        key: 0xc680bf7f,
        offset: offset_of!(Bell, reserved0) as u16,
        size: field_size(|s: &Bell| &s.reserved0),
    };
    table[55] = Layout {
        key: 0x630a2537,
        offset: offset_of!(Bell, health) as u16,
        size: field_size(|s: &Bell| &s.health),
    };
    table[56] = Layout {
        key: 0x1132dde9,
        offset: offset_of!(Bell, consecutive_failures) as u16,
        size: field_size(|s: &Bell| &s.consecutive_failures),
    };
    table[57] = Layout {
        key: 0xa43bb5b7,
        offset: offset_of!(Bell, last_code) as u16,
        size: field_size(|s: &Bell| &s.last_code),
    };
    table[58] = Layout {
        key: 0x4703a54a,
        offset: offset_of!(Bell, last_class) as u16,
        size: field_size(|s: &Bell| &s.last_class),
    };
    table[59] = Layout {
        key: 0xd04a9bfb,
        offset: offset_of!(Bell, retry_at_ns) as u16,
        size: field_size(|s: &Bell| &s.retry_at_ns),
    };
    table[60] = Layout {
        key: 0xf320d852,
        offset: offset_of!(Bell, ok_total) as u16,
        size: field_size(|s: &Bell| &s.ok_total),
    };
    table[61] = Layout {
        key: 0xf7740ca0,
        offset: offset_of!(Bell, fail_total) as u16,
        size: field_size(|s: &Bell| &s.fail_total),
    };
    table[62] = Layout {
        key: 0x00ce3f51,
        offset: offset_of!(Bell, in_flight) as u16,
        size: field_size(|s: &Bell| &s.in_flight),
    };
    table[63] = Layout {
        key: 0xb7432b15,
        offset: offset_of!(Host, size) as u16,
        size: field_size(|s: &Host| &s.size),
    };
    table[64] = Layout {
        key: 0xe5771de4,
        offset: offset_of!(Host, abi_major) as u16,
        size: field_size(|s: &Host| &s.abi_major),
    };
    table[65] = Layout {
        key: 0x7a927e08,
        offset: offset_of!(Host, abi_minor) as u16,
        size: field_size(|s: &Host| &s.abi_minor),
    };
    table[66] = Layout {
        key: 0x21e005e7,
        offset: offset_of!(Host, instance) as u16,
        size: field_size(|s: &Host| &s.instance),
    };
    table[67] = Layout {
        key: 0x0e733938,
        offset: offset_of!(Host, bell_kind) as u16,
        size: field_size(|s: &Host| &s.bell_kind),
    };
    table[68] = Layout {
        key: 0x80c17db0,
        offset: offset_of!(Host, bell_handle) as u16,
        size: field_size(|s: &Host| &s.bell_handle),
    };
    table[69] = Layout {
        key: 0x63e446cd,
        offset: offset_of!(Host, bell) as u16,
        size: field_size(|s: &Host| &s.bell),
    };
    table[70] = Layout {
        key: 0x3cb30aa5,
        offset: offset_of!(Host, log_ring) as u16,
        size: field_size(|s: &Host| &s.log_ring),
    };
    table[71] = Layout {
        key: 0x17c71795,
        offset: offset_of!(Host, log_ring_bytes) as u16,
        size: field_size(|s: &Host| &s.log_ring_bytes),
    };
    table[72] = Layout {
        key: 0xe360900a,
        offset: offset_of!(Host, max_events) as u16,
        size: field_size(|s: &Host| &s.max_events),
    };
    table[73] = Layout {
        key: 0x8572ce4c,
        offset: offset_of!(Host, wake) as u16,
        size: field_size(|s: &Host| &s.wake),
    };
    table[74] = Layout {
        key: 0xc86c5a9e,
        offset: offset_of!(Host, log) as u16,
        size: field_size(|s: &Host| &s.log),
    };
    table[75] = Layout {
        key: 0x77683f45,
        offset: offset_of!(Interface, kind) as u16,
        size: field_size(|s: &Interface| &s.kind),
    };
    table[76] = Layout {
        key: 0x3dab7dcc,
        offset: offset_of!(Interface, major) as u16,
        size: field_size(|s: &Interface| &s.major),
    };
    table[77] = Layout {
        key: 0x833f7900,
        offset: offset_of!(Interface, minor) as u16,
        size: field_size(|s: &Interface| &s.minor),
    };
    table[78] = Layout {
        key: 0xb8070b25,
        offset: offset_of!(Interface, reserved0) as u16,
        size: field_size(|s: &Interface| &s.reserved0),
    };
    table[79] = Layout {
        key: 0xe553e666,
        offset: offset_of!(Interface, flags) as u16,
        size: field_size(|s: &Interface| &s.flags),
    };
    table[80] = Layout {
        key: 0xb7070992,
        offset: offset_of!(Interface, reserved1) as u16,
        size: field_size(|s: &Interface| &s.reserved1),
    };
    table[81] = Layout {
        key: 0x4611a40c,
        offset: offset_of!(Interface, name) as u16,
        size: field_size(|s: &Interface| &s.name),
    };
    table[82] = Layout {
        key: 0x9a4a764f,
        offset: offset_of!(Layout, key) as u16,
        size: field_size(|s: &Layout| &s.key),
    };
    table[83] = Layout {
        key: 0xc643dd93,
        offset: offset_of!(Layout, offset) as u16,
        size: field_size(|s: &Layout| &s.offset),
    };
    table[84] = Layout {
        key: 0x646f5281,
        offset: offset_of!(Layout, size) as u16,
        size: field_size(|s: &Layout| &s.size),
    };
    table[85] = Layout {
        key: 0x9581b4cc,
        offset: offset_of!(Descriptor, magic) as u16,
        size: field_size(|s: &Descriptor| &s.magic),
    };
    table[86] = Layout {
        key: 0xb1234a9c,
        offset: offset_of!(Descriptor, size) as u16,
        size: field_size(|s: &Descriptor| &s.size),
    };
    table[87] = Layout {
        key: 0x735d5457,
        offset: offset_of!(Descriptor, abi_major) as u16,
        size: field_size(|s: &Descriptor| &s.abi_major),
    };
    table[88] = Layout {
        key: 0x51b6971b,
        offset: offset_of!(Descriptor, abi_minor) as u16,
        size: field_size(|s: &Descriptor| &s.abi_minor),
    };
    table[89] = Layout {
        key: 0xfee19a12,
        offset: offset_of!(Descriptor, endian) as u16,
        size: field_size(|s: &Descriptor| &s.endian),
    };
    table[90] = Layout {
        key: 0x3a0d406c,
        offset: offset_of!(Descriptor, flags) as u16,
        size: field_size(|s: &Descriptor| &s.flags),
    };
    table[91] = Layout {
        key: 0xe6c066ae,
        offset: offset_of!(Descriptor, machine) as u16,
        size: field_size(|s: &Descriptor| &s.machine),
    };
    table[92] = Layout {
        key: 0x713764c6,
        offset: offset_of!(Descriptor, pointer_size) as u16,
        size: field_size(|s: &Descriptor| &s.pointer_size),
    };
    table[93] = Layout {
        key: 0xcddb7077,
        offset: offset_of!(Descriptor, reserved0) as u16,
        size: field_size(|s: &Descriptor| &s.reserved0),
    };
    table[94] = Layout {
        key: 0x43e47dc7,
        offset: offset_of!(Descriptor, max_events) as u16,
        size: field_size(|s: &Descriptor| &s.max_events),
    };
    table[95] = Layout {
        key: 0x121ced36,
        offset: offset_of!(Descriptor, max_event_bytes) as u16,
        size: field_size(|s: &Descriptor| &s.max_event_bytes),
    };
    table[96] = Layout {
        key: 0xef78b6b2,
        offset: offset_of!(Descriptor, interface_offset) as u16,
        size: field_size(|s: &Descriptor| &s.interface_offset),
    };
    table[97] = Layout {
        key: 0xf208947c,
        offset: offset_of!(Descriptor, interface_count) as u16,
        size: field_size(|s: &Descriptor| &s.interface_count),
    };
    table[98] = Layout {
        key: 0x7c932dc3,
        offset: offset_of!(Descriptor, layout_offset) as u16,
        size: field_size(|s: &Descriptor| &s.layout_offset),
    };
    table[99] = Layout {
        key: 0xa9ed17af,
        offset: offset_of!(Descriptor, layout_count) as u16,
        size: field_size(|s: &Descriptor| &s.layout_count),
    };
    table[100] = Layout {
        key: 0xccdb6ee4,
        offset: offset_of!(Descriptor, reserved1) as u16,
        size: field_size(|s: &Descriptor| &s.reserved1),
    };
    table[101] = Layout {
        key: 0xc044feba,
        offset: offset_of!(Descriptor, plugin) as u16,
        size: field_size(|s: &Descriptor| &s.plugin),
    };
    table[102] = Layout {
        key: 0x4c2d2bd7,
        offset: offset_of!(Descriptor, version) as u16,
        size: field_size(|s: &Descriptor| &s.version),
    };
    table[103] = Layout {
        key: 0x7232e7bb,
        offset: offset_of!(Descriptor, sdk) as u16,
        size: field_size(|s: &Descriptor| &s.sdk),
    };
    table[104] = Layout {
        key: 0xf707c0b9,
        offset: offset_of!(Descriptor, interfaces) as u16,
        size: field_size(|s: &Descriptor| &s.interfaces),
    };
    table[105] = Layout {
        key: 0xe07c723f,
        offset: offset_of!(Descriptor, layout) as u16,
        size: field_size(|s: &Descriptor| &s.layout),
    };
    table
};
