import { stressSink, stressSource } from "../isolation/runner_stress.ts";

/** Batches in all; `CAISSON_STRESS_BATCHES` makes it fewer. */
const BATCHES = Number(Deno.env.get("CAISSON_STRESS_BATCHES") ?? 100_000_000);

Deno.test("rings between host and runner lose, repeat and reorder nothing in 50 million batches from a source", async () => {
  await stressSource(BATCHES / 2);
});

Deno.test("rings between host and runner lose, repeat and reorder nothing in 50 million batches to a sink", async () => {
  await stressSink(BATCHES / 2);
});
