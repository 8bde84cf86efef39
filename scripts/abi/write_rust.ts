/** Writes `ffi/sdk/rust/src/abi.rs`. @module */
import { fieldKey, type Header, type HeaderConstant, hexadecimal, pascalCase } from "./header.ts";

function rustType(type: string): string {
  const integer = /^(u?)int(\d+)_t$/.exec(type);
  return integer === null ? pascalCase(type.replace("caisson_", "")) : `${integer[1] === "u" ? "u" : "i"}${integer[2]}`;
}

function constant(
  { name, text, value, comment }: HeaderConstant,
  signed: boolean,
): string {
  const doc = `/// \`CAISSON_${name}\`${comment === "" ? "" : `: ${comment}`}.\n`;
  if (typeof value === "string") {
    return `${doc}pub const ${name}: [u8; ${value.length + 1}] = *b"${value}\\0";`;
  }
  if (typeof value === "bigint") {
    return `${doc}pub const ${name}: u64 = 0x${value.toString(16)};`;
  }
  const type = name.startsWith("ABI_") ? "u16" : signed ? "i32" : "u32";
  return `${doc}pub const ${name}: ${type} = ${text};`;
}

/** The structs, constants and field table as Rust that needs only `core`; rustc itself checks sizes and offsets. */
export function writeRust(header: Header): string {
  const { constants, structs } = header;
  const parts = [
    `//! The C ABI of Caisson: structs, constants and the field table.
//!
//! Generated from \`ffi/include/caisson.h\` by \`scripts/generate_abi.ts\`; do not edit.

use core::mem::{offset_of, size_of};
`,
  ];
  // A section with a negative value holds statuses, which are int32_t in C.
  const signed = new Set(
    constants.filter(({ value }) => typeof value === "number" && value < 0)
      .map(({ section }) => section),
  );
  for (const each of constants) {
    parts.push(constant(each, signed.has(each.section)), "");
  }
  for (const { name, fields } of structs) {
    const type = pascalCase(name);
    parts.push(`/// \`caisson_${name}\`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ${type} {`);
    for (const field of fields) {
      const element = rustType(field.type);
      const length = field.elements?.replace(/^CAISSON_/, "");
      parts.push(
        `    /// ${field.comment === "" ? `\`${field.name}\`` : field.comment}.`,
        `    pub ${field.name}: ${
          length === undefined ? element : `[${element}; ${/^\d+$/.test(length) ? length : `${length} as usize`}]`
        },`,
      );
    }
    parts.push("}", "");
  }
  parts.push("const _: () = {");
  for (const { name, size, fields } of structs) {
    const type = pascalCase(name);
    parts.push(`    assert!(size_of::<${type}>() == ${size});`);
    for (const field of fields) {
      parts.push(
        `    assert!(offset_of!(${type}, ${field.name}) == ${field.offset});`,
      );
    }
  }
  parts.push(
    "};",
    "",
    `/// Size of the field that \`_get\` returns, without a value to look at.
const fn field_size<S, F>(_get: fn(&S) -> &F) -> u16 {
    size_of::<F>() as u16
}

/// Fields in [\`LAYOUT_TABLE\`].
pub const LAYOUT_COUNT: usize = ${structs.reduce((sum, { fields }) => sum + fields.length, 0)};

/// The field table of the descriptor, as rustc sees the structs; unused rows are zero.
pub const LAYOUT_TABLE: [Layout; MAX_LAYOUT as usize] = {
    let mut table = [Layout { key: 0, offset: 0, size: 0 }; MAX_LAYOUT as usize];`,
  );
  let row = 0;
  for (const { name, fields } of structs) {
    const type = pascalCase(name);
    for (const field of fields) {
      parts.push(
        `    table[${row++}] = Layout {
        key: ${hexadecimal(fieldKey(name, field.name))},
        offset: offset_of!(${type}, ${field.name}) as u16,
        size: field_size(|s: &${type}| &s.${field.name}),
    };`,
      );
    }
  }
  parts.push("    table", "};", "");
  return parts.join("\n");
}
