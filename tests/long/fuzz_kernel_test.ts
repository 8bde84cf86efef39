import { assertEquals } from "@std/assert";
import { eventsOfSeed, seeded } from "../kernel/hostile_json.ts";
import { hasKernel, openKernel, runPipeline } from "../kernel/kernel_twin.ts";
import { randomPipeline } from "../kernel/random_pipelines.ts";

const PIPELINES = 1500;
const EVENTS = 1000;

Deno.test({
  name: `kernel and operators agree on ${PIPELINES} pipelines of ${EVENTS} hostile events each`,
  ignore: !await hasKernel(),
  async fn() {
    for (let seed = 1000; seed < 1000 + PIPELINES; seed++) {
      const random = seeded(seed);
      const definition = randomPipeline(random);
      const payloads = eventsOfSeed(seed, random, EVENTS);
      const { kernel, opened } = await openKernel(definition);
      await using _ = opened;
      const failing = [3, 17, 40];
      assertEquals(
        await runPipeline(definition, payloads, kernel, failing),
        await runPipeline(definition, payloads, undefined, failing),
        `seed ${seed}: ${JSON.stringify(definition)}`,
      );
    }
  },
});
