// deno-lint-ignore-file no-console -- the figures are what one reads
import { assert } from "@std/assert";
import { fuzz, TARGETS } from "../ffi/fuzz_targets.ts";
import { fuzzReaders } from "../ffi/fuzz_readers.ts";

/** For each target, all of them side by side; `CAISSON_FUZZ_SECONDS` makes it shorter. */
const SECONDS = Number(Deno.env.get("CAISSON_FUZZ_SECONDS") ?? 600);

Deno.test({
  name: "ten minutes of libFuzzer find nothing in what reads batches, configurations, descriptors and reports",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const targets = Object.keys(TARGETS);
    const executed = await Promise.all(targets.map((target) => fuzz(target, SECONDS)));
    console.log(targets.map((target, index) => `${target}: ${executed[index]} executions`).join(", "));
    assert(executed.every((count) => count > 1000));
  },
});

Deno.test("damaged libraries of every platform are read or refused, for a tenth of that time", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { refused, read } = await fuzzReaders({ seed, rounds: Infinity, forMs: SECONDS * 100 });
  console.log(`from seed ${seed}: ${refused} refused, ${read} read`);
  assert(refused > 0 && read > 0);
});
