//! What host and plugin agree on, and the plugin: a source of events, as a root module of abi_stable.
use abi_stable::{
    export_root_module, library::RootModule, package_version_strings, prefix_type::PrefixTypeTrait,
    sabi_types::VersionStrings, std_types::RSlice, StableAbi,
};

/// One event: where its payload lies and when it entered.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Event {
    pub timestamp_ns: u64,
    pub payload: RSlice<'static, u8>,
}

/// The functions the host loads.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = EventsRef)))]
#[sabi(missing_field(panic))]
pub struct Events {
    /// Fills the host's memory with the next events; returns how many.
    #[sabi(last_prefix_field)]
    pub poll: extern "C" fn(into: abi_stable::std_types::RSliceMut<'_, Event>) -> usize,
}

impl RootModule for EventsRef {
    abi_stable::declare_root_module_statics! {EventsRef}
    const BASE_NAME: &'static str = "caisson_bench_events";
    const NAME: &'static str = "caisson_bench_events";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// Bytes of an event, as in the other contenders.
pub const EVENT_BYTES: usize = 222;
const DISTINCT: usize = 64;
static PAYLOADS: [u8; EVENT_BYTES * DISTINCT] = [0x61; EVENT_BYTES * DISTINCT];
static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

extern "C" fn poll(mut into: abi_stable::std_types::RSliceMut<'_, Event>) -> usize {
    use std::sync::atomic::Ordering::Relaxed;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let mut next = NEXT.load(Relaxed);
    for event in into.iter_mut() {
        let at = next * EVENT_BYTES;
        *event = Event { timestamp_ns: now, payload: RSlice::from_slice(&PAYLOADS[at..at + EVENT_BYTES]) };
        next = if next + 1 == DISTINCT { 0 } else { next + 1 };
    }
    NEXT.store(next, Relaxed);
    into.len()
}

#[export_root_module]
fn root() -> EventsRef {
    Events { poll }.leak_into_prefix()
}
