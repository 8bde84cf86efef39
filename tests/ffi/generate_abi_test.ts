import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { LAYOUT_TABLE } from "../../ffi/layout_table.ts";
import { brokenPromises, type GoldenAbi, goldenAbi } from "../../scripts/abi/golden.ts";
import { HeaderError, parseHeader } from "../../scripts/abi/parse_header.ts";
import { generateAbi } from "../../scripts/generate_abi.ts";
import { hasRust } from "../isolation/native_plugins.ts";
import { compileAndRun, INCLUDE, run } from "./compile.ts";

const ROOT = new URL("../../", import.meta.url);
const text = await Deno.readTextFile(new URL("caisson.h", INCLUDE));
const golden: GoldenAbi = JSON.parse(
  await Deno.readTextFile(new URL("golden/abi-1.0.json", import.meta.url)),
);

/** The header with one text put in place of another that is there exactly once. */
function edited(from: string, to: string): string {
  assertEquals(text.split(from).length, 2, `"${from}" is not there once`);
  return text.replace(from, to);
}

Deno.test("the committed files are those the header generates", async () => {
  for (const [path, generated] of await generateAbi(text)) {
    const committed = await Deno.readTextFile(new URL(path, ROOT));
    assertEquals(committed, generated, `${path}: run scripts/generate_abi.ts`);
  }
});

/** Prints key, name, offset and size of every field, as C sees them. */
function printer(): string {
  const rows = parseHeader(text).structs.flatMap(({ name, fields }) =>
    fields.map((field) =>
      `  row("caisson_${name}.${field.name}", offsetof(caisson_${name}, ${field.name}), sizeof(((caisson_${name} *)0)->${field.name}));`
    )
  );
  return `#include "caisson.h"
#include <stdio.h>
static void row(const char *name, size_t offset, size_t size) {
  uint32_t hash = 2166136261u;
  for (const char *at = name; *at; at++) hash = (hash ^ (uint8_t)*at) * 16777619u;
  printf("%u %s %zu %zu\\n", hash, name, offset, size);
}
int main(void) {
${rows.join("\n")}
  return 0;
}
`;
}

Deno.test("the field table is what a C compiler makes of the header", async () => {
  const output = await compileAndRun(printer());
  assertEquals(
    output.trimEnd().split("\n"),
    LAYOUT_TABLE.map(({ key, name, offset, size }) => `${key} ${name} ${offset} ${size}`),
  );
  assertEquals(
    new Set(LAYOUT_TABLE.map(({ key }) => key)).size,
    LAYOUT_TABLE.length,
  );
});

Deno.test({
  name: "the Rust bindings are laid out like the header",
  ignore: !hasRust(),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const bindings = fromFileUrl(new URL("ffi/sdk/rust/src/abi.rs", ROOT));
      const source = `#[allow(dead_code)]
#[path = ${JSON.stringify(bindings)}]
mod abi;
fn main() {
    for row in &abi::LAYOUT_TABLE[..abi::LAYOUT_COUNT] {
        println!("{} {} {}", row.key, row.offset, row.size);
    }
    assert!(abi::LAYOUT_TABLE[abi::LAYOUT_COUNT..].iter().all(|row| row.key == 0));
}
`;
      await Deno.writeTextFile(`${folder}/main.rs`, source);
      const program = `${folder}/program`;
      await run([
        "rustc",
        "--edition",
        "2021",
        "-o",
        program,
        `${folder}/main.rs`,
      ]);
      assertEquals(
        (await run([program])).trimEnd().split("\n"),
        LAYOUT_TABLE.map(({ key, offset, size }) => `${key} ${offset} ${size}`),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the header keeps every promise of ABI 1.0", () => {
  assertEquals(brokenPromises(golden, goldenAbi(parseHeader(text))), []);
});

Deno.test("the gate catches fields that were swapped", () => {
  const swapped = edited(
    "  uint32_t payload_offset;\n  uint32_t payload_length;\n",
    "  uint32_t payload_length;\n  uint32_t payload_offset;\n",
  ).replace(/^.*offsetof\(caisson_record, payload_offset\).*\n/m, "");
  assertEquals(brokenPromises(golden, goldenAbi(parseHeader(swapped))), [
    "record.payload_offset moved from 16 with 4 bytes to 20 with 4",
    "record.payload_length moved from 20 with 4 bytes to 16 with 4",
  ]);
});

Deno.test("the gate lets fields be appended and the minor version rise", () => {
  const grown = edited(
    "  uint32_t partition;\n  uint32_t reserved;\n} caisson_record;",
    "  uint32_t partition;\n  uint32_t reserved;\n  uint64_t trace;  /* Since 1.1. */\n} caisson_record;",
  ).replace("sizeof(caisson_record) == 64", "sizeof(caisson_record) == 72")
    .replace("#define CAISSON_ABI_MINOR 0", "#define CAISSON_ABI_MINOR 1");
  const header = parseHeader(grown);
  assertEquals(brokenPromises(golden, goldenAbi(header)), []);
  const record = header.structs.find(({ name }) => name === "record");
  assertEquals(record?.fields.at(-1)?.minor, 1);
});

Deno.test("the gate catches removed fields, changed constants and changed functions", () => {
  const changed = edited("#define CAISSON_DROP 3", "#define CAISSON_DROP 4")
    .replace("  uint32_t partition;\n", "  uint32_t renamed;\n")
    .replace(
      "caisson_release_1(caisson_instance *instance, const caisson_batch *lent)",
      "caisson_release_1(caisson_instance *instance)",
    );
  assertEquals(brokenPromises(golden, goldenAbi(parseHeader(changed))), [
    "record.partition was removed",
    "record.renamed was put inside caisson_record",
    "CAISSON_DROP changed from 3 to 4",
    "caisson_release_1 changed from void (caisson_instance *, const caisson_batch *) to void (caisson_instance *)",
  ]);
});

const refusals: readonly [string, string, string, string][] = [
  [
    "a field that needs padding",
    "  uint32_t length;                   /* bytes in use */\n",
    "  uint16_t length;                   /* bytes in use */\n",
    "caisson_segment.capacity would need padding at 18",
  ],
  [
    "a type that differs between compilers",
    "  uint32_t owner; ",
    "  size_t owner; ",
    "size_t may not be shared",
  ],
  [
    "a pointer in a struct",
    "  uint64_t base;    ",
    "  void *base;    ",
    "cannot read this field of caisson_segment",
  ],
  [
    "an assert that does not hold",
    "sizeof(caisson_verdict) == 16",
    "sizeof(caisson_verdict) == 24",
    "claims 24, the fields above make 16",
  ],
  [
    "a function without a tag",
    "/* [any] Instances + threads",
    "/* Instances + threads",
    "caisson_live_1 needs a comment",
  ],
  [
    "a parameter of a type FFI does not know",
    "caisson_close_1(caisson_instance *instance)",
    "caisson_close_1(float instance)",
    'cannot read the parameter "float instance"',
  ],
  [
    "a constant that is computed",
    "#define CAISSON_DROP 3",
    "#define CAISSON_DROP (1 + 2)",
    "cannot read the value (1 + 2)",
  ],
  [
    "a line of C it does not know",
    "typedef struct caisson_instance caisson_instance;",
    "typedef int caisson_number;",
    "cannot read: typedef int caisson_number;",
  ],
];

for (const [what, from, to, message] of refusals) {
  Deno.test(`the generator refuses ${what}`, () => {
    const error = assertThrows(
      () => parseHeader(edited(from, to)),
      HeaderError,
    );
    assertStringIncludes(error.message, message);
    assertStringIncludes(error.message, "caisson.h:");
  });
}
