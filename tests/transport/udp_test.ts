import { assertEquals, assertStringIncludes } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { Station } from "./part_peer.ts";
import { eventually, freePort, Peer, peerTest } from "./peer.ts";

function server(config: Record<string, unknown> = {}, more: Partial<Parameters<typeof Station.start>[0]> = {}) {
  return Station.start({ type: "udp_server", config: { port: 0, ...config }, ...more });
}

peerTest(["nc"], "udp_server takes each datagram of nc as whole and answers its sender", async () => {
  await using station = await server({}, { answer: (text) => text.toUpperCase(), postprocessors: [] });
  const port = String(station.metrics()["port"]);
  await using one = new Peer("nc", "-u", "127.0.0.1", port);
  await using two = new Peer("nc", "-u", "127.0.0.1", port);
  await one.send("a:1|c\nb:2|c");
  assertEquals((await one.until((text) => text.length >= 10)).length, 10);
  await two.send("c:3|c");
  assertEquals(await two.until((text) => text.length >= 5), "C:3|C");
  await one.send("d");
  assertStringIncludes(await one.until((text) => text.endsWith("D")), "D");
  assertEquals(station.texts, ["a:1|c", "b:2|c", "c:3|c", "d"]);
  assertEquals(station.metrics()["peers"], 2);
});

peerTest(["nc"], "a sender beyond the limit makes udp_server forget the one that was silent longest", async () => {
  await using station = await server({ "max_peers": 1 });
  const port = String(station.metrics()["port"]);
  await using one = new Peer("nc", "-u", "127.0.0.1", port);
  await one.send("a");
  await station.read(1);
  await using two = new Peer("nc", "-u", "127.0.0.1", port);
  await two.send("b");
  await station.read(2);
  assertEquals(station.metrics()["peers"], 1);
});

peerTest(
  ["nc"],
  "datagrams that a slow flow leaves waiting are bounded, and the others counted as dropped",
  async () => {
    const gate = Promise.withResolvers<void>();
    await using station = await server({ "max_waiting": 2 }, { hold: () => gate.promise, ends: "source" });
    await using peer = new Peer("nc", "-u", "127.0.0.1", String(station.metrics()["port"]));
    await peer.send("first");
    await station.read(1);
    for (let sent = 0; station.metrics()["dropped"] === 0; sent++) {
      await peer.send(`more ${sent}`);
      const all = sent + 2;
      await eventually("the datagram", () => station.metrics()["datagrams"]! + station.metrics()["dropped"]! >= all);
    }
    gate.resolve();
    await station.read(station.metrics()["datagrams"]!);
  },
);

peerTest(["nc"], "udp_client sends a datagram for each event, and says which one is too large", async () => {
  const string = createCodec("string");
  const port = freePort();
  await using peer = new Peer("nc", "-u", "-l", "127.0.0.1", String(port));
  await using station = await Station.start({ type: "udp_client", config: { port }, ends: "sink" });
  const send = async (text: string): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const settlement = new Settlement((failures) => resolve(failures.size));
    const events = [new Event(undefined, 0, 0, string, settlement, 0, text, true)];
    await station.sinkManager!.push({ batch: undefined, events, codec: string, settlement });
    return await promise;
  };
  // A datagram that comes before nc listens is lost: that is how UDP is.
  let got = false;
  const reading = peer.until((text) => text.includes("hello\n")).then(() => got = true);
  for (const until = performance.now() + 15_000; !got && performance.now() < until;) {
    await send("hello");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await reading;
  assertEquals(await send("x".repeat(70_000)), 1);
});
