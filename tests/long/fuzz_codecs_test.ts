import { assert } from "@std/assert";
import { fuzzCodec, fuzzedCodecs, fuzzedPreprocessors, fuzzPreprocessor } from "../codec/fuzz.ts";

for (const named of fuzzedCodecs) {
  Deno.test(`codec ${JSON.stringify(named)}: 100,000 damaged inputs`, () => {
    assert(fuzzCodec(named, 100_000, 11) > 0);
  });
}

for (const named of fuzzedPreprocessors) {
  Deno.test(`preprocessor ${JSON.stringify(named)}: 20,000 damaged streams`, async () => {
    await fuzzPreprocessor(named, 20_000, 12);
  });
}
