//! The descriptor a host reads out of the file before it loads the library.

use crate::abi;

/// What [`crate::plugin!`] knows about a plugin.
pub struct DescriptorParts {
    /// Name, as in the manifest; at most 63 bytes.
    pub name: &'static str,
    /// Version, as in the manifest; at most 31 bytes.
    pub version: &'static str,
    /// Flags of [`abi`].
    pub flags: u32,
}

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;
#[cfg(target_arch = "riscv64")]
const MACHINE: u16 = 243;

/// One component, for the descriptor. Evaluated by the compiler: a name that is too long does not compile.
pub const fn component_entry(kind: u32, name: &str, flags: u32) -> abi::Interface {
    abi::Interface {
        kind: kind as u16,
        major: 1,
        minor: 0,
        reserved0: 0,
        flags,
        reserved1: 0,
        name: padded(name),
    }
}

/// The whole descriptor, evaluated by the compiler.
pub const fn describe(parts: DescriptorParts, components: &[abi::Interface]) -> abi::Descriptor {
    assert!(!components.is_empty() && components.len() <= abi::MAX_INTERFACES as usize);
    let mut interfaces = [component_entry(0, "", 0); abi::MAX_INTERFACES as usize];
    let mut index = 0;
    while index < components.len() {
        interfaces[index] = components[index];
        index += 1;
    }
    abi::Descriptor {
        magic: abi::MAGIC,
        size: core::mem::size_of::<abi::Descriptor>() as u32,
        abi_major: abi::ABI_MAJOR,
        abi_minor: abi::ABI_MINOR,
        endian: abi::ENDIAN,
        flags: parts.flags,
        machine: MACHINE,
        pointer_size: core::mem::size_of::<usize>() as u8,
        reserved0: 0,
        max_events: abi::MAX_EVENTS,
        max_event_bytes: abi::MAX_EVENT_BYTES,
        interface_offset: core::mem::offset_of!(abi::Descriptor, interfaces) as u16,
        interface_count: components.len() as u16,
        layout_offset: core::mem::offset_of!(abi::Descriptor, layout) as u16,
        layout_count: abi::LAYOUT_COUNT as u16,
        reserved1: 0,
        plugin: padded(parts.name),
        version: padded(parts.version),
        sdk: padded("caisson-rust 0.1.0"),
        interfaces,
        layout: abi::LAYOUT_TABLE,
    }
}

const fn padded<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    assert!(bytes.len() < N, "a name of the descriptor is too long");
    let mut out = [0; N];
    let mut index = 0;
    while index < bytes.len() {
        out[index] = bytes[index];
        index += 1;
    }
    out
}
