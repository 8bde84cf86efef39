import { assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import { eventually, freePort, Peer, peerTest, python } from "./peer.ts";

peerTest(["nc"], "a flow answers its peers over their own connections, through a filter and a projection", async () => {
  const port = freePort();
  await using runtime = new Runtime();
  const flow = await runtime.deploy({
    name: "echo",
    connectors: {
      peers: {
        type: "tcp_server",
        config: { port },
        preprocessors: ["separate"],
        postprocessors: ["separate"],
      },
    },
    pipelines: { odd: [{ filter: ["==", ["field", "odd"], true] }, { project: { n: ["field", "n"] } }] },
    links: [{ from: "peers", to: "odd" }, { from: "odd", to: "peers" }],
  });
  const ask = async (from: number): Promise<string> => {
    await using peer = new Peer("nc", "-N", "127.0.0.1", String(port));
    for (let n = from; n < from + 4; n++) await peer.send(`${JSON.stringify({ n, odd: n % 2 === 1 })}\n`);
    await peer.endInput();
    return await peer.output();
  };
  assertEquals(await Promise.all([ask(0), ask(10)]), ['{"n":1}\n{"n":3}\n', '{"n":11}\n{"n":13}\n']);
  await flow.stop();
  const { in: read, out, failed } = flow.report();
  assertEquals({ read, out, failed }, { read: 8, out: 4, failed: 0 });
});

peerTest(["curl"], "a flow answers HTTP requests with what its pipeline makes of them", async () => {
  const port = freePort();
  await using runtime = new Runtime();
  const flow = await runtime.deploy({
    name: "web",
    connectors: { web: { type: "http_server", config: { port } } },
    pipelines: { answer: [{ filter: [">", ["field", "n"], 0] }, { project: { twice: ["*", ["field", "n"], 2] } }] },
    links: [{ from: "web", to: "answer" }, { from: "answer", to: "web" }],
  });
  const ask = async (body: string): Promise<string> => {
    await using peer = new Peer("curl", "-s", "-w", " %{http_code}", "-d", body, `http://127.0.0.1:${port}`);
    return await peer.output();
  };
  assertEquals(await ask('{"n":21}'), '{"twice":42} 200');
  assertEquals(await ask('{"n":0}'), " 204");
  await flow.stop();
});

const GREETER = `
import asyncio, sys, websockets
async def serve(peer, path):
    await peer.send('{"n": %s}' % sys.argv[2])
    async for message in peer: print(message)
async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1])):
        print("ready")
        await asyncio.Future()
asyncio.run(main())`;

peerTest(
  ["python3-websockets"],
  "a flow connects again to a WebSocket server that was killed and has come back, and answers over the new connection",
  async () => {
    const port = freePort();
    const start = async (n: number): Promise<Peer> => {
      const peer = new Peer(python, "-u", "-c", GREETER, String(port), String(n));
      await peer.until((text) => text.includes("ready"));
      return peer;
    };
    await using first = await start(1);
    await using runtime = new Runtime();
    const flow = await runtime.deploy({
      name: "feed",
      connectors: {
        feed: {
          type: "ws_client",
          config: { url: `ws://127.0.0.1:${port}`, "at_end": "reconnect" },
          reconnect: { intervalMs: 20, growth: 1 },
        },
      },
      pipelines: { twice: [{ project: { twice: ["*", ["field", "n"], 2] } }] },
      links: [{ from: "feed", to: "twice" }, { from: "twice", to: "feed" }],
    });
    assertEquals(await first.until((text) => text.endsWith("}\n")), 'ready\n{"twice":2}\n');
    first.kill();
    await first.output();
    await using second = await start(2);
    assertEquals(await second.until((text) => text.endsWith("}\n")), 'ready\n{"twice":4}\n');
    await flow.stop();
    const { in: read, failed } = flow.report();
    assertEquals({ read, failed }, { read: 2, failed: 0 });
  },
);

/** A client that only writes: its first peer leaves when `cut` says so, the next one reads to the end. */
async function twoConnections(
  postprocessors: readonly string[],
  before: string,
  cut: (first: Deno.TcpConn) => unknown,
) {
  const folder = await Deno.makeTempDir();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    await Deno.writeTextFile(`${folder}/in`, "");
    await using runtime = new Runtime({ onError() {} });
    const flow = await runtime.deploy({
      name: "again",
      connectors: {
        input: {
          type: "file",
          config: { path: `${folder}/in`, follow: true, "look_ms": 5 },
          preprocessors: ["separate"],
        },
        output: {
          type: "tcp_client",
          config: { port: listener.addr.port },
          postprocessors,
          reconnect: { intervalMs: 5, growth: 1 },
        },
      },
      links: [{ from: "input", to: "output" }],
    });
    const append = (text: string) => Deno.writeTextFile(`${folder}/in`, text, { append: true });
    const settled = () => flow.report().out + flow.report().failed;
    using first = await listener.accept();
    await append(before);
    await cut(first);
    const second = await listener.accept();
    const all = new Response(second.readable).arrayBuffer();
    const already = before.split("\n").length - 1;
    await append("one\ntwo\n");
    if (!postprocessors.includes("gzip")) await eventually("everything settled", () => settled() === already + 2);
    await eventually("everything read", () => flow.report().in === already + 2);
    await flow.stop();
    return { bytes: new Uint8Array(await all), report: flow.report() };
  } finally {
    listener.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a client that has written nothing yet notices that its peer has left, and delivers to the next", async () => {
  const { bytes, report } = await twoConnections(["separate"], "", (first) => first.closeWrite());
  assertEquals([new TextDecoder().decode(bytes), report.out, report.failed], ["one\ntwo\n", 2, 0]);
});

Deno.test("a connection begins a compressed stream of its own, whatever the one before was in the midst of", async () => {
  const { bytes } = await twoConnections(["separate", "gzip"], "x".repeat(200_000) + "\n", async (first) => {
    // Some of the stream has come: the postprocessor is in the midst of it.
    await first.read(new Uint8Array(10));
    await first.closeWrite();
  });
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(stream).text(), "one\ntwo\n");
});
