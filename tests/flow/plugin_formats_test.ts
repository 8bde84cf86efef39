import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { type CaissonError, type ConnectorDefinition, type FlowReport, Runtime, type SourcePart } from "../../mod.ts";

const TYPESCRIPT = fromFileUrl(new URL("../isolation/fixtures/formats", import.meta.url));
const NATIVE = fromFileUrl(new URL("../ffi/plugins/formats", import.meta.url));
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Ran {
  readonly written: string;
  readonly report: FlowReport;
  readonly errors: readonly CaissonError[];
  /** For each chunk, in order: why it failed, or nothing. */
  readonly verdicts: readonly (string | undefined)[];
}

/** Sends chunks through a source and a sink whose formats are of a plugin in one isolation. */
async function run(
  isolation: "worker" | "guard" | "native" | "runner",
  chunks: readonly (string | Uint8Array)[],
  input: Omit<ConnectorDefinition, "type">,
  output: Omit<ConnectorDefinition, "type">,
): Promise<Ran> {
  const native = isolation === "native" || isolation === "runner";
  const folder = native ? join((await buildPlugin({ folder: NATIVE })).manifestFile, "..") : TYPESCRIPT;
  const scope = native ? "@caisson" : "@test";
  const work = await Deno.makeTempDir();
  const errors: CaissonError[] = [];
  const verdicts: (string | undefined)[] = [];
  let written = "";
  try {
    const grants = join(work, "grants.json");
    const granted = { [`${scope}/formats`]: { isolation, permissions: {} } };
    await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins: granted }));
    await using runtime = new Runtime({
      plugins: [folder],
      grants,
      onError: (error) => errors.push(error),
      log: { write: () => {} },
    });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    const named = (definition: Omit<ConnectorDefinition, "type">) =>
      JSON.parse(JSON.stringify(definition).replaceAll("formats:", `${scope}/formats:`));
    runtime.provide({ type: "chunks", kind: "source", create: () => chunkSource(chunks, verdicts) });
    runtime.provide({
      type: "text",
      kind: "sink",
      create: () => ({
        accepts: "bytes",
        close() {},
        write(pieces) {
          for (const piece of pieces) written += decoder.decode(piece.slice());
        },
      }),
    });
    const flow = await runtime.deploy({
      name: "flow",
      connectors: { in: { type: "chunks", ...named(input) }, out: { type: "text", ...named(output) } },
      links: [{ from: "in", to: "out" }],
    });
    await flow.done;
    return { written, report: flow.report(), errors, verdicts };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Three chunks a batch; remembers what became of each. */
function chunkSource(
  chunks: readonly (string | Uint8Array)[],
  verdicts: (string | undefined)[],
  severalStreams = false,
): SourcePart {
  let next = 0;
  return {
    produces: "chunks",
    severalStreams,
    close() {},
    poll(batch) {
      for (let room = 3; room > 0 && next < chunks.length; room--, next++) {
        const chunk = chunks[next]!;
        batch.appendBytes(typeof chunk === "string" ? encoder.encode(chunk) : chunk, 1000 + next);
        batch.setSequence(batch.count - 1, next);
      }
      return { state: next < chunks.length ? "filled" : "ended" };
    },
    settle(batch, failures) {
      for (let index = 0; index < batch.count; index++) {
        verdicts[batch.sequence(index)] = failures.has(index)
          ? (failures.get(index) as CaissonError).found ?? "failed"
          : undefined;
      }
    },
  };
}

const ISOLATIONS = ["worker", "guard", "native", "runner"] as const;

for (const isolation of ISOLATIONS) {
  Deno.test(`${isolation}: a plugin's codec decodes and encodes, and fails the one event it cannot`, async () => {
    const both = { codec: "formats:pair" };
    const { written, report, errors, verdicts } = await run(
      isolation,
      ["a=1", "b=002", "not a pair", "c=3", "d=9007199254740993"],
      both,
      { ...both, postprocessors: ["separate"] },
    );
    assertEquals(written, "a=1\nb=2\nc=3\nd=9007199254740993\n");
    assertEquals(verdicts, [undefined, undefined, "no pair", undefined, undefined]);
    assertEquals(errors.map(({ code }) => code), ["CAISSON_CODEC_DECODE"]);
    assertStringIncludes(errors[0]!.message, "flow/in.codec");
    assertEquals([report.in, report.out, report.failed], [5, 4, 1]);
    const codecs = report.nodes.filter(({ role }) => role === "codec");
    assertEquals(codecs.map(({ name, isolation }) => [name, isolation]), [["out.codec", isolation], [
      "in.codec",
      isolation,
    ]]);
  });

  Deno.test(`${isolation}: a plugin's pre- and postprocessors cut and frame a stream among those of the runtime`, async () => {
    const { written, verdicts, errors, report } = await run(
      isolation,
      ["1:a,2:", "z4,7:b=", "2,c=3,0:,", "4:d="].map(btoa),
      { codec: "string", preprocessors: ["base64", "formats:netstring_in", "remove-empty"] },
      { codec: "string", postprocessors: ["base64", "formats:netstring_out", "separate"] },
    );
    assertEquals(errors.map(({ message }) => message), []);
    assertEquals(verdicts, [undefined, undefined, undefined, undefined]);
    assertEquals(report.failed, 0);
    assertEquals(written, expected(["a", "z4", "b=2,c=3", "4:d="]));
  });

  Deno.test(`${isolation}: a preprocessor makes thousands of one chunk, and what it refuses fails its chunk alone`, async () => {
    const many = "1:x,".repeat(10_000);
    const { written, verdicts, errors } = await run(
      isolation,
      [many, "1:a,", "1:b;", "1:c,", many],
      { codec: "string", preprocessors: ["formats:netstring_in"] },
      { codec: "string" },
    );
    assertEquals(written, `${"x".repeat(10_000)}ac${"x".repeat(10_000)}`);
    assertEquals(verdicts, [undefined, undefined, "no netstring", undefined, undefined]);
    assertEquals(errors.map(({ code }) => code), ["CAISSON_PREPROCESSOR_FAILED"]);
  });

  Deno.test(`${isolation}: what a sink refuses is told to the source through every stage`, async () => {
    const { verdicts } = await run(
      isolation,
      ["1:a,", "3:bad,1:b,", "1:c,"],
      { codec: "string", preprocessors: ["formats:netstring_in"] },
      { codec: "formats:pair", postprocessors: ["formats:netstring_out"] },
    );
    assertEquals(verdicts, ["no pair", "no pair", "no pair"]);
  });
}

function expected(payloads: readonly string[]): string {
  const lines = payloads.map((payload) => {
    const text = btoa(payload);
    return `${text.length}:${text},`;
  });
  return [...lines, `#${lines.length}`].map((line) => `${line}\n`).join("");
}

Deno.test("a wrong name, direction or place of a plugin's format is refused with its place", async () => {
  const refused = async (input: Omit<ConnectorDefinition, "type">, output: Omit<ConnectorDefinition, "type">) =>
    await assertRejects(() => run("worker", [], input, output)) as CaissonError;
  const misspelt = await refused({ codec: "jsno" }, {});
  assertEquals(misspelt.code, "CAISSON_FLOW_INVALID");
  assertStringIncludes(misspelt.message, "json, msgpack");
  assertStringIncludes(misspelt.message, "plugin:name");
  const unknown = await refused({ codec: "formats:pear" }, {});
  assertEquals(unknown.code, "CAISSON_FLOW_COMPONENT");
  const kind = await refused({ preprocessors: ["formats:netstring_out"] }, {});
  assertEquals(kind.code, "CAISSON_FLOW_COMPONENT");
  assert(kind.message.includes("preprocessor"), kind.message);
});

Deno.test("a plugin's preprocessor on a source of several streams is refused before the source is connected", async () => {
  const grants = { grants: 1, plugins: { "@test/formats": { isolation: "worker", permissions: {} } } };
  const work = await Deno.makeTempDir();
  try {
    const file = join(work, "grants.json");
    await Deno.writeTextFile(file, JSON.stringify(grants));
    await using runtime = new Runtime({ plugins: [TYPESCRIPT], grants: file, log: { write: () => {} } });
    await runtime.discover();
    runtime.provide({ type: "server", kind: "source", create: () => chunkSource(["1\n"], [], true) });
    const deploy = (type: string, config: Record<string, unknown>, preprocessors: string[]) =>
      runtime.deploy({
        name: "flow",
        connectors: { in: { type, config, preprocessors }, out: { type: "null" } },
        links: [{ from: "in", to: "out" }],
      });
    for (const [type, config] of [["server", {}], ["tcp_server", { host: "127.0.0.1", port: 0 }]] as const) {
      const error = await assertRejects(() =>
        deploy(type, config, ["separate", "@test/formats:netstring_in"])
      ) as CaissonError;
      assertEquals(error.code, "CAISSON_CONFIG_INVALID", error.message);
      assertStringIncludes(error.message, "flow/in: preprocessors[1]");
    }
    await (await deploy("server", {}, ["separate"])).done;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
});
