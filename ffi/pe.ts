/** Object files of Windows. @module */
import type { BoundedView } from "./bounded_view.ts";
import type { ObjectFile } from "./object_sections.ts";

const COFF_HEADER = 20;
const SECTION_HEADER = 40;
const MOST_SECTIONS = 96;
const IS_LIBRARY = 0x2000;
const PE32_PLUS = 0x20b;
const MACHINES: ReadonlyMap<number, number> = new Map([
  [0x8664, 62],
  [0xaa64, 183],
  [0x5064, 243],
]);

/** Whether the bytes begin like a program or library of Windows. */
export function isPe(view: BoundedView): boolean {
  return view.length >= 64 && view.text(0, 2) === "MZ";
}

/** Reads machine and sections named `name`, at most eight characters. */
export function readPe(view: BoundedView, name: string): ObjectFile {
  const start = view.u32(60);
  if (view.u32(start, false) !== 0x50450000) {
    throw view.damaged("no PE header where the DOS header says");
  }
  const coff = start + 4;
  const machine = MACHINES.get(view.u16(coff)) ?? 0;
  const count = view.u16(coff + 2);
  const optionalSize = view.u16(coff + 16);
  if ((view.u16(coff + 18) & IS_LIBRARY) === 0) {
    throw view.damaged("a program, not a library");
  }
  if (view.u16(coff + COFF_HEADER) !== PE32_PLUS || count > MOST_SECTIONS) {
    throw view.damaged(`no 64-bit library, or ${count} sections`);
  }
  const sections: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const header = coff + COFF_HEADER + optionalSize + index * SECTION_HEADER;
    if (view.text(header, 8) !== name) continue;
    // The part in the file is padded to the file's alignment, the part in memory is not.
    const length = Math.min(view.u32(header + 8), view.u32(header + 16));
    sections.push(view.slice(view.u32(header + 20), length));
  }
  return { machine, sections };
}
