import { assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import type { ByteSinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import { createCodec } from "../../runtime/codec/codecs.ts";

/** A source whose events are these payloads. */
function emitting(payloads: readonly Uint8Array[], codec: string): SourcePart {
  let next = 0;
  return {
    produces: "events",
    codec,
    poll(batch, max) {
      for (let taken = 0; taken < max && next < payloads.length; taken++) {
        if (!batch.appendBytes(payloads[next]!, Date.now())) break;
        next++;
      }
      return { state: next === payloads.length ? "ended" : "filled" };
    },
    close() {},
  };
}

/** A sink that keeps what it was handed. */
function collecting(into: Uint8Array[], codec: string): ByteSinkPart {
  return {
    accepts: "bytes",
    codec,
    write(chunks) {
      for (const chunk of chunks) into.push(chunk.slice());
    },
    close() {},
  };
}

async function throughFilter(payloads: readonly Uint8Array[], from: string, to: string): Promise<Uint8Array[]> {
  const written: Uint8Array[] = [];
  await using runtime = new Runtime();
  runtime.provide({ type: "input", kind: "source", create: () => emitting(payloads, from) });
  runtime.provide({ type: "output", kind: "sink", create: () => collecting(written, to) });
  const flow = await runtime.deploy({
    name: "identity",
    connectors: { input: { type: "input" }, output: { type: "output" } },
    pipelines: { even: [{ filter: ["==", ["%", ["field", "n"], 2], 0] }] },
    links: [{ from: "input", to: "even" }, { from: "even", to: "output" }],
  });
  await flow.done;
  assertEquals(flow.report().failed, 0);
  return written;
}

const utf8 = new TextEncoder();
const spaced = [
  '{"n":0}',
  ' { "n" : 1 } ',
  '\t{\n "n":2.0 ,"u": "\\u00fc\\/", "big": 12345678901234567890, "e": 1E2 }\r\n',
  '{"n":4,"n":4, "z":-0, "a":[ ]}',
].map((text) => utf8.encode(text));

/** Encodings that the codec itself would never choose. */
const loose = [
  "81 a1 6e 00",
  "81 a1 6e 01",
  "df 00000001 d9 01 6e d3 0000000000000002",
  "82 a1 6e cb 4010000000000000 a1 62 d6 ff 00000001",
]
  .map((text) => Uint8Array.fromHex(text.replaceAll(" ", "")));

for (const [codec, payloads] of [["json", spaced], ["msgpack", loose]] as const) {
  Deno.test(`${codec} passes a filter byte for byte`, async () => {
    assertEquals(await throughFilter(payloads, codec, codec), [payloads[0]!, payloads[2]!, payloads[3]!]);
  });
}

Deno.test("another codec encodes each value anew, once", async () => {
  const written = await throughFilter(loose, "msgpack", "json");
  assertEquals(written.map((bytes) => new TextDecoder().decode(bytes)), [
    '{"n":0}',
    '{"n":2}',
    '{"n":4,"b":"1970-01-01T00:00:01.000Z"}',
  ]);
  const back = await throughFilter(spaced, "json", "msgpack");
  const { encode } = createCodec("msgpack");
  assertEquals(back.map((bytes) => bytes[0]), [0x81, 0x84, 0x83]);
  assertEquals(back[0], encode({ n: 0 }));
});
