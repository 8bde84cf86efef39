import { assert, assertEquals, assertThrows } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { postprocessorNames } from "../../runtime/codec/postprocessors.ts";
import { createPreprocessor } from "../../runtime/codec/preprocessors.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import {
  fuzzCodec,
  fuzzedCodecs,
  fuzzedPostprocessors,
  fuzzedPreprocessors,
  fuzzPostprocessor,
  fuzzPreprocessor,
} from "./fuzz.ts";

for (const named of fuzzedCodecs) {
  const name = JSON.stringify(named);
  Deno.test(`codec ${name} answers damaged input with a value or a typed error, and reads what it wrote`, () => {
    assert(fuzzCodec(named, 1500, 1) > 0);
  });
}

for (const named of fuzzedPreprocessors) {
  const name = JSON.stringify(named);
  Deno.test(`preprocessor ${name} answers damaged input with payloads or a typed error`, async () => {
    await fuzzPreprocessor(named, 300, 2);
  });
}

for (const fuzzed of fuzzedPostprocessors) {
  Deno.test(`postprocessor ${JSON.stringify(fuzzed.named)} writes what its counterpart reads, whatever the payload`, async () => {
    assert(await fuzzPostprocessor(fuzzed, 100, 3) > 0);
  });
}

Deno.test("every postprocessor is fuzzed", () => {
  const fuzzed = fuzzedPostprocessors.map(({ named }) => typeof named === "string" ? named : named.name);
  assertEquals(new Set(fuzzed), new Set(postprocessorNames));
});

/** What would take quadratic time if anything did: repeated to a megabyte. */
const growing: readonly (readonly [string, string, string, string])[] = [
  ["csv", "", '""', ""],
  ["csv", '"', '""', ""],
  ["influx", "", "\\,", ""],
  ["influx", "w ", 'a="\\"",', ""],
  ["influx", "w a=", "1", "x"],
  ["influx", "w,", "a=b,", ""],
  ["statsd", "a:", "1", "x|c"],
  ["statsd", "a:1|c", "|", ""],
  ["dogstatsd", "a:", "1:", "|g"],
  ["dogstatsd", "a:1|g", "|#", ""],
  ["graphite-plaintext", "a ", "1", "x 1"],
  ["graphite-plaintext", "a 1 ", "9", ""],
  ["syslog", "<1>1 - - - - - ", '[a b="', ""],
  ["syslog", '<1>1 - - - - - [a b="', "\\]", ""],
  ["syslog", "<1>1 - - - - - [a", ' b="c"', "]"],
  ["syslog", "<1>Oct 11 22:14:15 h ", "a", ""],
  ["json", "", "[", ""],
  ["json", "", "9", ""],
];

Deno.test("a megabyte of what could take quadratic time is done within seconds", () => {
  for (const [name, head, middle, tail] of growing) {
    const codec = createCodec(name === "json" ? { name, config: { integers: "bigint" } } : name);
    const bytes = new TextEncoder().encode(head + middle.repeat(Math.ceil((1 << 20) / middle.length)) + tail);
    const start = performance.now();
    try {
      codec.decode(bytes);
    } catch (error) {
      assert(error instanceof CaissonError, `${name} ${middle}: ${error}`);
    }
    // Linear takes milliseconds; quadratic, a million times a million steps, would take minutes.
    const took = performance.now() - start;
    assert(took < 10_000, `codec ${name}, ${middle}: ${took} ms for a megabyte`);
  }
});

Deno.test("a stream in chunks of a byte takes linear time", () => {
  const one = new Uint8Array([0x31]);
  for (const name of ["separate", "length-prefixed"]) {
    const preprocessor = createPreprocessor({ name, config: { max_length: 1 << 22 } });
    const emit = () => {};
    if (name === "length-prefixed") preprocessor.process(new Uint8Array([0, 0, 0, 0, 0, 0x20, 0, 0]), emit);
    for (let index = 0; index < 1 << 19; index++) preprocessor.process(one, emit);
    if (name === "length-prefixed") assertThrows(() => preprocessor.finish(emit), CaissonError);
  }
});

/** Repeated, each would be the worst case of some YAML reader. */
const growingYaml: readonly ((index: number) => string)[] = [
  () => "- ",
  () => "[",
  () => "{a: ",
  () => "? ",
  () => "!a ",
  () => "&a ",
  () => "- a\n",
  (index) => `k${index}: v\n`,
  (index) => `- &x${index} [1]\n- *x${index}\n`,
  (index) => `- &x [1]\n- *x # ${index}\n`,
];

function millisecondsOfYaml(make: (index: number) => string, bytes: number): number {
  const codec = createCodec("yaml");
  let text = "";
  for (let index = 0; text.length < bytes; index++) text += make(index);
  const document = new TextEncoder().encode(text.slice(0, bytes));
  let best = Infinity;
  for (let time = 0; time < 2; time++) {
    const start = performance.now();
    try {
      codec.decode(document);
    } catch (error) {
      assert(error instanceof CaissonError, String(error));
    }
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

Deno.test("the time yaml takes grows with the document, not with its square", () => {
  for (const make of growingYaml) {
    const small = millisecondsOfYaml(make, 1 << 12);
    const large = millisecondsOfYaml(make, 1 << 16);
    // 16 times the bytes: linear is 16, a square 256. Two milliseconds are noise.
    assert(large < 80 * (small + 2), `${JSON.stringify(make(1))}: ${small} ms, then ${large} ms`);
  }
});

Deno.test("yaml refuses more than a hundred aliases, and by default more than 64 KiB", () => {
  const codec = createCodec("yaml");
  const aliases = (count: number) =>
    new TextEncoder().encode(Array.from({ length: count }, (_, index) => `- &x${index} 1\n- *x${index}\n`).join(""));
  assertEquals((codec.decode(aliases(100)) as unknown[]).length, 200);
  assertThrows(() => codec.decode(aliases(101)), CaissonError, "aliases");
  assertThrows(() => codec.decode(new Uint8Array(65_537).fill(32)), CaissonError, "65536");
});
