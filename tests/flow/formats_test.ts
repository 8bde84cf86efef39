import { assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import type { Named } from "../../runtime/flow/flow_definition.ts";

const utf8 = new TextEncoder();

/** What a flow writes for one chunk that its source reads. */
async function through(
  input: string,
  source: { readonly codec: Named; readonly preprocessors?: readonly Named[] },
  sink: { readonly codec: Named; readonly postprocessors?: readonly Named[] },
): Promise<{ readonly output: string; readonly failed: number }> {
  let output = "";
  let failed = 0;
  const decoder = new TextDecoder();
  await using runtime = new Runtime();
  runtime.provide({
    type: "input",
    kind: "source",
    create: () => ({
      produces: "chunks",
      poll(batch) {
        batch.appendBytes(utf8.encode(input), 1234);
        return { state: "ended" };
      },
      settle(_, failures) {
        failed += failures.size;
      },
      close() {},
    }),
  });
  runtime.provide({
    type: "output",
    kind: "sink",
    create: () => ({
      accepts: "bytes",
      write(chunks) {
        for (const chunk of chunks) output += decoder.decode(chunk, { stream: true });
      },
      close() {},
    }),
  });
  const flow = await runtime.deploy({
    name: "formats",
    connectors: { input: { type: "input", ...source }, output: { type: "output", ...sink } },
    links: [{ from: "input", to: "output" }],
  });
  await flow.done;
  return { output, failed };
}

const lines = { preprocessors: ["separate"], postprocessors: ["separate"] } as const;

Deno.test("a flow turns influx lines into sorted JSON, with every nanosecond and without the comments", async () => {
  const input = "# comment\n\nw,b=1,a=2 f=1i 1465839830100400200\nw f=2\n";
  const sink = { codec: { name: "json", config: { mode: "sorted" } }, postprocessors: lines.postprocessors };
  assertEquals(await through(input, { codec: "influx", preprocessors: lines.preprocessors }, sink), {
    output: '{"fields":{"f":1},"measurement":"w","tags":{"a":"2","b":"1"},"timestamp":1465839830100400200}\n' +
      '{"fields":{"f":2},"measurement":"w","tags":{},"timestamp":1234000000}\n',
    failed: 0,
  });
});

Deno.test("a codec with another configuration writes anew, one with the same hands on the bytes", async () => {
  const input = '{"b":1, "a":2}';
  const sorted = { name: "json", config: { mode: "sorted" } };
  assertEquals((await through(input, { codec: "json" }, { codec: sorted })).output, '{"a":2,"b":1}');
  assertEquals((await through(input, { codec: sorted }, { codec: sorted })).output, input);
  assertEquals((await through(input, { codec: { name: "json", config: {} } }, { codec: "json" })).output, input);
});

Deno.test("one payload that a later preprocessor refuses costs no other", async () => {
  const { output, failed } = await through("c25vdA==\n*\nYmFkZ2Vy\n", {
    codec: "string",
    preprocessors: ["separate", "base64"],
  }, { codec: "string", postprocessors: ["separate"] });
  assertEquals({ output, failed }, { output: "snot\nbadger\n", failed: 1 });
});

Deno.test("an event that cannot be framed fails alone, and what was held comes out at the end", async () => {
  const { output, failed } = await through("snot\ntoo long for a chunk\nbadger\n", {
    codec: "string",
    preprocessors: ["separate"],
  }, { codec: "string", postprocessors: [{ name: "chunk", config: { max_bytes: 10 } }] });
  assertEquals({ output, failed }, { output: "snotbadger", failed: 1 });
});
