import { assertEquals, assertStringIncludes } from "@std/assert";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { Event } from "../../runtime/flow/delivery.ts";
import { Settlement } from "../../runtime/flow/settlement.ts";
import { TemporaryFolder } from "../connector/builtin/part_context.ts";
import { Station } from "./part_peer.ts";
import { eventually, freePort, makeCertificate, Peer, peerTest } from "./peer.ts";

function server(config: Record<string, unknown> = {}, more: Partial<Parameters<typeof Station.start>[0]> = {}) {
  return Station.start({ type: "http_server", config: { port: 0, ...config }, ...more });
}

const portOf = (station: Station): number => station.metrics()["port"]!;

async function curl(...args: readonly string[]): Promise<string> {
  await using peer = new Peer("curl", "-s", "--max-time", "20", ...args);
  return await peer.output();
}

const STATUS = ["-w", "%{http_code}"] as const;

peerTest(
  ["curl"],
  "http_server answers curl over the same connection, with what the flow makes of the body",
  async () => {
    await using station = await server({ "content_type": "text/plain" }, { answer: (text) => text.toUpperCase() });
    const url = `http://127.0.0.1:${portOf(station)}/in`;
    assertEquals(
      await curl(...STATUS, "-w", " %{content_type}", "--data-binary", "one\ntwo", url),
      "ONE\nTWO\n text/plain",
    );
    assertEquals(await curl("-d", "a", url, "--next", "-s", "-d", "b", url), "A\nB\n");
    assertEquals(station.texts, ["one", "two", "a", "b"]);
  },
);

peerTest(
  ["curl"],
  "without an answer a request gets 204 when its events are delivered, and 503 when one failed",
  async () => {
    await using station = await server({}, {
      answer: (text) => text === "bad" ? "?" : undefined,
      answerTo: () => 999,
    });
    const url = `http://127.0.0.1:${portOf(station)}`;
    assertEquals(await curl(...STATUS, "-d", "good", url), "204");
    assertStringIncludes(await curl(...STATUS, "-d", "bad", url), "503");
    assertEquals(await curl(...STATUS, url), "204");
  },
);

peerTest(["curl"], "an event may be a whole answer: status, headers and body", async () => {
  const answers: Record<string, unknown> = {
    made: { status: 201, headers: { location: "/things/7", "Set-Cookie": ["a=1", "b=2"] }, body: { id: 7 } },
    gone: { status: 410, headers: { "content-type": "text/plain" }, body: "no longer\n" },
    bytes: { "body_base64": "AP8=", headers: { "content-type": "application/octet-stream" } },
    plain: {},
    moved: { status: 303, headers: { location: "/elsewhere" } },
  };
  await using station = await server({ answer: "response", status: 202 }, {
    postprocessors: [],
    answer: (text) => JSON.stringify(answers[text]),
  });
  const url = `http://127.0.0.1:${portOf(station)}`;
  const ask = async (text: string): Promise<string[]> => {
    const [head = "", body = ""] = (await curl("-i", "-d", text, url)).split("\r\n\r\n");
    const lines = head.split("\r\n").map((line) => line.toLowerCase());
    return [
      lines[0]!.split(" ")[1]!,
      ...lines.filter((line) => /^(?:content-type|location|set-cookie)/.test(line)).sort(),
      body,
    ];
  };
  assertEquals(await ask("made"), [
    "201",
    "content-type: application/json",
    "location: /things/7",
    "set-cookie: a=1",
    "set-cookie: b=2",
    '{"id":7}',
  ]);
  assertEquals(await ask("gone"), ["410", "content-type: text/plain", "no longer\n"]);
  assertEquals((await ask("bytes")).slice(0, 2), ["202", "content-type: application/octet-stream"]);
  assertEquals(await ask("plain"), ["202", "content-type: application/json", ""]);
  assertEquals((await ask("moved"))[2], "location: /elsewhere");
  assertEquals(station.errors, []);
});

Deno.test("an event that is no answer gets 503 to its peer, and its flow says what is wrong with it", async () => {
  const wrong: readonly (readonly [string, string])[] = [
    ["no json", "no JSON"],
    ["[]", "a record of status, headers, body, body_base64"],
    ['{"state":200}', '"state"'],
    ['{"status":101}', "101"],
    ['{"status":"200"}', '"200"'],
    ['{"headers":{"x":"a\\r\\nset-cookie: b"}}', "without line ends"],
    ['{"headers":{"x y":"a"}}', '"x y"'],
    ['{"headers":{"x":1}}', "x"],
    ['{"headers":[]}', "headers"],
    ['{"headers":{"Content-Length":"3"}}', "Content-Length"],
    ['{"headers":{"transfer-encoding":"chunked"}}', "transfer-encoding"],
    ['{"body":1,"body_base64":"AA=="}', "one of them"],
    ['{"body_base64":"?"}', "RFC 4648"],
  ];
  await using station = await server({ answer: "response" }, {
    preprocessors: [],
    postprocessors: [],
    answer: (text) => text,
  });
  const url = `http://127.0.0.1:${portOf(station)}`;
  for (const [body, said] of wrong) {
    const response = await fetch(url, { method: "POST", body });
    await response.body?.cancel();
    assertEquals(response.status, 503, body);
    const error = station.errors.at(-1)!;
    assertEquals(error.code, "CAISSON_SINK_FAILED", body);
    assertStringIncludes(error.message, said);
  }
  assertEquals(station.errors.length, wrong.length);
});

Deno.test("a request has one whole answer: a second event of it fails", async () => {
  await using station = await server({ answer: "response" }, {
    postprocessors: [],
    answer: (text) => JSON.stringify({ body: text }),
  });
  const response = await fetch(`http://127.0.0.1:${portOf(station)}`, { method: "POST", body: "one\ntwo\n" });
  await response.text().catch(() => "");
  await eventually("an error", () => station.errors.length > 0);
  assertStringIncludes(station.errors[0]!.message, "a second event for one request");
});

peerTest(["curl"], "a request may become one event: method, path, query, headers and body", async () => {
  await using station = await server({ as: "request" }, { preprocessors: [] });
  const url = `http://127.0.0.1:${portOf(station)}/a/b?x=1`;
  await curl("-X", "PUT", "-H", "content-type: application/json", "-H", "x-tag: t", "-d", '{"n":1}', url);
  const { headers, peer, ...rest } = JSON.parse(station.texts[0]!);
  assertEquals(rest, { method: "PUT", path: "/a/b", query: { x: "1" }, body: { n: 1 } });
  assertEquals(headers["x-tag"], "t");
  assertEquals(peer, "127.0.0.1");
});

peerTest(["curl"], "a body beyond the limit gets 413, whether it says so or not", async () => {
  await using station = await server({ "max_body_bytes": 100 });
  const url = `http://127.0.0.1:${portOf(station)}`;
  const body = "x".repeat(5000);
  assertStringIncludes(await curl(...STATUS, "-d", body, url), "413");
  assertStringIncludes(await curl(...STATUS, "-H", "transfer-encoding: chunked", "-d", body, url), "413");
  assertEquals(station.texts, []);
});

Deno.test("a peer that never finishes its head or its body is turned away with 408", async () => {
  await using station = await server({ "header_timeout_ms": 200, "request_timeout_ms": 400 });
  for (const sent of ["POST / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nab"]) {
    const peer = await Deno.connect({ port: portOf(station) });
    await peer.write(new TextEncoder().encode(sent));
    const answer = new Uint8Array(1000);
    const length = await peer.read(answer);
    assertStringIncludes(new TextDecoder().decode(answer.subarray(0, length ?? 0)), "408");
    peer.close();
  }
  assertEquals(station.texts, []);
});

peerTest(["curl"], "a flow that takes too long is answered with 504, and its late answer fails", async () => {
  const gate = Promise.withResolvers<void>();
  await using station = await server({ "answer_timeout_ms": 50 }, { answer: (text) => text, hold: () => gate.promise });
  assertStringIncludes(await curl(...STATUS, "-d", "slow", `http://127.0.0.1:${portOf(station)}`), "504");
  gate.resolve();
  await eventually("a failed answer", () => station.errors.length === 1);
  assertStringIncludes(station.errors[0]!.message, "request that is over");
});

peerTest(["curl", "openssl"], "http_server speaks TLS", async () => {
  await using folder = new TemporaryFolder();
  const tls = await makeCertificate(folder.path);
  await using station = await server({ tls }, { answer: (text) => `<${text}>` });
  const url = `https://localhost:${portOf(station)}`;
  assertEquals(await curl("--cacert", tls.cert, "-d", "x", url), "<x>\n");
});

peerTest(["nc"], "http_client posts to nc what nc can read, and a refusal or silence fails the event", async () => {
  const string = createCodec("string");
  const port = freePort();
  await using station = await Station.start({
    type: "http_client",
    config: { url: `http://127.0.0.1:${port}/hook`, headers: { "x-tag": "t" }, "timeout_ms": 3000 },
    ends: "sink",
    postprocessors: [],
  });
  const post = async (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const settlement = new Settlement((failures) => resolve(failures.size));
    const events = [new Event(undefined, 0, 0, string, settlement, 0, "payload", true)];
    await station.sinkManager!.push({ batch: undefined, events, codec: string, settlement });
    return await promise;
  };
  assertEquals(await post(), 1);
  for (const [status, failed] of [["204 No Content", 0], ["500 Broken", 1]] as const) {
    await using peer = new Peer("nc", "-l", "127.0.0.1", String(port));
    await eventually("nc listening", () => listens(port));
    const posted = post();
    const request = await peer.until((text) => text.includes("payload"));
    assertStringIncludes(request, "POST /hook HTTP/1.1");
    assertStringIncludes(request.toLowerCase(), "x-tag: t");
    await peer.send(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    assertEquals(await posted, failed);
  }
});

Deno.test("http_client with a request for each event fails those that are refused, and without an answer all that are left", async () => {
  const string = createCodec("string");
  const bodies: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = await request.text();
    bodies.push(body);
    return new Response(null, { status: body === "bad" ? 422 : body === "busy" ? 503 : 204 });
  });
  const { port } = server.addr;
  const errors: string[] = [];
  await using station = await Station.start({
    type: "http_client",
    config: { url: `http://127.0.0.1:${port}/`, "timeout_ms": 30_000 },
    ends: "sink",
    postprocessors: [],
  });
  const post = async (...payloads: string[]): Promise<number[]> => {
    const { promise, resolve } = Promise.withResolvers<number[]>();
    const settlement = new Settlement((failures) => {
      for (const reason of failures.values()) errors.push((reason as Error).message);
      resolve([...failures.keys()].sort());
    });
    const events = payloads.map((payload, index) =>
      new Event(undefined, 0, 0, string, settlement, index, payload, true)
    );
    await station.sinkManager!.push({ batch: undefined, events, codec: string, settlement });
    return await promise;
  };
  assertEquals(await post("a", "bad", "b", "busy", "c"), [1, 3]);
  assertEquals(bodies.splice(0), ["a", "bad", "b", "busy", "c"]);
  assertEquals(errors.splice(0).map((message) => /status \d+/.exec(message)?.[0]), ["status 422", "status 503"]);
  await server.shutdown();
  assertEquals(await post("d", "e", "f"), [0, 1, 2]);
  assertEquals(bodies, []);
});

/** Whether somebody listens, without connecting: nc takes one connection only. */
function listens(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return new RegExp(`:${hex} 00000000:0000 0A`).test(Deno.readTextFileSync("/proc/net/tcp"));
}
