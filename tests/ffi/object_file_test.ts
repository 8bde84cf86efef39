import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { descriptorSection } from "../../ffi/object_file.ts";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { DESCRIPTOR_LAYOUT } from "../../runtime/data/layout.ts";
import { assertRefused } from "./refusal.ts";

const FILES: Readonly<Record<string, string>> = {
  "darwin-x86_64": "dylib",
  "darwin-aarch64": "dylib",
  "windows-x86_64": "dll",
  "linux-aarch64": "so",
};

async function fixture(platform: string): Promise<Uint8Array<ArrayBuffer>> {
  const name = `fixtures/minimal-${platform}.${FILES[platform]}`;
  return await Deno.readFile(new URL(name, import.meta.url));
}

/** Puts thin Mach-O files into one, each at a multiple of 4096. */
function fat(
  slices: readonly { cpu: number; bytes: Uint8Array }[],
): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(4096 * 64);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xcafebabe);
  view.setUint32(4, slices.length);
  let at = 4096;
  for (const [index, { cpu, bytes }] of slices.entries()) {
    const header = 8 + index * 20;
    view.setUint32(header, cpu);
    view.setUint32(header + 8, at);
    view.setUint32(header + 12, bytes.byteLength);
    file.set(bytes, at);
    at += Math.ceil(bytes.byteLength / 4096) * 4096;
  }
  return file;
}

for (const platform of Object.keys(FILES)) {
  Deno.test(`reads the descriptor of a library for ${platform}`, async () => {
    const descriptor = verifyLibrary({
      bytes: await fixture(platform),
      platform,
    });
    assertEquals(descriptor.plugin, "@caisson/minimal");
    assertEquals(descriptor.version, "1.2.3");
    assertEquals(descriptor.interfaces, [
      { kind: "sink", major: 1, minor: 0, flags: 1, name: "minimal" },
    ]);
  });
}

Deno.test("picks the slice for the machine out of a fat Mach-O file", async () => {
  const intel = await fixture("darwin-x86_64");
  const arm = await fixture("darwin-aarch64");
  const both = fat([
    { cpu: 0x01000007, bytes: intel },
    { cpu: 0x0100000c, bytes: arm },
  ]);
  for (const platform of ["darwin-x86_64", "darwin-aarch64"]) {
    const { machine } = verifyLibrary({ bytes: both, platform });
    assertEquals(machine, platform.endsWith("x86_64") ? 62 : 183);
  }
  assertRefused(
    () =>
      verifyLibrary({
        bytes: fat([{ cpu: 0x01000007, bytes: intel }]),
        platform: "darwin-aarch64",
      }),
    "CAISSON_LIBRARY_MACHINE",
    "x86_64",
    "aarch64",
  );
  assertRefused(
    () => verifyLibrary({ bytes: fat([]), platform: "darwin-aarch64" }),
    "CAISSON_LIBRARY_FORMAT",
    "without slices",
  );
});

Deno.test("refuses the format of another platform, and files that are no libraries", async () => {
  const windows = await fixture("windows-x86_64");
  for (
    const [bytes, platform, part] of [
      [windows, "linux-x86_64", "format pe"],
      [await fixture("darwin-x86_64"), "windows-x86_64", "format mach-o"],
      [await fixture("linux-aarch64"), "darwin-aarch64", "format elf"],
      [windows, "plan9-x86_64", "plan9-x86_64"],
      [new Uint8Array(), "linux-x86_64", "no object file (0 bytes)"],
      [new TextEncoder().encode("#!/bin/sh\n"), "linux-x86_64", "no object"],
    ] as const
  ) {
    assertRefused(
      () => verifyLibrary({ bytes, platform }),
      "CAISSON_LIBRARY_FORMAT",
      part,
    );
  }
});

Deno.test("refuses a library for another machine", async () => {
  for (
    const [platform, wanted] of [
      ["linux-aarch64", "linux-x86_64"],
      ["darwin-x86_64", "darwin-aarch64"],
      ["windows-x86_64", "windows-aarch64"],
    ] as const
  ) {
    const bytes = await fixture(platform);
    assertRefused(
      () => verifyLibrary({ bytes, platform: wanted }),
      "CAISSON_LIBRARY_MACHINE",
    );
  }
});

Deno.test("refuses executables and relocatable objects", async () => {
  const elf = await fixture("linux-aarch64");
  elf[16] = 2;
  assertRefused(
    () => verifyLibrary({ bytes: elf, platform: "linux-aarch64" }),
    "CAISSON_LIBRARY_FORMAT",
    "ELF type 2",
  );
  const machO = await fixture("darwin-x86_64");
  machO[12] = 2;
  assertRefused(
    () => verifyLibrary({ bytes: machO, platform: "darwin-x86_64" }),
    "CAISSON_LIBRARY_FORMAT",
    "Mach-O type 2",
  );
  const pe = await fixture("windows-x86_64");
  const start = new DataView(pe.buffer).getUint32(60, true);
  pe[start + 23]! &= ~0x20;
  assertRefused(
    () => verifyLibrary({ bytes: pe, platform: "windows-x86_64" }),
    "CAISSON_LIBRARY_FORMAT",
    "not a library",
  );
});

Deno.test("refuses load commands that never advance", async () => {
  const bytes = await fixture("darwin-aarch64");
  const view = new DataView(bytes.buffer);
  view.setUint32(16, 0xffffffff, true);
  view.setUint32(36, 0, true);
  assertRefused(
    () => verifyLibrary({ bytes, platform: "darwin-aarch64" }),
    "CAISSON_LIBRARY_FORMAT",
    "load command 0 of 0 bytes",
  );
});

/** A library in which the descriptor's section has another name. */
function renamed(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = new TextDecoder("latin1").decode(bytes as Uint8Array<ArrayBuffer>);
  const copy = bytes.slice();
  const at = text.indexOf(from);
  assert(at > 0);
  copy.set(new TextEncoder().encode(to), at);
  return copy;
}

Deno.test("refuses libraries without a descriptor section", async () => {
  for (
    const [platform, from, to] of [
      ["linux-aarch64", "\0.caisson\0", "\0.elsewhe\0"],
      ["darwin-aarch64", "__caisson\0", "__elsewhe\0"],
      ["windows-x86_64", ".caisson", ".elsewhe"],
    ] as const
  ) {
    const bytes = renamed(await fixture(platform), from, to);
    assertRefused(
      () => verifyLibrary({ bytes, platform }),
      "CAISSON_DESCRIPTOR_MISSING",
      "caisson",
    );
  }
});

Deno.test("the section begins with the descriptor in every format", async () => {
  for (const platform of Object.keys(FILES)) {
    const section = descriptorSection(
      await fixture(platform),
      platform,
      "fixture",
    );
    assert(section.byteLength >= DESCRIPTOR_LAYOUT.bytes);
    assertEquals(new TextDecoder().decode(section.slice(0, 8)), "CAISSON\0");
  }
});

/** Numbers that look random and are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return (state ^ (state >>> 13)) >>> 0;
  };
}

Deno.test("garbled and truncated libraries end in a descriptor or a typed refusal, soon", async () => {
  const started = performance.now();
  let refused = 0;
  for (const platform of Object.keys(FILES)) {
    const original = await fixture(platform);
    const random = generator(original.byteLength);
    for (let turn = 0; turn < 1500; turn++) {
      const length = turn % 3 === 0 ? random() % original.byteLength : original.byteLength;
      const bytes = original.slice(0, length);
      const changes = turn % 3 === 0 ? 0 : 1 + random() % 12;
      for (let change = 0; change < changes; change++) {
        // Headers lie at the start, ELF's section table at the end.
        const near = random() % Math.min(1024, length);
        const at = random() % 4 === 0 ? length - 1 - near : near;
        bytes[at] = random() % 3 === 0 ? 0xff : random();
      }
      try {
        verifyLibrary({ bytes, platform });
      } catch (cause) {
        assertInstanceOf(cause, CaissonError);
        refused++;
      }
    }
  }
  assert(refused > 2000, `only ${refused} of 6000 were refused`);
  const seconds = (performance.now() - started) / 1000;
  assert(seconds < 10, `took ${seconds} s`);
});
