import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkConformance } from "../../mod.ts";
import { availableIsolations } from "../../permissions/isolation.ts";
import { blockedCalls } from "../../runtime/isolation/native_calls.ts";
import type { ComponentKind } from "../../runtime/manifest/manifest.ts";
import { Contrary, failures } from "./contrary.ts";

/** A mode, and words that the first failure has to hold: the check that caught it, and why. */
type Case = readonly [kind: ComponentKind, mode: string, check: string, why: string];

const deterministic = { deterministic: true };

const inTypeScript: readonly Case[] = [
  ["source", "hang_open", "opens, connects", "open: no answer"],
  ["source", "refuse_connect", "opens, connects", "nobody is there"],
  ["source", "hang_close", "opens, connects", "close: no answer"],
  ["source", "throw_close", "opens, connects", "cannot close"],
  ["source", "silent", "opens, connects", "no event within 2 s"],
  ["source", "no_json", "its codec decodes", "no json"],
  ["source", "random", "the same events every time", "event 0 is"],
  ["source", "throw_settle", "goes on when events have failed", "did not expect failures"],
  ["sink", "never", "answers batches", "write of 64 events: no answer"],
  ["sink", "bad_index", "opens, connects", "write returned 1; allowed: indexes 0 to 0"],
  ["sink", "twice", "opens, connects", "verdictCount is 2"],
  ["sink", "throw", "answers batches", "seven is too many"],
  ["sink", "crash", "do not decode", "outside of any call"],
  ["processor", "never", "processes batches", "process 64 events: no answer"],
  ["processor", "drop", "processes batches", "1 of 1 events have no output"],
  ["processor", "twice", "processes batches", "count is 2"],
  ["processor", "random", "with the same output", "event 0 is"],
  ["processor", "sulk", "do not decode", "broken since"],
];

const formatsInTypeScript: readonly Case[] = [
  ["codec", "never", "decodes batches", "process 64 events: no answer"],
  ["codec", "cannot_encode", "encodes what it decoded", "event to encode 0 failed: decodes only"],
  ["preprocessor", "hang_finish", "opens, connects", "the end of the stream: no answer"],
  ["preprocessor", "keeps", "with the same output", "event 0 is"],
  ["preprocessor", "sulk", "takes the next stream", "broken since"],
  ["preprocessor", "throw_finish", "opens, connects", "cannot finish"],
];

/** What formats are given. */
const samples: Readonly<Record<string, readonly string[]>> = {
  codec: ['v:{"a":1}', "v:2", 'v:["three"]'],
  preprocessor: ["one\ntw", "o\n", "\nfour"],
};

/** Those that keep their library in this process are last: the count of what lives stays with it. */
const inC: readonly Case[] = [
  ["source", "ignore_arena", "never overflows", "byte 0 behind the arena was written"],
  ["source", "scribble", "never overflows", "byte 0 behind the arena was written"],
  ["source", "ignore_max", "opens, connects", "40 events in one poll; allowed: at most 1"],
  ["source", "ignore_stride", "fills wide records", "record[1]"],
  ["sink", "bad_index", "opens, connects", "action 1 on event 1 of 1"],
  ["sink", "never", "opens, connects", "PENDING"],
  ["sink", "change_input", "answers batches", "payload of event 1 of the input changed"],
  ["processor", "drop", "processes batches", "1 of 1 events have no output"],
  ["processor", "lose_origin", "processes batches", "output 0 has sequence 1000000"],
  ["processor", "ignore_arena", "never overflows", "byte 0 behind the arena was written"],
  ["processor", "random", "with the same output", "bytes), then"],
  ["codec", "drop", "opens, connects", "2 events for 3; allowed: one for each"],
  ["codec", "ignore_arena", "never overflows", "byte 0 behind the arena was written"],
  ["codec", "lossy", "encodes what it decoded", "event 0 is"],
  ["codec", "counts", "takes wide records", "however the batch is laid out"],
  ["codec", "shared", "nor between instances", "whatever another instance decodes"],
  ["codec", "mute", "fails the event it cannot convert and no other", "failure 0 has no reason"],
  [
    "codec",
    "refuse_all",
    "fails the event it cannot convert and no other",
    "it refused all events because of a bad one",
  ],
  ["preprocessor", "lose_origin", "opens, connects", "output 0 has sequence 1000000"],
  ["preprocessor", "ignore_arena", "never overflows", "byte 0 behind the arena was written"],
  ["preprocessor", "pieces", "whatever pieces", "in pieces of 1 bytes event 0 is"],
  ["postprocessor", "counts", "with the same output", "however many pieces come at once"],
  ["postprocessor", "shared", "two instances apart", "a stream that is alone"],
  ["postprocessor", "again", "opens, connects", "more than 64 batches for one"],
  ["source", "leak", "leaves nothing behind", "caisson_live_1 was not 0 after close, 20 times"],
  ["source", "slow_stop", "opens, connects", "close: no answer"],
];

function assertCaught(found: readonly string[], [, , check, why]: Case): void {
  const first = found[0] ?? "nothing failed";
  assertStringIncludes(first, check);
  assertStringIncludes(first, why);
}

for (const kind of ["source", "sink", "processor"] as const) {
  Deno.test({
    name: `catches what a ${kind} in TypeScript does wrong, and nothing in one that does not`,
    // A call that hangs is given up, and its Worker ends by itself a little later.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using contrary = await Contrary.inTypeScript(kind);
      const good = await contrary.check(kind, "good", deterministic);
      assertEquals(failures(good), []);
      assert(good.ok && good.checks.length >= 10);
      const cases = inTypeScript.filter(([of]) => of === kind).values();
      // Most of the time somebody waits for an answer that never comes: a few at once do not disturb each other.
      await Promise.all(Array.from({ length: 4 }, async () => {
        await using own = await Contrary.inTypeScript(kind);
        for (const each of cases) {
          const report = await own.check(kind, each[1], each[1] === "random" ? deterministic : {});
          assertEquals(report.ok, false, each[1]);
          assertCaught(failures(report), each);
        }
      }));
    },
  });
}

Deno.test({
  name: "catches what formats in TypeScript do wrong",
  // A call that hangs is given up, and its Worker ends by itself a little later.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const cases = formatsInTypeScript.values();
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (const each of cases) {
        await using contrary = await Contrary.inTypeScript(each[0]);
        const given = samples[each[0]];
        const report = await contrary.check(each[0], each[1], given === undefined ? {} : { samples: given });
        assertEquals(report.ok, false, each[1]);
        assertCaught(failures(report), each);
      }
    }));
  },
});

Deno.test("asks for samples of what a codec or preprocessor reads", async () => {
  for (const kind of ["codec", "preprocessor"] as const) {
    await using contrary = await Contrary.inTypeScript(kind);
    const found = failures(await contrary.check(kind, "good"));
    assertEquals(found.length, 1);
    assertStringIncludes(found[0]!, "samples in conformance.json");
  }
});

Deno.test({
  name: "catches what a plugin in C does wrong, and nothing in one that does not",
  // A stop that hangs is given up, and the library of the plugin that leaks has to stay.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using contrary = await Contrary.inC();
    const good = await contrary.check("source", "good", deterministic);
    assertEquals(failures(good), []);
    assertEquals(good.isolations, ["native"]);
    for (const each of inC) {
      const report = await contrary.check(each[0], each[1], {});
      assertEquals(report.ok, false, each[1]);
      assertCaught(failures(report), each);
    }
    while (blockedCalls().running > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  },
});

Deno.test({
  name: "catches output that is not the same in every isolation",
  ignore: !availableIsolations.includes("guard"),
  async fn() {
    await using contrary = await Contrary.inTypeScript("processor");
    await contrary.write("conformance.json", { components: { processor: { config: { mode: "differ" } } } });
    const found = failures(await checkConformance({ folder: contrary.folder, isolations: ["worker", "guard"] }));
    assertEquals(found.length, 1);
    assertStringIncludes(found[0]!, 'the same output in both isolations: event 0 is "true" (4 bytes), then "false"');
  },
});

Deno.test("a processor that filters passes when its conformance.json says that it does", async () => {
  await using contrary = await Contrary.inTypeScript("processor");
  assertEquals(failures(await contrary.check("processor", "drop", { outputs: "any" })), []);
});
