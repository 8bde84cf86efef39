/** What `caisson.h` says, as data; `parse_header.ts` makes it. @module */

/** A `#define` with a value. */
export interface HeaderConstant {
  /** Name without `CAISSON_`. */
  readonly name: string;
  /** The value as written, without parentheses and suffix. */
  readonly text: string;
  /** The value. */
  readonly value: number | bigint | string;
  /** Comment behind it. */
  readonly comment: string;
  /** Constants between two blank lines are one section. */
  readonly section: number;
}

/** A field of a struct. */
export interface HeaderField {
  /** Name in C. */
  readonly name: string;
  /** Element type in C, such as `uint32_t` or `caisson_layout`. */
  readonly type: string;
  /** Elements when it is an array, as written: a number or a constant's name. */
  readonly elements: string | undefined;
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Comment behind it. */
  readonly comment: string;
  /** Minor version of the ABI that added it, from `Since 1.N` in the comment. */
  readonly minor: number;
}

/** A struct both sides share. */
export interface HeaderStruct {
  /** Name without `caisson_`. */
  readonly name: string;
  /** Fields in order. */
  readonly fields: readonly HeaderField[];
  /** Bytes. */
  readonly size: number;
}

/** A parameter of a function. */
export interface HeaderParameter {
  /** As written in C. */
  readonly text: string;
  /** Type in C, without the name. */
  readonly type: string;
  /** Name in C. */
  readonly name: string;
}

/** When a function may be called: see the top of `caisson.h`. */
export type FunctionTag = "any" | "fast" | "blocking" | "data";

/** A function a plugin exports. */
export interface HeaderFunction {
  /** Name in C. */
  readonly name: string;
  /** Type of the result in C. */
  readonly result: string;
  /** Parameters in order. */
  readonly parameters: readonly HeaderParameter[];
  /** How it may be called. */
  readonly tag: FunctionTag;
  /** Whether a plugin may leave it out. */
  readonly optional: boolean;
  /** The comment, without tag and "Optional." */
  readonly comment: string;
}

/** Everything the generators need. */
export interface Header {
  readonly constants: readonly HeaderConstant[];
  readonly structs: readonly HeaderStruct[];
  readonly functions: readonly HeaderFunction[];
}

/** `payload_offset` as `payloadOffset`. */
export function camelCase(name: string): string {
  return name.replace(
    /_([a-z0-9])/g,
    (_, letter: string) => letter.toUpperCase(),
  );
}

/** `payload_offset` as `PayloadOffset`. */
export function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel[0]!.toUpperCase() + camel.slice(1);
}

/** FNV-1a, 32 bits, of a struct's field: its key in the field table. */
export function fieldKey(struct: string, field: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`caisson_${struct}.${field}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** A key as C and TypeScript write it. */
export function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
