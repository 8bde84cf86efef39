/** Finds the descriptor's section in a library of any platform, without loading it. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { BoundedView } from "./bounded_view.ts";
import { isElf, readElf } from "./elf.ts";
import { isMachO, readMachO } from "./mach_o.ts";
import { isPe, readPe } from "./pe.ts";
import { machineName, platformFormat } from "./platform.ts";

const SECTION = ".caisson";
const MACH_O_SEGMENT = "__DATA";
const MACH_O_SECTION = "__caisson";

function formatOf(view: BoundedView): "elf" | "mach-o" | "pe" | undefined {
  if (isElf(view)) return "elf";
  if (isMachO(view)) return "mach-o";
  return isPe(view) ? "pe" : undefined;
}

/**
 * The bytes of the descriptor's section.
 *
 * @throws {CaissonError} `CAISSON_LIBRARY_FORMAT`, `CAISSON_LIBRARY_MACHINE`, `CAISSON_DESCRIPTOR_MISSING`, or
 * `CAISSON_DESCRIPTOR_INVALID` when there are two
 */
export function descriptorSection(
  bytes: Uint8Array,
  platform: string,
  subject: string,
): Uint8Array {
  const wanted = platformFormat(platform);
  if (wanted === undefined) {
    throw new CaissonError("CAISSON_LIBRARY_FORMAT", {
      subject,
      found: `a library for ${platform}`,
      allowed: "a platform such as linux-x86_64",
    });
  }
  const view = new BoundedView(bytes, subject);
  const format = formatOf(view);
  if (format !== wanted.format) {
    throw new CaissonError("CAISSON_LIBRARY_FORMAT", {
      subject,
      found: format === undefined
        ? `no object file (${bytes.byteLength} bytes)`
        : `an object file of the format ${format}`,
      allowed: `${wanted.format}, for ${platform}`,
    });
  }
  const { machine, sections } = format === "elf"
    ? readElf(view, SECTION)
    : format === "pe"
    ? readPe(view, SECTION)
    : readMachO(view, wanted.machine, MACH_O_SEGMENT, MACH_O_SECTION);
  if (machine !== wanted.machine) {
    throw new CaissonError("CAISSON_LIBRARY_MACHINE", {
      subject,
      found: machineName(machine),
      allowed: wanted.arch,
    });
  }
  if (sections.length === 0) {
    throw new CaissonError("CAISSON_DESCRIPTOR_MISSING", {
      subject,
      found: "no descriptor section",
      allowed: format === "mach-o" ? `${MACH_O_SEGMENT},${MACH_O_SECTION}` : SECTION,
    });
  }
  if (sections.length > 1) {
    throw new CaissonError("CAISSON_DESCRIPTOR_INVALID", {
      subject,
      found: `${sections.length} descriptor sections`,
      allowed: "one",
      action: "Use CAISSON_PLUGIN in one source file only.",
    });
  }
  return sections[0]!;
}
