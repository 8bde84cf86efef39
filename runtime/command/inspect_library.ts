/** Shows what a library says about itself, from its bytes alone. @module */
import { type Descriptor, parseDescriptor } from "../../ffi/descriptor.ts";
import { descriptorSection } from "../../ffi/object_file.ts";
import { hostPlatform, machineName, MACHINES } from "../../ffi/platform.ts";
import { sha256 } from "../../ffi/sha256.ts";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { HAS_THREADS, INTERFACE_FAST, NEEDS_PROCESS, SHARED_SAFE, UNLOADABLE } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { quote } from "../manifest/untrusted_text.ts";
import { formatColumns, formatNumber } from "./columns.ts";
import type { Outcome } from "./command.ts";

const flagNames: readonly (readonly [number, string])[] = [
  [UNLOADABLE, "unloadable"],
  [SHARED_SAFE, "shared-safe"],
  [HAS_THREADS, "has-threads"],
  [NEEDS_PROCESS, "needs-process"],
];

/**
 * Describes a library of any platform.
 *
 * @throws {CaissonError} `CAISSON_LIBRARY_FORMAT`, `CAISSON_DESCRIPTOR_MISSING`, `CAISSON_DESCRIPTOR_INVALID` or
 * `CAISSON_ABI_MISMATCH` for a major version nobody here can read
 */
export async function inspectLibrary(file: string, bytes: Uint8Array<ArrayBuffer>): Promise<Outcome> {
  const { platform, section } = find(bytes, file);
  const descriptor = parseDescriptor(section, file);
  const problem = problemOf(bytes, file);
  const { abiMajor, abiMinor, plugin, version, sdk, maxEvents, maxEventBytes, interfaces } = descriptor;
  const abi = `${abiMajor}.${abiMinor}`;
  const flags = flagsText(descriptor);
  const digest = await sha256(bytes);
  const fits = problem === undefined ? "yes" : `no: ${problem.found} [${problem.code}]`;
  const text = [
    formatColumns(["library", file], [
      ["plugin", `${quote(plugin)} ${quote(version)}`],
      ["C ABI", abi],
      ["platform", platform],
      ["flags", flags.length === 0 ? "none" : flags.join(", ")],
      ["limits", `${formatNumber(maxEvents)} events a batch, ${formatNumber(maxEventBytes)} bytes an event`],
      ["built with", quote(sdk)],
      ["layout", `${descriptor.layout.size} fields`],
      ["sha256", digest],
      ["fits this host", fits],
    ]),
    "",
    formatColumns(
      ["component", "name", "interface", "flags"],
      interfaces.map((each) => [
        each.kind,
        each.name,
        `${each.kind}@${each.major}.${each.minor}`,
        (each.flags & INTERFACE_FAST) !== 0 ? "fast" : "",
      ]),
    ),
    ...(problem === undefined ? [] : ["", `next: ${problem.action}`]),
  ].join("\n");
  return {
    exit: 0,
    text,
    document: {
      library: file,
      sha256: digest,
      bytes: bytes.byteLength,
      platform,
      plugin,
      version,
      abi,
      sdk,
      flags,
      machine: machineName(descriptor.machine),
      limits: { maxEvents, maxEventBytes },
      interfaces,
      layout: Object.fromEntries([...descriptor.layout].map(([key, field]) => [String(key), field])),
      fits: problem === undefined,
      ...(problem === undefined ? {} : { problem }),
    },
  };
}

/** The descriptor, whatever platform the library is for; this one is tried first. */
function find(bytes: Uint8Array, file: string): { readonly platform: string; readonly section: Uint8Array } {
  const platforms = ["linux", "darwin", "windows"].flatMap((os) =>
    [...MACHINES.keys()].map((machine) => `${os}-${machine}`)
  );
  let first: CaissonError | undefined;
  for (const platform of new Set([hostPlatform(), ...platforms])) {
    try {
      return { platform, section: descriptorSection(bytes, platform, file) };
    } catch (error) {
      if (!(error instanceof CaissonError)) throw error;
      first ??= error;
      if (!["CAISSON_LIBRARY_FORMAT", "CAISSON_LIBRARY_MACHINE"].includes(error.code)) throw error;
    }
  }
  throw first!;
}

function problemOf(bytes: Uint8Array, file: string): CaissonError | undefined {
  try {
    verifyLibrary({ bytes, subject: file });
    return undefined;
  } catch (error) {
    if (error instanceof CaissonError) return error;
    throw error;
  }
}

function flagsText({ flags }: Descriptor): string[] {
  const known = flagNames.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  const rest = (flags & ~flagNames.reduce((all, [bit]) => all | bit, 0)) >>> 0;
  return rest === 0 ? known : [...known, `0x${rest.toString(16)}`];
}
