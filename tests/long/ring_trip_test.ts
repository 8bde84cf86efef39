import { processPeer, ringTrip, workerPeer } from "../data/ring_trip.ts";

for (const [place, start] of [["a Worker", workerPeer], ["another process", processPeer]] as const) {
  Deno.test(`5,000,000 batches to ${place} and back: none lost, repeated, reordered or changed`, async () => {
    await using peer = await start();
    await ringTrip(peer, 5_000_000);
  });
}
