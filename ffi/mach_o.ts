/** Object files of macOS. @module */
import { BoundedView } from "./bounded_view.ts";
import type { ObjectFile } from "./object_sections.ts";

const MAGIC_64 = 0xfeedfacf;
const FAT = 0xcafebabe;
const FAT_64 = 0xcafebabf;
const MOST_SLICES = 32;
const HEADER = 32;
const SEGMENT_64 = 0x19;
const SEGMENT_HEADER = 72;
const SECTION = 80;
const DYNAMIC_LIBRARY = 6;
const BUNDLE = 8;
const MACHINES: ReadonlyMap<number, number> = new Map([
  [0x01000007, 62],
  [0x0100000c, 183],
]);

/** Whether the bytes begin like a Mach-O file, or several in one. */
export function isMachO(view: BoundedView): boolean {
  if (view.length < 8) return false;
  const magic = view.u32(0, false);
  // A Java class begins like a fat file, but with a version where the number of slices would be.
  return view.u32(0) === MAGIC_64 ||
    (magic === FAT || magic === FAT_64) && view.u32(4, false) <= MOST_SLICES;
}

/** The machines of a fat file and where their slices lie; a thin file is its own only slice. */
function slices(view: BoundedView): { machine: number; view: BoundedView }[] {
  const magic = view.u32(0, false);
  if (magic !== FAT && magic !== FAT_64) {
    return [{ machine: MACHINES.get(view.u32(4)) ?? 0, view }];
  }
  const wide = magic === FAT_64;
  return Array.from({ length: view.u32(4, false) }, (_, index) => {
    const at = 8 + index * (wide ? 32 : 20);
    const offset = wide ? view.u64(at + 8, false) : view.u32(at + 8, false);
    const length = wide ? view.u64(at + 16, false) : view.u32(at + 12, false);
    return {
      machine: MACHINES.get(view.u32(at, false)) ?? 0,
      view: new BoundedView(view.slice(offset, length), view.subject),
    };
  });
}

function sectionsOf(
  view: BoundedView,
  segment: string,
  section: string,
): Uint8Array[] {
  const type = view.u32(12);
  if (view.u32(0) !== MAGIC_64) throw view.damaged("no 64-bit Mach-O file");
  if (type !== DYNAMIC_LIBRARY && type !== BUNDLE) {
    throw view.damaged(`Mach-O type ${type}, a library is 6 or 8`);
  }
  const count = view.u32(16);
  const end = HEADER + view.u32(20);
  const found: Uint8Array[] = [];
  let at = HEADER;
  for (let index = 0; index < count; index++) {
    const size = view.u32(at + 4);
    // A size of zero would make four thousand million turns without moving.
    if (size < 8 || at + size > end) {
      throw view.damaged(`load command ${index} of ${size} bytes`);
    }
    if (view.u32(at) === SEGMENT_64) {
      const sections = view.u32(at + 64);
      if (SEGMENT_HEADER + sections * SECTION > size) {
        throw view.damaged(`${sections} sections in ${size} bytes`);
      }
      for (let number = 0; number < sections; number++) {
        const header = at + SEGMENT_HEADER + number * SECTION;
        if (
          view.text(header, 16) === section &&
          view.text(header + 16, 16) === segment
        ) {
          found.push(view.slice(view.u32(header + 48), view.u64(header + 40)));
        }
      }
    }
    at += size;
  }
  return found;
}

/** Reads the slice for a machine, or the only one; sections are found by segment and name. */
export function readMachO(
  view: BoundedView,
  wantedMachine: number,
  segment: string,
  section: string,
): ObjectFile {
  const all = slices(view);
  const chosen = all.find(({ machine }) => machine === wantedMachine) ?? all[0];
  if (chosen === undefined) throw view.damaged("a fat file without slices");
  return {
    machine: chosen.machine,
    sections: sectionsOf(chosen.view, segment, section),
  };
}
