/** Decides whether a library fits this host, from its bytes alone: nothing of it runs. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { ABI_MAJOR, ABI_MINOR, NEEDS_PROCESS } from "../runtime/data/layout.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";
import { type Descriptor, parseDescriptor } from "./descriptor.ts";
import { LAYOUT_TABLE } from "./layout_table.ts";
import { descriptorSection } from "./object_file.ts";
import { hostPlatform, machineName, platformFormat } from "./platform.ts";

/** Options of {@linkcode verifyLibrary}. */
export interface VerifyLibraryOptions {
  /** The library. */
  readonly bytes: Uint8Array;
  /** The platform it is meant for, such as `linux-x86_64`. @default {this one} */
  readonly platform?: string;
  /** The manifest it has to agree with; without one only the library itself is judged. */
  readonly manifest?: Manifest;
  /** Names the library in errors. @default {the manifest's name, or "library"} */
  readonly subject?: string;
}

const MUST_UNDERSTAND = 0xffff0000;
/** Fields shown when many are wrong. */
const SHOWN = 4;

function checkVersion(descriptor: Descriptor, subject: string): void {
  const { abiMajor, abiMinor } = descriptor;
  if (abiMajor === ABI_MAJOR && abiMinor <= ABI_MINOR) return;
  throw new CaissonError("CAISSON_ABI_MISMATCH", {
    subject,
    found: `built for ABI ${abiMajor}.${abiMinor}`,
    allowed: `${ABI_MAJOR}.0 to ${ABI_MAJOR}.${ABI_MINOR}`,
  });
}

function checkFlags(descriptor: Descriptor, subject: string): void {
  const unknown = (descriptor.flags & MUST_UNDERSTAND & ~NEEDS_PROCESS) >>> 0;
  if (unknown === 0) return;
  throw new CaissonError("CAISSON_ABI_FLAG", {
    subject,
    found: `flags 0x${unknown.toString(16).padStart(8, "0")}`,
    allowed: `0x${NEEDS_PROCESS.toString(16).padStart(8, "0")}`,
  });
}

/** Compares every field that existed in the plugin's minor version. */
function checkLayout(descriptor: Descriptor, subject: string): void {
  const wrong: string[] = [];
  for (const { key, name, offset, size, minor } of LAYOUT_TABLE) {
    if (minor > descriptor.abiMinor) continue;
    const found = descriptor.layout.get(key);
    if (found === undefined) wrong.push(`${name} is missing`);
    else if (found.offset !== offset || found.size !== size) {
      wrong.push(
        `${name} at ${found.offset} with ${found.size} bytes, host at ${offset} with ${size}`,
      );
    }
  }
  if (wrong.length === 0) return;
  const more = wrong.length > SHOWN ? `; and ${wrong.length - SHOWN} more` : "";
  throw new CaissonError("CAISSON_ABI_LAYOUT", {
    subject,
    found: wrong.slice(0, SHOWN).join("; ") + more,
  });
}

function checkMachine(
  descriptor: Descriptor,
  platform: string,
  subject: string,
): void {
  const wanted = platformFormat(platform)?.machine;
  if (descriptor.machine === wanted) return;
  throw new CaissonError("CAISSON_DESCRIPTOR_INVALID", {
    subject: `${subject} machine`,
    found: machineName(descriptor.machine),
    allowed: `that of the file, ${machineName(wanted ?? 0)}`,
  });
}

function checkManifest(
  descriptor: Descriptor,
  manifest: Manifest,
  subject: string,
): void {
  const listed = (names: readonly string[]) => [...names].sort().join(", ");
  const pairs: [string, string, string][] = [
    ["name", descriptor.plugin, manifest.name],
    ["version", descriptor.version, manifest.version],
    [
      "native.abi",
      `${descriptor.abiMajor}.${descriptor.abiMinor}`,
      manifest.native?.abi ?? "no native part",
    ],
    [
      "provides",
      listed(
        descriptor.interfaces.map(({ kind, name, major, minor }) => `${kind} ${name} ${kind}@${major}.${minor}`),
      ),
      listed(
        manifest.provides.map(({ kind, name, interface: version }) => `${kind} ${name} ${version}`),
      ),
    ],
  ];
  for (const [field, found, allowed] of pairs) {
    if (found === allowed) continue;
    throw new CaissonError("CAISSON_DESCRIPTOR_MANIFEST", {
      subject: `${subject} ${field}`,
      found: `${found} in the library`,
      allowed: `${allowed}, as in plugin.json`,
    });
  }
}

/**
 * Checks a library without loading it: object format and machine, descriptor, ABI version, flags, the layout of every
 * shared struct, and that it agrees with its manifest. Its digest is the caller's to check.
 *
 * @throws {CaissonError} `CAISSON_LIBRARY_FORMAT`, `CAISSON_LIBRARY_MACHINE`, `CAISSON_DESCRIPTOR_MISSING`,
 * `CAISSON_DESCRIPTOR_INVALID`, `CAISSON_ABI_MISMATCH`, `CAISSON_ABI_FLAG`, `CAISSON_ABI_LAYOUT`,
 * `CAISSON_DESCRIPTOR_MANIFEST`
 * @example
 * ```ts
 * const { plugin, interfaces } = verifyLibrary({ bytes: await Deno.readFile("libblaster.so") });
 * ```
 */
export function verifyLibrary(options: VerifyLibraryOptions): Descriptor {
  const { bytes, platform = hostPlatform(), manifest } = options;
  const subject = options.subject ?? manifest?.name ?? "library";
  const section = descriptorSection(bytes, platform, subject);
  const descriptor = parseDescriptor(section, subject);
  checkVersion(descriptor, subject);
  checkFlags(descriptor, subject);
  checkMachine(descriptor, platform, subject);
  checkLayout(descriptor, subject);
  if (manifest !== undefined) checkManifest(descriptor, manifest, subject);
  return descriptor;
}
