/** The append-only gate: what a released version of the ABI promised, against the header of today. @module */
import type { Header } from "./header.ts";

/** Everything a plugin compiled against one version relies on. */
export interface GoldenAbi {
  /** `struct.field` to offset and size. */
  readonly fields: Readonly<Record<string, readonly [number, number]>>;
  /** Constant to value. */
  readonly constants: Readonly<Record<string, string | number>>;
  /** Function to signature. */
  readonly functions: Readonly<Record<string, string>>;
}

/** Constants that say how far the ABI has grown, and so may rise. */
const MAY_RISE = new Set(["ABI_MINOR"]);

/** What the header promises now. */
export function goldenAbi(header: Header): GoldenAbi {
  return {
    fields: Object.fromEntries(
      header.structs.flatMap((struct) =>
        struct.fields.map(({ name, offset, size }) => [
          `${struct.name}.${name}`,
          [offset, size] as const,
        ])
      ),
    ),
    constants: Object.fromEntries(
      header.constants.map(({ name, value }) => [
        name,
        typeof value === "bigint" ? value.toString() : value,
      ]),
    ),
    functions: Object.fromEntries(
      header.functions.map(({ name, result, parameters }) => [
        name,
        `${result} (${parameters.map(({ type }) => type).join(", ")})`,
      ]),
    ),
  };
}

function structOf(field: string): string {
  return field.slice(0, field.indexOf("."));
}

/** Every promise of `old` that `now` breaks; empty when plugins of `old` still work. */
export function brokenPromises(old: GoldenAbi, now: GoldenAbi): string[] {
  const broken: string[] = [];
  const ends = new Map<string, number>();
  for (const [field, [offset, size]] of Object.entries(old.fields)) {
    const struct = structOf(field);
    ends.set(struct, Math.max(ends.get(struct) ?? 0, offset + size));
    const found = now.fields[field];
    if (found === undefined) broken.push(`${field} was removed`);
    else if (found[0] !== offset || found[1] !== size) {
      broken.push(
        `${field} moved from ${offset} with ${size} bytes to ${found[0]} with ${found[1]}`,
      );
    }
  }
  for (const [field, [offset]] of Object.entries(now.fields)) {
    if (field in old.fields || offset >= (ends.get(structOf(field)) ?? 0)) {
      continue;
    }
    broken.push(`${field} was put inside caisson_${structOf(field)}`);
  }
  for (const [name, value] of Object.entries(old.constants)) {
    const found = now.constants[name];
    const risen = MAY_RISE.has(name) && Number(found) >= Number(value);
    if (found !== value && !risen) {
      broken.push(`CAISSON_${name} changed from ${value} to ${found}`);
    }
  }
  for (const [name, signature] of Object.entries(old.functions)) {
    const found = now.functions[name];
    if (found !== signature) {
      broken.push(`${name} changed from ${signature} to ${found}`);
    }
  }
  return broken;
}
