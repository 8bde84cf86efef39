import { assert } from "@std/assert";
import { replay, TARGETS } from "./fuzz_targets.ts";
import { fuzzReaders } from "./fuzz_readers.ts";

for (const target of Object.keys(TARGETS)) {
  Deno.test({
    name: `fuzz target ${target}: its corpus and 2,000 damaged copies of each file are harmless`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const executed = await replay(target, 2000);
      assert(executed > 20_000, `${executed} executions`);
    },
  });
}

Deno.test("damaged libraries are read or refused, in time, whatever is wrong with them", async () => {
  const { refused, read } = await fuzzReaders({ seed: 1, rounds: 3000 });
  assert(refused > 300 && read > 300, `${refused} refused, ${read} read`);
});
