import { assertEquals } from "@std/assert";
import { LAYOUT_TABLE } from "../../ffi/layout_table.ts";
import { descriptorSection } from "../../ffi/object_file.ts";
import { hostPlatform } from "../../ffi/platform.ts";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { DESCRIPTOR_LAYOUT, INTERFACE_LAYOUT, LAYOUT_LAYOUT } from "../../runtime/data/layout.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { buildProbe } from "./probe_plugin.ts";
import { assertRefused } from "./refusal.ts";

await using probe = await buildProbe();
const original = await Deno.readFile(probe.file);
const { manifest } = probe;

/** The library with its descriptor changed. */
function patched(change: (descriptor: DataView) => void): Uint8Array {
  const bytes = original.slice();
  const { buffer, byteOffset, byteLength } = descriptorSection(
    bytes,
    hostPlatform(),
    "probe",
  );
  change(new DataView(buffer, byteOffset, byteLength));
  return bytes;
}

function put(view: DataView, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) {
    view.setUint8(at + index, text.charCodeAt(index));
  }
}

const D = DESCRIPTOR_LAYOUT;
const FIELD = LAYOUT_TABLE.findIndex(({ name }) => name === "caisson_record.sequence");
const FIELD_AT = D.layout + FIELD * LAYOUT_LAYOUT.bytes;

Deno.test("accepts a library that fits, and tells what it is", () => {
  const descriptor = verifyLibrary({ bytes: original, manifest });
  assertEquals(descriptor.plugin, "@caisson/probe");
  assertEquals(descriptor.version, "0.1.0");
  assertEquals(descriptor.sdk, "caisson_plugin.h");
  assertEquals(descriptor.maxEvents, 65536);
  assertEquals(descriptor.interfaces.map(({ kind }) => kind), [
    "source",
    "sink",
  ]);
  assertEquals(descriptor.layout.size, LAYOUT_TABLE.length);
});

const refusals: readonly [
  string,
  (descriptor: DataView) => void,
  string,
  ...string[],
][] = [
  [
    "another ABI major, before anything else is read",
    (view) => {
      view.setUint16(D.abiMajor, 2, true);
      view.setUint32(D.size, 0xffffffff, true);
    },
    "CAISSON_ABI_MISMATCH",
    "ABI 2.0",
    "major version 1",
  ],
  [
    "a newer ABI minor",
    (view) => view.setUint16(D.abiMinor, 1, true),
    "CAISSON_ABI_MISMATCH",
    "ABI 1.1",
    "1.0 to 1.0",
  ],
  [
    "a flag that must be understood",
    (view) => view.setUint32(D.flags, 0x80000001, true),
    "CAISSON_ABI_FLAG",
    "0x80000000",
  ],
  [
    "a field that moved, naming both places",
    (view) => view.setUint16(FIELD_AT + LAYOUT_LAYOUT.offset, 12, true),
    "CAISSON_ABI_LAYOUT",
    "caisson_record.sequence at 12 with 8 bytes, host at 8 with 8",
  ],
  [
    "a field of another size",
    (view) => view.setUint16(FIELD_AT + LAYOUT_LAYOUT.size, 4, true),
    "CAISSON_ABI_LAYOUT",
    "caisson_record.sequence at 8 with 4 bytes, host at 8 with 8",
  ],
  [
    "a field that is missing",
    (view) => view.setUint32(FIELD_AT + LAYOUT_LAYOUT.key, 1, true),
    "CAISSON_ABI_LAYOUT",
    "caisson_record.sequence is missing",
  ],
  [
    "more wrong fields than fit a line",
    (view) => {
      for (let row = 0; row < 9; row++) {
        const at = D.layout + row * LAYOUT_LAYOUT.bytes;
        view.setUint16(at + LAYOUT_LAYOUT.size, 1, true);
      }
    },
    "CAISSON_ABI_LAYOUT",
    "and 5 more",
  ],
  [
    "a wrong magic",
    (view) => view.setUint8(0, 0x63),
    "CAISSON_DESCRIPTOR_INVALID",
    "magic",
  ],
  [
    "a big-endian descriptor",
    (view) => view.setUint32(D.endian, 0x04030201, true),
    "CAISSON_DESCRIPTOR_INVALID",
    "endian",
  ],
  [
    "32-bit pointers",
    (view) => view.setUint8(D.pointerSize, 4),
    "CAISSON_DESCRIPTOR_INVALID",
    "pointer_size",
  ],
  [
    "a size beyond the section",
    (view) => view.setUint32(D.size, 1 << 20, true),
    "CAISSON_DESCRIPTOR_INVALID",
    "1048576 bytes",
  ],
  [
    "tables outside the descriptor",
    (view) => view.setUint16(D.layoutOffset, 65000, true),
    "CAISSON_DESCRIPTOR_INVALID",
    "layout table",
  ],
  [
    "no components",
    (view) => view.setUint16(D.interfaceCount, 0, true),
    "CAISSON_DESCRIPTOR_INVALID",
    "interface table",
  ],
  [
    "more components than there is room for",
    (view) => view.setUint16(D.interfaceCount, 9, true),
    "CAISSON_DESCRIPTOR_INVALID",
    "interface table",
  ],
  [
    "a component of no known kind",
    (view) => view.setUint16(D.interfaces + INTERFACE_LAYOUT.kind, 99, true),
    "CAISSON_DESCRIPTOR_INVALID",
    "interfaces[0].kind",
  ],
  [
    "the same field twice",
    (view) => view.setUint32(FIELD_AT, view.getUint32(FIELD_AT + 8, true), true),
    "CAISSON_DESCRIPTOR_INVALID",
    "same field twice",
  ],
  [
    "a name with terminal escapes",
    (view) => put(view, D.plugin, "\x1b[2Jx"),
    "CAISSON_DESCRIPTOR_INVALID",
    "plugin",
    "\\u001b",
  ],
  [
    "a version that is no UTF-8",
    (view) => view.setUint8(D.version, 0xff),
    "CAISSON_DESCRIPTOR_INVALID",
    "no UTF-8",
  ],
  [
    "a machine other than the file's",
    (view) => view.setUint16(D.machine, 243, true),
    "CAISSON_DESCRIPTOR_INVALID",
    "riscv64",
  ],
  [
    "another name than the manifest's",
    (view) => put(view, D.plugin, "@caisson/other"),
    "CAISSON_DESCRIPTOR_MANIFEST",
    "@caisson/other",
    "@caisson/probe",
  ],
  [
    "another version than the manifest's",
    (view) => put(view, D.version, "0.2.0"),
    "CAISSON_DESCRIPTOR_MANIFEST",
    "0.2.0",
  ],
  [
    "an interface version other than the manifest's",
    (view) => view.setUint16(D.interfaces + INTERFACE_LAYOUT.minor, 4, true),
    "CAISSON_DESCRIPTOR_MANIFEST",
    "source@1.4",
  ],
  [
    "a component the manifest does not name",
    (view) => put(view, D.interfaces + INTERFACE_LAYOUT.name, "robep"),
    "CAISSON_DESCRIPTOR_MANIFEST",
    "source robep",
  ],
];

for (const [what, change, code, ...parts] of refusals) {
  Deno.test(`refuses ${what}`, () => {
    assertRefused(
      () => verifyLibrary({ bytes: patched(change), manifest }),
      code,
      ...parts,
    );
  });
}

Deno.test("ignores flags that may be ignored, and bytes behind the descriptor", () => {
  const bytes = patched((view) => view.setUint32(D.flags, 0x0000fff1, true));
  assertEquals(verifyLibrary({ bytes, manifest }).flags, 0xfff1);
});

Deno.test("refuses a manifest that names another ABI version than the library", () => {
  const other: Manifest = {
    ...manifest,
    native: { ...manifest.native, abi: "1.1" },
  };
  assertRefused(
    () => verifyLibrary({ bytes: original, manifest: other }),
    "CAISSON_DESCRIPTOR_MANIFEST",
    "native.abi",
  );
});
