/** Object files of Linux and the BSDs. @module */
import type { BoundedView } from "./bounded_view.ts";
import type { ObjectFile } from "./object_sections.ts";

const SECTION_HEADER = 64;
const SHARED_OBJECT = 3;
const SECTION_WITHOUT_BYTES = 8;

/** Whether the bytes begin like an ELF file. */
export function isElf(view: BoundedView): boolean {
  return view.length >= 4 && view.u32(0, false) === 0x7f454c46;
}

/** Reads machine and sections named `name`. At most 65,535 section headers are looked at. */
export function readElf(view: BoundedView, name: string): ObjectFile {
  if (view.u8(4) !== 2 || view.u8(5) !== 1) {
    throw view.damaged("not a 64-bit little-endian ELF file");
  }
  const type = view.u16(16);
  if (type !== SHARED_OBJECT) {
    throw view.damaged(`ELF type ${type}, a shared object is 3`);
  }
  const machine = view.u16(18);
  const table = view.u64(40);
  const stride = view.u16(58);
  const count = view.u16(60);
  const namesIndex = view.u16(62);
  const sections: Uint8Array[] = [];
  if (count === 0) return { machine, sections };
  if (stride < SECTION_HEADER || namesIndex >= count) {
    throw view.damaged(
      `section headers of ${stride} bytes, names in section ${namesIndex} of ${count}`,
    );
  }
  const names = view.u64(table + namesIndex * stride + 24);
  for (let index = 0; index < count; index++) {
    const header = table + index * stride;
    const start = names + view.u32(header);
    if (view.text(start, name.length + 1) !== name) continue;
    if (view.u32(header + 4) === SECTION_WITHOUT_BYTES) {
      throw view.damaged(`section ${name} has no bytes`);
    }
    sections.push(view.slice(view.u64(header + 24), view.u64(header + 32)));
  }
  return { machine, sections };
}
