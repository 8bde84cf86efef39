import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Preprocessor } from "../../runtime/codec/codec.ts";
import { createPostprocessor } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { chunksOf, randomOf, run } from "./chunking.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

function cut(preprocessor: Preprocessor, chunk: string): string[] {
  const out: string[] = [];
  preprocessor.process(utf8.encode(chunk), (bytes) => out.push(text.decode(bytes)));
  return out;
}

function finish(preprocessor: Preprocessor): string[] {
  const out: string[] = [];
  preprocessor.finish((bytes) => out.push(text.decode(bytes)));
  return out;
}

function separate(config: Record<string, unknown> = {}): Preprocessor {
  return createPreprocessor({ name: "separate", config });
}

// Vectors of Tremor (tremor-interceptor, separate), transcribed.

Deno.test("separate cuts lines of the greatest length, in one chunk or in two", () => {
  assertEquals(cut(separate({ max_length: 10 }), "012345\n0123456789\n"), ["012345", "0123456789"]);
  const preprocessor = separate({ max_length: 10 });
  assertEquals(cut(preprocessor, "012345"), []);
  assertEquals(cut(preprocessor, "\n0123456789\n"), ["012345", "0123456789"]);
});

Deno.test("separate refuses a line that is too long, and works again afterwards", () => {
  const preprocessor = separate({ max_length: 10 });
  assertEquals(cut(preprocessor, "012345"), []);
  const error = assertThrows(() => cut(preprocessor, "0123456789\n"), CaissonError);
  assertEquals(error.code, "CAISSON_PREPROCESSOR_FAILED");
  assertEquals(cut(preprocessor, "012345\n"), ["012345"]);
  assertEquals(finish(preprocessor), []);
});

Deno.test("separate carries what follows the last separator", () => {
  const preprocessor = separate();
  assertEquals(cut(preprocessor, "123\n456"), ["123"]);
  assertEquals(cut(preprocessor, "7890"), []);
  assertEquals(cut(preprocessor, "123\n456"), ["4567890123"]);
  assertEquals(finish(preprocessor), ["456"]);
  assertEquals(finish(preprocessor), []);
});

Deno.test("separate cuts every chunk for itself when it does not buffer", () => {
  assertEquals(cut(separate({ buffered: false }), "snot\n"), ["snot", ""]);
  assertEquals(cut(separate({ buffered: false }), "\n"), ["", ""]);
  const preprocessor = separate({ buffered: false });
  assertEquals(cut(preprocessor, "a"), ["a"]);
  assertEquals(finish(preprocessor), []);
});

Deno.test("separate refuses a separator longer than a byte", () => {
  for (const separator of ["abc", "ü"]) {
    for (const create of [createPreprocessor, createPostprocessor]) {
      const error = assertThrows(() => create({ name: "separate", config: { separator } }), CaissonError);
      assertEquals(error.code, "CAISSON_CONFIG_INVALID");
      assertEquals([error.found, error.allowed], [JSON.stringify(separator), "a text of 1 byte"]);
    }
  }
});

Deno.test("separate ends a payload with its separator, an empty one too", async () => {
  const bar = createPostprocessor({ name: "separate", config: { separator: "|" } });
  assertEquals(await run(bar, [utf8.encode("")]), [utf8.encode("|")]);
  assertEquals(await run(createPostprocessor("separate"), [utf8.encode("snot")]), [utf8.encode("snot\n")]);
});

const reverse = (bytes: Uint8Array): Uint8Array => bytes.toReversed();

Deno.test("separate stands before or behind another postprocessor", () => {
  const payload = utf8.encode("\ntons\nregdab\n");
  const out: string[] = [];
  const separator = createPostprocessor("separate");
  separator.process(reverse(payload), (bytes) => out.push(text.decode(bytes)));
  separator.process(payload, (bytes) => out.push(text.decode(reverse(bytes))));
  assertEquals(out, ["\nbadger\nsnot\n\n", "\n\nbadger\nsnot\n"]);
});

// Our own.

Deno.test("separate leaves out only the line that is too long", () => {
  const preprocessor = separate({ max_length: 3 });
  const out: string[] = [];
  const emit = (bytes: Uint8Array): number => out.push(text.decode(bytes));
  assertThrows(() => preprocessor.process(utf8.encode("a\nbbbb\nc\ndd"), emit), CaissonError);
  preprocessor.process(utf8.encode("d\ne\n"), emit);
  assertEquals(out, ["a", "c", "ddd", "e"]);
});

Deno.test("separate reports an endless line once and skips it to its end", () => {
  const preprocessor = separate({ max_length: 3 });
  assertThrows(() => cut(preprocessor, "aaaa"), CaissonError);
  assertEquals(cut(preprocessor, "aaaaaaaa"), []);
  assertEquals(cut(preprocessor, "a\nbb\n"), ["bb"]);
  assertThrows(() => cut(preprocessor, "aaaa"), CaissonError);
  assertEquals(finish(preprocessor), []);
  assertEquals(cut(preprocessor, "cc\n"), ["cc"]);
});

Deno.test("separate refuses chunks that are too long unbuffered", () => {
  const preprocessor = separate({ max_length: 3, buffered: false });
  assertThrows(() => cut(preprocessor, "a\nbbbb"), CaissonError);
  assertEquals(cut(preprocessor, "bbb"), ["bbb"]);
});

Deno.test("separate emits views of the chunk, and memory of its own for what it carried", () => {
  const preprocessor = separate();
  const chunk = utf8.encode("12\n3456\n78");
  const out: Uint8Array[] = [];
  preprocessor.process(chunk, (bytes) => out.push(bytes));
  assertEquals(out.map(({ byteOffset }) => byteOffset), [0, 3]);
  assert(out.every(({ buffer }) => buffer === chunk.buffer));
  chunk.fill(0);
  const carried: string[] = [];
  preprocessor.process(utf8.encode("9\n"), (bytes) => carried.push(text.decode(bytes)));
  assertEquals(carried, ["789"]);
});

Deno.test("separate gives the same lines however a text is cut into chunks", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomOf(seed);
    const separator = seed % 2 === 0 ? "\n" : "|";
    const lines = Array.from({ length: random(40) }, () => "ab ü".repeat(random(20)));
    const open = random(2) === 0;
    const whole = utf8.encode(lines.map((line) => line + separator).join("") + (open ? "tail" : ""));
    const emitted = await run(separate({ separator }), chunksOf(whole, random, 1 + random(60)));
    assertEquals(emitted.map((bytes) => text.decode(bytes)), open ? [...lines, "tail"] : lines, `seed ${seed}`);
  }
});

Deno.test("separate survives random bytes and never emits more than it may", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomOf(seed);
    const bytes = Uint8Array.from({ length: random(400) }, () => random(4) + 8);
    const preprocessor = separate({ max_length: 5 });
    let expected = 0;
    let longest = 0;
    for (const line of text.decode(bytes).split("\n")) {
      if (line.length <= 5) expected += line.length;
    }
    let total = 0;
    const emit = (piece: Uint8Array): void => {
      longest = Math.max(longest, piece.byteLength);
      total += piece.byteLength;
    };
    for (const chunk of chunksOf(bytes, random, 9)) {
      try {
        preprocessor.process(chunk, emit);
      } catch (error) {
        assert(error instanceof CaissonError);
      }
    }
    preprocessor.finish(emit);
    assertEquals([total, longest <= 5], [expected, true], `seed ${seed}`);
  }
});

Deno.test("an unknown interceptor or option is refused with what there is", async () => {
  const cases: [() => unknown, string][] = [
    [() => createPreprocessor("split"), "separate, gzip"],
    [() => createPostprocessor({ name: "constructor" }), "separate, gzip"],
    [() => createPreprocessor({ name: "separate", config: { max: 1 } }), "max_length"],
    [() => createPreprocessor({ name: "separate", config: { max_length: 0 } }), "1"],
    [() => createPostprocessor({ name: "separate", config: { buffered: true } }), "separator"],
    [() => createPostprocessor({ name: "gzip", config: { level: 10 } }), "9"],
  ];
  for (const [act, allowed] of cases) {
    const error = await assertRejects(async () => await act(), CaissonError);
    assertEquals(error.code, "CAISSON_CONFIG_INVALID");
    assert(error.allowed.includes(allowed), error.message);
  }
});
