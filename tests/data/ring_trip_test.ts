import { processPeer, ringTrip, workerPeer } from "./ring_trip.ts";

for (const [place, start] of [["a Worker", workerPeer], ["another process", processPeer]] as const) {
  Deno.test(`120,000 batches to ${place} and back: none lost, repeated, reordered or changed`, async () => {
    await using peer = await start();
    await ringTrip(peer, 120_000);
  });

  Deno.test(`batches to ${place} and back go on where they were when it is started anew`, async () => {
    await using peer = await start();
    await ringTrip(peer, 4_000, { restartEvery: 1_000 });
  });
}
