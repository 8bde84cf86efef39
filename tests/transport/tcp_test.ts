import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Event } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { eventually, freePort, makeCertificate, Peer, peerTest } from "./peer.ts";
import { Station } from "./part_peer.ts";

const string = createCodec("string");
const upper = (text: string): string => text.toUpperCase();

function server(config: Record<string, unknown> = {}, more: Partial<Parameters<typeof Station.start>[0]> = {}) {
  return Station.start({ type: "tcp_server", config: { port: 0, ...config }, ...more });
}

const portOf = (station: Station): string => String(station.metrics()["port"]);

/** Sends texts through a sink and says how many failed. */
async function send(station: Station, texts: readonly string[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const settlement = new Settlement((failures) => resolve(failures.size));
  const events = texts.map((text, index) => new Event(undefined, 0, 0, string, settlement, index, text, true));
  await station.sinkManager!.push({ batch: undefined, events, codec: string, settlement });
  return await promise;
}

peerTest(
  ["nc"],
  "tcp_server reads lines from nc, hands on the last one without its end, and answers each on its connection",
  async () => {
    await using station = await server({}, { answer: upper });
    await using one = new Peer("nc", "-N", "127.0.0.1", portOf(station));
    await using two = new Peer("nc", "-N", "127.0.0.1", portOf(station));
    await one.send("alpha\nbe");
    await station.read(1);
    await two.send("gamma\ndelta");
    await one.send("ta\nend");
    await one.endInput();
    await two.endInput();
    assertEquals(await one.output(), "ALPHA\nBETA\nEND\n");
    assertEquals(await two.output(), "GAMMA\nDELTA\n");
    const streams = new Set(station.seen.map(({ stream }) => stream));
    assertEquals(streams.size, 2);
    await eventually("both connections closed", () => station.metrics()["connections"] === 0);
    assertEquals(station.errors, []);
  },
);

Deno.test("a connection that is reset loses what preprocessors hold of it", async () => {
  await using station = await server();
  const peer = await Deno.connect({ port: Number(portOf(station)) });
  await peer.write(new TextEncoder().encode("whole\nhal"));
  await eventually("all bytes", () => station.metrics()["bytesIn"] === 9);
  await station.read(1);
  // Closing with an unread answer on the way resets the connection.
  const { Socket } = await import("node:net");
  const other = new Socket();
  await new Promise<void>((resolve) => other.connect(Number(portOf(station)), "127.0.0.1", resolve));
  other.write("torn");
  await eventually("the other's bytes", () => station.metrics()["bytesIn"] === 13);
  other.resetAndDestroy();
  await eventually("a loss", () => station.metrics()["lost"] === 1);
  peer.close();
  await eventually("all closed", () => station.metrics()["connections"] === 0);
  await station.stop();
  assertEquals(station.texts, ["whole", "hal"]);
});

Deno.test("a flow that is slow makes the peer's socket wait", async () => {
  const gate = Promise.withResolvers<void>();
  await using station = await server({ "read_bytes": 65536 }, { hold: () => gate.promise, preprocessors: [] });
  const peer = await Deno.connect({ port: Number(portOf(station)) });
  const chunk = new Uint8Array(1 << 20);
  let sent = 0;
  const sending = (async () => {
    for (let round = 0; round < 64; round++) {
      for (let at = 0; at < chunk.byteLength;) {
        const written = await peer.write(chunk.subarray(at));
        at += written;
        sent += written;
      }
    }
  })();
  let before = -1;
  await eventually("a sender that waits", () => {
    const still = sent === before && sent > 0;
    before = sent;
    return still;
  });
  const taken = station.metrics()["bytesIn"]!;
  assert(taken <= 9 * 65536, `${taken} bytes were read while nothing was settled`);
  assert(sent < 64 * chunk.byteLength, "the sender was never made to wait");
  gate.resolve();
  await sending;
  peer.close();
  await eventually("all bytes", () => station.metrics()["bytesIn"] === 64 << 20);
});

Deno.test("connections beyond the limit are closed at once, and one that ends makes room", async () => {
  await using station = await server({ "max_connections": 2 });
  const dial = () => Deno.connect({ port: Number(portOf(station)) });
  const [one, two] = [await dial(), await dial()];
  await eventually("two connections", () => station.metrics()["connections"] === 2);
  const three = await dial();
  assertEquals(await three.read(new Uint8Array(1)).catch(() => null), null);
  three.close();
  assertEquals(station.metrics()["refused"], 1);
  one.close();
  await eventually("room", () => station.metrics()["connections"] === 1);
  const four = await dial();
  await four.write(new TextEncoder().encode("in\n"));
  assertEquals(await station.read(1), ["in"]);
  two.close();
  four.close();
});

Deno.test("a peer that is silent for too long is closed, one whose events are still in the flow is not", async () => {
  const gate = Promise.withResolvers<void>();
  await using station = await server({ "idle_timeout_ms": 60 }, { answer: upper, hold: () => gate.promise });
  const dial = () => Deno.connect({ port: Number(portOf(station)) });
  const [busy, silent] = [await dial(), await dial()];
  await busy.write(new TextEncoder().encode("wait\n"));
  assertEquals(await silent.read(new Uint8Array(8)).catch(() => null), null);
  gate.resolve();
  const answer = new Uint8Array(8);
  const length = await busy.read(answer);
  assertEquals(new TextDecoder().decode(answer.subarray(0, length!)), "WAIT\n");
  busy.close();
  silent.close();
});

Deno.test("a peer that takes nothing of its answers is closed, and only its events fail", async () => {
  const large = "x".repeat(8 << 20);
  await using station = await server({ "write_timeout_ms": 100 }, { answer: (text) => text === "much" ? large : text });
  const dial = () => Deno.connect({ port: Number(portOf(station)) });
  const [deaf, other] = [await dial(), await dial()];
  await deaf.write(new TextEncoder().encode("much\n"));
  await eventually("a failed write", () => station.errors.length > 0);
  assertEquals(station.errors[0]!.code, "CAISSON_CONNECTION_LOST");
  assertStringIncludes(station.errors[0]!.message, "takes nothing for 100 ms");
  await other.write(new TextEncoder().encode("hi\n"));
  const answer = new Uint8Array(8);
  assertEquals(await other.read(answer), 3);
  deaf.close();
  other.close();
});

peerTest(["openssl"], "tcp_server speaks TLS with openssl s_client, and turns away who does not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const tls = await makeCertificate(folder);
    await using station = await server({ tls, "handshake_timeout_ms": 300 }, { answer: upper });
    const port = portOf(station);
    const plain = await Deno.connect({ port: Number(port) });
    const silent = await Deno.connect({ port: Number(port) });
    await plain.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    await using peer = new Peer(
      "openssl",
      "s_client",
      "-quiet",
      "-verify_return_error",
      "-CAfile",
      tls.cert,
      "-connect",
      `127.0.0.1:${port}`,
    );
    await peer.send("secret\n");
    assertStringIncludes(await peer.until((text) => text.includes("SECRET\n")), "SECRET\n");
    await eventually("both turned away", () => station.metrics()["refused"] === 2);
    assertEquals(station.texts, ["secret"]);
    plain.close();
    silent.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

peerTest(["nc"], "tcp_client reads what nc sends and writes over the same connection", async () => {
  const port = freePort();
  await using peer = new Peer("nc", "-l", "-N", "127.0.0.1", String(port));
  await using station = await connecting({ type: "tcp_client", config: { port }, answer: upper });
  await peer.send("one\ntwo\n");
  await station.read(2);
  assertEquals(await peer.until((text) => text.includes("TWO\n")), "ONE\nTWO\n");
  await peer.endInput();
  await station.done;
  assertEquals(station.texts, ["one", "two"]);
  assertEquals(station.errors, []);
});

/** Connects as soon as the peer listens. */
async function connecting(options: Parameters<typeof Station.start>[0]): Promise<Station> {
  for (const until = performance.now() + 15_000;;) {
    try {
      return await Station.start(options);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

peerTest(["nc"], "tcp_client writes to nc, with no source beside it", async () => {
  const port = freePort();
  await using peer = new Peer("nc", "-l", "127.0.0.1", String(port));
  const station = await connecting({ type: "tcp_client", config: { port }, ends: "sink" });
  assertEquals(await send(station, ["a", "b", "c"]), 0);
  await station.stop();
  assertEquals(await peer.output(), "a\nb\nc\n");
});

Deno.test("tcp_client tells both ends once that the connection is gone, and connects again when it is told to", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using station = await Station.start({
    type: "tcp_client",
    config: { port: listener.addr.port, "at_end": "reconnect" },
  });
  const first = await listener.accept();
  await first.write(new TextEncoder().encode("kept\ntorn"));
  await station.read(1);
  first.close();
  await eventually("a loss told to both ends", () => station.losses.length === 2);
  assertEquals((station.losses[0] as CaissonError).code, "CAISSON_CONNECTION_LOST");
  const connecting = station.source!.connect!({ overall: 1, sinceLastSuccess: 0 });
  const second = await listener.accept();
  await connecting;
  await station.sink!.connect!({ overall: 1, sinceLastSuccess: 0 });
  await second.write(new TextEncoder().encode("new\n"));
  await eventually("the new line", () => station.texts.includes("new"));
  assertEquals(await send(station, ["out"]), 0);
  const answer = new Uint8Array(8);
  assertEquals(await second.read(answer), 4);
  assertEquals(station.metrics()["opened"], 2);
  second.close();
});

peerTest(
  ["openssl"],
  "tcp_client speaks TLS with openssl s_server, and refuses a certificate nobody vouches for",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const { cert, key } = await makeCertificate(folder);
      const port = freePort();
      await using peer = new Peer(
        "openssl",
        "s_server",
        "-quiet",
        "-accept",
        `127.0.0.1:${port}`,
        "-cert",
        cert,
        "-key",
        key,
      );
      const config = { port, host: "localhost" };
      await using station = await connecting({ type: "tcp_client", config: { ...config, tls: { ca: cert } } });
      await peer.send("hello\n");
      await station.read(1);
      assertEquals(await send(station, ["back"]), 0);
      assertStringIncludes(await peer.until((text) => text.includes("back")), "back");
      await station.stop();
      const refused = await assertRejects(
        () => Station.start({ type: "tcp_client", config: { ...config, tls: true } }),
        CaissonError,
      );
      assertEquals(refused.code, "CAISSON_CONNECT_FAILED");
      assertStringIncludes(refused.message.toLowerCase(), "certificate");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("connecting to a host that never answers the handshake ends in time", async () => {
  const folder = await Deno.makeTempDir();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const config = { port: listener.addr.port, tls: true, "connect_timeout_ms": 50 };
  const late = await assertRejects(
    () => Station.start({ type: "tcp_client", config }),
    CaissonError,
    "longer than 50 ms",
  );
  assertEquals(late.code, "CAISSON_CONNECT_FAILED");
  (await listener.accept()).close();
  await Deno.remove(folder);
});

Deno.test("a port that is taken is named, and what to do", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = await assertRejects(
    () => server({ port: listener.addr.port }),
    CaissonError,
    `127.0.0.1:${listener.addr.port}`,
  );
  assertEquals(taken.code, "CAISSON_CONNECT_FAILED");
});

Deno.test("an answer to a connection that is gone fails, and so does an event of no connection", async () => {
  await using station = await server();
  assertEquals(await send(station, ["nobody asked"]), 1);
  assertStringIncludes(station.errors[0]!.message, "came from no connection");
});
