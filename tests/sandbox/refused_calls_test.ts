import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { buildPlugin } from "../../ffi/build.ts";
import type { BatchSinkPart } from "../../runtime/connector/contract.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { launchRunner } from "../../runtime/isolation/runner.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { TEST_PLUGINS } from "../isolation/native_plugins.ts";

interface Ended {
  readonly level: string;
  readonly error: CaissonError;
  readonly denied: readonly CaissonError[];
}

/** What becomes of a plugin that makes a system call it has no use for, twice, and aborts. */
async function callTwice(sandbox: boolean): Promise<Ended> {
  const { manifestFile, library, sha256 } = await buildPlugin({ folder: `${TEST_PLUGINS}/crashing` });
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  const denied: CaissonError[] = [];
  const { part, level } = await launchRunner({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides.find(({ name }) => name === "crashing_sink")!,
    permissions: sandbox ? () => ({ net: false, read: false, write: false }) : undefined,
    context: {
      alias: "test/session",
      instance: 1,
      config: { mode: "session", where: "data" },
      signal: new AbortController().signal,
      log: () => {},
      hosted: (link) => link.onDenied((error) => denied.push(error)),
    },
  });
  const { sink } = part as { sink: BatchSinkPart };
  try {
    await sink.connect?.({ overall: 0, sinceLastSuccess: 0 });
    const batch = Batch.allocate();
    batch.appendBytes(new Uint8Array([65]), 1);
    return { level, error: await assertRejects(async () => await sink.write(batch), CaissonError), denied };
  } finally {
    await sink.close();
  }
}

Deno.test({
  name: "a system call that is refused stands in the error and is reported once, with name and number",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { level, error, denied } = await callTwice(true);
    assertEquals(level, "sandbox");
    assertEquals(error.code, "CAISSON_PLUGIN_CRASHED");
    const call = Deno.build.arch === "x86_64" ? "setsid (112)" : "setsid (157)";
    assertStringIncludes(error.found, `the sandbox had refused it ${call}`);
    assertEquals(denied.map(({ code, found }) => [code, found]), [
      ["CAISSON_PERMISSION_DENIED", `the system call ${call}`],
    ]);
  },
});

Deno.test("without a sandbox the same call is made, and the plugin's process only ends", async () => {
  const { level, error, denied } = await callTwice(false);
  assertEquals([level, error.code, denied.length], ["process", "CAISSON_PLUGIN_CRASHED", 0]);
  assertEquals(error.found.includes("refused"), false);
});
