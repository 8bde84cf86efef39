import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { Station } from "./part_peer.ts";
import { eventually, freePort, makeCertificate, Peer, peerTest, python } from "./peer.ts";

const string = createCodec("string");
const upper = (text: string): string => text.toUpperCase();
const bare = { preprocessors: [], postprocessors: [] };

function server(config: Record<string, unknown> = {}, more: Partial<Parameters<typeof Station.start>[0]> = {}) {
  return Station.start({ type: "ws_server", config: { port: 0, ...config }, ...bare, ...more });
}

function client(config: Record<string, unknown>, more: Partial<Parameters<typeof Station.start>[0]> = {}) {
  return Station.start({ type: "ws_client", config, ...bare, ...more });
}

const portOf = (station: Station): number => station.metrics()["port"]!;

/** Runs a coroutine `main` of Python with `websockets` at hand. */
function pythonPeer(body: string, ...args: readonly string[]): Peer {
  const lines = body.trim().split("\n").map((line) => `    ${line}`).join("\n");
  const script = `import asyncio, ssl, sys, websockets\nasync def main():\n${lines}\nasyncio.run(main())\n`;
  return new Peer(python, "-u", "-c", script, ...args);
}

/** Sends texts through a sink and says how many failed. */
async function send(station: Station, texts: readonly string[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const settlement = new Settlement((failures) => resolve(failures.size));
  const events = texts.map((text, index) => new Event(undefined, 0, 0, string, settlement, index, text, true));
  await station.sinkManager!.push({ batch: undefined, events, codec: string, settlement });
  return await promise;
}

const UPGRADE = "GET /in?x=1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/** A connection of bytes, for what no library sends. */
class Raw implements Disposable {
  readonly #connection: Deno.TcpConn;
  #bytes = new Uint8Array(0);

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async dial(port: number, head: string = UPGRADE + "\r\n"): Promise<Raw> {
    const raw = new Raw(await Deno.connect({ port }));
    await raw.send(new TextEncoder().encode(head));
    return raw;
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) at += await this.#connection.write(bytes.subarray(at));
  }

  async #more(): Promise<boolean> {
    const piece = new Uint8Array(65536);
    const length = await this.#connection.read(piece).catch(() => null);
    if (length === null) return false;
    this.#bytes = new Uint8Array([...this.#bytes, ...piece.subarray(0, length)]);
    return true;
  }

  /** The head of the answer to the handshake. */
  async head(): Promise<string> {
    while (true) {
      const text = new TextDecoder().decode(this.#bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#bytes = this.#bytes.slice(end + 4);
        return text.slice(0, end);
      }
      if (!await this.#more()) return text;
    }
  }

  /** As many bytes as there are to come, at most. */
  async take(count: number): Promise<number[]> {
    while (this.#bytes.byteLength < count && await this.#more());
    const taken = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return [...taken];
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** A short frame of a client; its mask is 0, which changes nothing. */
const frame = (first: number, payload: readonly number[]): Uint8Array =>
  new Uint8Array([first, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];

peerTest(
  ["python3-websockets"],
  "ws_server reads text, binary and fragments of a library that is not ours, answers each on its connection, and closes in good order",
  async () => {
    await using station = await server({}, { answer: upper });
    const script = `
async with websockets.connect(sys.argv[1]) as one, websockets.connect(sys.argv[1]) as two:
    await one.send("alpha\\nbeta")
    await two.send(b"gamma")
    await one.send(["de", "l", "ta"])
    await one.send("x" * 300000)
    print(repr(await one.recv()), await one.recv(), await two.recv())
    big = await one.recv()
    print(len(big), set(big))
    await (await two.ping())
    print("pong")
print(one.close_code, two.close_code)`;
    await using peer = pythonPeer(script, `ws://127.0.0.1:${portOf(station)}`);
    assertEquals(await peer.output(), "'ALPHA\\nBETA' DELTA GAMMA\n300000 {'X'}\npong\n1000 1000\n");
    assertEquals(new Set(station.seen.map(({ stream }) => stream)).size, 2);
    assertEquals(station.texts.filter((text) => text.length < 100).sort(), ["alpha\nbeta", "delta", "gamma"]);
    await eventually("both connections closed", () => station.metrics()["connections"] === 0);
    assertEquals(station.metrics()["lost"], 0);
    assertEquals(station.errors, []);
  },
);

peerTest(
  ["python3-websockets"],
  "a ws_server that stops tells its peers that it goes away",
  async () => {
    await using station = await server();
    const script = `
async with websockets.connect(sys.argv[1]) as one:
    await one.send("here")
    await one.wait_closed()
    print(one.close_code)`;
    await using peer = pythonPeer(script, `ws://127.0.0.1:${portOf(station)}`);
    await station.read(1);
    await station.stop();
    assertEquals(await peer.output(), "1001\n");
  },
);

const ECHO = `
async def serve(peer, path):
    print(path, peer.request_headers.get("x-token"))
    async for message in peer:
        if message == "bye": await peer.close(4000, "enough")
        elif message == "die": peer.transport.abort()
        else: await peer.send(message if isinstance(message, bytes) else message.upper())
    print("code", peer.close_code)
context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]), ssl=context):
    print("ready")
    await asyncio.Future()`;

peerTest(
  ["python3-websockets"],
  "ws_client writes to a server that is not ours and reads its answers, and says goodbye",
  async () => {
    const port = freePort();
    await using peer = pythonPeer(ECHO, String(port));
    await peer.until((text) => text.includes("ready"));
    await using station = await client({ url: `ws://127.0.0.1:${port}/feed?of=1`, headers: { "x-token": "abc" } });
    const long = "é".repeat(150_000);
    assertEquals(await send(station, ["one", "two", long]), 0);
    assertEquals(await station.read(3), ["ONE", "TWO", long.toUpperCase()]);
    await station.stop();
    assertStringIncludes(await peer.until((text) => /code \d+/.test(text)), "/feed?of=1 abc\ncode 1000");
  },
);

peerTest(
  ["python3-websockets"],
  "a ws_client ends with a server that says goodbye, and takes one that vanishes for a loss",
  async () => {
    const port = freePort();
    await using peer = pythonPeer(ECHO, String(port));
    await peer.until((text) => text.includes("ready"));
    await using polite = await client({ url: `ws://127.0.0.1:${port}` });
    assertEquals(await send(polite, ["bye"]), 0);
    await polite.done;
    assertEquals(polite.losses, []);
    await using rude = await client({ url: `ws://127.0.0.1:${port}` });
    await send(rude, ["die"]);
    await eventually("a loss", () => rude.losses.length > 0);
    assertEquals((rude.losses[0] as CaissonError).code, "CAISSON_CONNECTION_LOST");
  },
);

peerTest(
  ["python3-websockets", "openssl"],
  "wss: the server's certificate is checked, and trusted when `ca` names it",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const { cert, key } = await makeCertificate(folder);
      const port = freePort();
      await using peer = pythonPeer(ECHO, String(port), cert, key);
      await peer.until((text) => text.includes("ready"));
      const url = `wss://127.0.0.1:${port}`;
      const refused = await assertRejects(() => client({ url }), CaissonError);
      assertEquals(refused.code, "CAISSON_CONNECT_FAILED");
      await using station = await client({ url, tls: { ca: cert } });
      assertEquals(await send(station, ["secret"]), 0);
      assertEquals(await station.read(1), ["SECRET"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("a handshake that is not one, for another path, or from a page that is not allowed, is refused", async () => {
  await using station = await server({ path: "/in", "allowed_origins": ["https://good.example"] });
  const answer = async (head: string): Promise<string> => {
    using raw = await Raw.dial(portOf(station), head);
    return (await raw.head()).split("\r\n")[0]!;
  };
  assertEquals(await answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 426 Upgrade Required");
  assertEquals(await answer(UPGRADE.replace("/in", "/out") + "\r\n"), "HTTP/1.1 404 Not Found");
  assertEquals(await answer(UPGRADE.replace("dGhl", "") + "\r\n"), "HTTP/1.1 400 Bad Request");
  assertEquals(await answer(UPGRADE.replace(": 13", ": 8") + "\r\n"), "HTTP/1.1 426 Upgrade Required");
  assertEquals(await answer(UPGRADE + "Origin: https://evil.example\r\n\r\n"), "HTTP/1.1 403 Forbidden");
  assertEquals(await answer(UPGRADE + `x: ${"y".repeat(20_000)}\r\n\r\n`), "");
  await eventually("six refusals", () => station.metrics()["refused"] === 6);
  using good = await Raw.dial(portOf(station), UPGRADE + "Origin: https://good.example\r\n\r\n");
  const head = await good.head();
  assertStringIncludes(head, "HTTP/1.1 101 ");
  // The key and answer of RFC 6455, section 1.3.
  assertStringIncludes(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

Deno.test("a peer that takes its time over the handshake is turned away", async () => {
  await using station = await server({ "handshake_timeout_ms": 50 });
  using slow = await Raw.dial(portOf(station), "GET / HTTP/1.1\r\n");
  assertEquals(await slow.take(1), []);
  await eventually("a refusal", () => station.metrics()["refused"] === 1);
});

Deno.test("frames that break the protocol or a limit close their connection with the code that says so", async () => {
  await using station = await server({ "max_message_bytes": 100 });
  const cases: readonly (readonly [string, Uint8Array, number])[] = [
    ["no mask", new Uint8Array([0x81, 1, 65]), 1002],
    ["a reserved bit", frame(0xc1, [65]), 1002],
    ["an unknown kind", frame(0x83, [65]), 1002],
    ["a continuation of nothing", frame(0x80, [65]), 1002],
    ["a ping in pieces", frame(0x09, [65]), 1002],
    ["a close code nobody may send", frame(0x88, [1006 >> 8, 1006 & 255]), 1002],
    ["a new message inside another", new Uint8Array([...frame(0x01, [65]), ...frame(0x81, [65])]), 1002],
    ["a text that is not UTF-8", frame(0x81, [0xff]), 1007],
    ["a message too large", frame(0x82, new Array(101).fill(1)), 1009],
    [
      "fragments too large together",
      new Uint8Array([...frame(0x02, new Array(60).fill(1)), ...frame(0x80, new Array(60).fill(1))]),
      1009,
    ],
    [
      "an announcement too large",
      new Uint8Array([0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]),
      1009,
    ],
  ];
  for (const [name, bytes, code] of cases) {
    using raw = await Raw.dial(portOf(station));
    await raw.head();
    await raw.send(bytes);
    assertEquals(await raw.take(5), [0x88, 2, code >> 8, code & 255], name);
  }
  await eventually("every one lost", () => station.metrics()["lost"] === cases.length);
  using raw = await Raw.dial(portOf(station));
  await raw.head();
  // Empty ones are no events; a ping between two fragments is answered at once.
  await raw.send(new Uint8Array([...frame(0x81, []), ...frame(0x01, bytesOf("a")), ...frame(0x89, [7])]));
  assertEquals(await raw.take(3), [0x8a, 1, 7]);
  await raw.send(frame(0x80, bytesOf("b")));
  assertEquals(await station.read(1), ["ab"]);
});

Deno.test("one message at a time is taken from a peer while the flow is slow, and every message stays whole", async () => {
  const gate = Promise.withResolvers<void>();
  await using station = await server({}, { hold: () => gate.promise });
  const peer = new WebSocket(`ws://127.0.0.1:${portOf(station)}`);
  await new Promise((resolve) => peer.onopen = resolve);
  const sizes = Array.from({ length: 100 }, (_, index) => 200_000 + index);
  for (const size of sizes) peer.send("x".repeat(size));
  await eventually("first messages", () => station.seen.length > 0);
  let before = -1;
  await eventually("a sender that waits", () => {
    const still = station.metrics()["bytesIn"] === before;
    before = station.metrics()["bytesIn"]!;
    return still;
  });
  assert(before < 60 * 200_000, `${before} bytes were read while nothing was settled`);
  gate.resolve();
  assertEquals((await station.read(100)).map((text) => text.length), sizes);
  const closed = new Promise((resolve) => peer.onclose = resolve);
  peer.close();
  await closed;
});

Deno.test("a message larger than a batch's memory, and such as do not fit beside others, are events as they are", async () => {
  await using station = await server({ "max_message_bytes": 8 << 20 });
  const peers = Array.from({ length: 4 }, () => new WebSocket(`ws://127.0.0.1:${portOf(station)}`));
  await Promise.all(peers.map((peer) => new Promise((resolve) => peer.onopen = resolve)));
  const sizes = [5 << 20, 700_001, 700_002, 700_003];
  for (const [index, peer] of peers.entries()) peer.send("y".repeat(sizes[index]!));
  const lengths = (await station.read(4)).map((text) => text.length);
  assertEquals(lengths.sort(), sizes.sort());
  const closed = peers.map((peer) => new Promise((resolve) => peer.onclose = resolve));
  for (const peer of peers) peer.close();
  await Promise.all(closed);
});

Deno.test("pings keep a peer that answers them, one that does not is closed", async () => {
  await using station = await server({ "idle_timeout_ms": 400, "ping_interval_ms": 50 });
  const peer = new WebSocket(`ws://127.0.0.1:${portOf(station)}`);
  await new Promise((resolve) => peer.onopen = resolve);
  using deaf = await Raw.dial(portOf(station));
  await deaf.head();
  assertEquals(await deaf.take(2), [0x89, 0]);
  await eventually("one that is left", () => station.metrics()["lost"] === 1);
  assertEquals(peer.readyState, WebSocket.OPEN);
  peer.send("still here");
  assertEquals(await station.read(1), ["still here"]);
  const closed = new Promise((resolve) => peer.onclose = resolve);
  peer.close();
  await closed;
});

Deno.test("connections beyond the limit are closed at once", async () => {
  await using station = await server({ "max_connections": 1 });
  using first = await Raw.dial(portOf(station));
  await first.head();
  using second = await Raw.dial(portOf(station));
  assertEquals(await second.take(1), []);
  assertEquals(station.metrics()["refused"], 1);
});

Deno.test("answers go out before a goodbye is answered, as text", async () => {
  await using station = await server({}, { answer: upper });
  using raw = await Raw.dial(portOf(station));
  await raw.head();
  await raw.send(frame(0x82, bytesOf("hi")));
  assertEquals(await raw.take(4), [0x81, 2, 72, 73]);
  // Answers come before the answer to a goodbye.
  await raw.send(new Uint8Array([...frame(0x81, bytesOf("yo")), ...frame(0x88, [3, 232])]));
  assertEquals(await raw.take(9), [0x81, 2, 89, 79, 0x88, 2, 3, 232]);
});
