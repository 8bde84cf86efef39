/** Writes the field table: `ffi/layout_table.ts` for the host, `ffi/include/caisson_layout.h` for plugins in C. @module */
import { fieldKey, type Header, hexadecimal } from "./header.ts";

/** The host's side: what it expects every plugin to have been compiled with. */
export function writeLayoutTable(header: Header): string {
  const rows = header.structs.flatMap((struct) =>
    struct.fields.map((field) =>
      `  { key: ${
        hexadecimal(fieldKey(struct.name, field.name))
      }, name: "caisson_${struct.name}.${field.name}", offset: ${field.offset}, size: ${field.size}, minor: ${field.minor} },\n`
    )
  );
  return `/**
 * The host's field table: where every field of every shared struct lies.
 *
 * Generated from \`ffi/include/caisson.h\` by \`scripts/generate_abi.ts\`; do not edit.
 * @module
 */
import type { LayoutField } from "./layout_field.ts";

/** Every field, in the order of the header. */
export const LAYOUT_TABLE: readonly LayoutField[] = [
${rows.join("")}];
`;
}

/** The plugin's side: only keys are written here, offsets and sizes come from whatever compiles the plugin. */
export function writeLayoutHeader(header: Header): string {
  const rows = header.structs.flatMap((struct) =>
    struct.fields.map((field) =>
      `  CAISSON_LAYOUT_FIELD(${
        hexadecimal(fieldKey(struct.name, field.name))
      }u, caisson_${struct.name}, ${field.name})`
    )
  );
  return `/* caisson_layout.h - the field table of a plugin, filled in by the compiler that builds the plugin, so that a host
 * finds out before loading it when that compiler sees a struct differently.
 *
 * Generated from caisson.h by scripts/generate_abi.ts; do not edit. */
#ifndef CAISSON_LAYOUT_H
#define CAISSON_LAYOUT_H

#include "caisson.h"

#define CAISSON_LAYOUT_COUNT ${rows.length}

#define CAISSON_LAYOUT_FIELD(key, type, field) \\
  {key, (uint16_t)offsetof(type, field), (uint16_t)sizeof(((type *)0)->field)},

#define CAISSON_LAYOUT_FIELDS \\
${rows.join(" \\\n")}

CAISSON_STATIC_ASSERT(CAISSON_LAYOUT_COUNT <= CAISSON_MAX_LAYOUT, "the field table has room");

#endif
`;
}
