import { processPeer, ringTrip, workerPeer } from "../data/ring_trip.ts";

/** Batches that cross a ring in all; `CAISSON_STRESS_BATCHES` makes it fewer. */
const CROSSINGS = Number(Deno.env.get("CAISSON_STRESS_BATCHES") ?? 100_000_000);
/** Each batch crosses two rings, there and back, in two places. */
const BATCHES = Math.ceil(CROSSINGS / 4);
/** Seldom enough that the rings do most of the work; the tests of every day pause a hundred times as often. */
const PAUSES = 0.000005;
const RESTARTS = 20;

for (const [place, start] of [["a Worker", workerPeer], ["another process", processPeer]] as const) {
  Deno.test(`${BATCHES} batches to ${place} and back, with pauses and restarts: none lost, repeated or reordered`, async () => {
    await using peer = await start(PAUSES);
    await ringTrip(peer, BATCHES, { pauses: PAUSES, restartEvery: Math.ceil(BATCHES / RESTARTS) });
  });
}
