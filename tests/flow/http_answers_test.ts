import { assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import type { FlowDefinition } from "../../mod.ts";

/** Sends lines as requests; what the answers said, and how many events failed. */
async function ask(
  lines: readonly string[],
  respond: (body: string) => Response,
  config: Record<string, unknown> = {},
) {
  const folder = await Deno.makeTempDir();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => respond(JSON.parse(await request.text())),
  );
  try {
    await Deno.writeTextFile(`${folder}/in`, lines.map((line) => `${line}\n`).join(""));
    await using runtime = new Runtime({ onError() {} });
    const flow = await runtime.deploy({
      name: "asking",
      connectors: {
        input: { type: "file", config: { path: `${folder}/in` }, preprocessors: ["separate"], codec: "string" },
        api: {
          type: "http_client",
          config: { url: `http://127.0.0.1:${server.addr.port}/`, ...config },
        },
        output: { type: "file", config: { path: `${folder}/out` }, codec: "json", postprocessors: ["separate"] },
      },
      links: [{ from: "input", to: "api" }, { from: "api", to: "output" }],
    } as FlowDefinition);
    await flow.done;
    const out = (await Deno.readTextFile(`${folder}/out`)).trim();
    const answers = out === "" ? [] : out.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    return { answers, failed: flow.report().failed };
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("answers to requests are events, in the order of the requests", async () => {
  const { answers, failed } = await ask(["one", "two", "three", "four"], (body) => {
    if (body === "one") return Response.json({ said: body });
    if (body === "two") return new Response(new Uint8Array([0xff, 0]), { headers: { "x-own": "yes" } });
    return new Response(body === "three" ? null : body.toUpperCase());
  }, { max_answers: 1 });
  assertEquals(answers.map(({ status, body, body_base64: bytes }) => [status, body ?? bytes]), [
    [200, { said: "one" }],
    [200, "/wA="],
    [200, undefined],
    [200, "FOUR"],
  ]);
  assertEquals((answers[1]!["headers"] as Record<string, string>)["x-own"], "yes");
  assertEquals(failed, 0);
});

Deno.test("an answer that refuses fails its event, or is one when every answer is wanted", async () => {
  const respond = (body: string) => new Response(body, { status: body === "bad" ? 404 : 200 });
  const strict = await ask(["bad"], respond);
  assertEquals([strict.answers, strict.failed], [[], 1]);
  const any = await ask(["good", "bad"], respond, { accept: "any" });
  assertEquals([any.answers.map(({ status }) => status), any.failed], [[200, 404], 0]);
});

Deno.test("an answer that is too long fails its event and is read no further", async () => {
  const endless = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 16)) }));
  const { answers, failed } = await ask(["x"], endless, { max_answer_bytes: 100_000 });
  assertEquals([answers, failed], [[], 1]);
});
