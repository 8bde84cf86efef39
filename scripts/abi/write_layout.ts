/** Writes `runtime/data/layout.ts`. @module */
import { camelCase, type Header } from "./header.ts";

/** Byte offsets of every struct, and the ABI's numbers, as TypeScript. */
export function writeLayout(header: Header): string {
  const parts = [`/**
 * Byte offsets of every shared struct, and the ABI's numbers.
 *
 * Generated from \`ffi/include/caisson.h\` by \`scripts/generate_abi.ts\`; do not edit.
 * @module
 */
`];
  for (const { name, size, fields } of header.structs) {
    const offsets = fields.map((field) => `  ${camelCase(field.name)}: ${field.offset},\n`);
    parts.push(
      `/** Byte offsets in \`caisson_${name}\`; \`bytes\` is its size. */
export const ${name.toUpperCase()}_LAYOUT = {
  bytes: ${size},
${offsets.join("")}} as const;
`,
    );
  }
  for (const { name, text, value, comment } of header.constants) {
    const written = typeof value === "bigint" ? `0x${value.toString(16)}n` : text;
    parts.push(
      `/** \`CAISSON_${name}\`${comment === "" ? "" : `: ${comment}`}. */
export const ${name} = ${written};
`,
    );
  }
  return parts.join("\n");
}
