import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { buildRunner, runnerFile } from "../../ffi/build_runner.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { asProcessor, asSink, asSource, PLUGINS, start, TEST_PLUGINS } from "./native_plugins.ts";
import { openRunner, type OpenRunnerOptions } from "./runner_plugins.ts";
import { stressProcessor, stressSink, stressSource } from "./runner_stress.ts";

const NONE: ReadonlyMap<number, unknown> = new Map();

async function isRunning(pid: number): Promise<boolean> {
  try {
    // A process nobody has waited for yet has ended all the same.
    return !/^\d+ \(.*\) [ZX]/s.test(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || (cause as { code?: string }).code === "ESRCH") return false;
    throw cause;
  }
}

for (const mode of ["loop", "fine"]) {
  Deno.test({
    name: `a runner ends with its host, also when the plugin does "${mode}" and the host is killed`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using host = new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-lock", "--no-check", "-A", new URL("./runner_host.ts", import.meta.url).href, mode],
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const output = host.stdout.getReader();
      const { value } = await output.read();
      await output.cancel();
      const pid = Number(new TextDecoder().decode(value));
      assert(pid > 1);
      assert(await isRunning(pid));
      host.kill("SIGKILL");
      await host.status;
      const until = performance.now() + 2000;
      while (await isRunning(pid)) {
        assert(performance.now() < until, "the runner still runs");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  });
}

Deno.test("a runner needs no permission but its program, its memory, and reading the plugin", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const { manifestFile, library, sha256 } = await buildPlugin({ folder: `${PLUGINS}/transform` });
    const runner = await runnerFile({ cacheFolder: cache });
    const folder = fromFileUrl(new URL("../../", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-lock",
        "--no-check",
        "--no-prompt",
        `--allow-read=${cache},${folder}`,
        `--allow-write=${cache}`,
        // The library that shares the memory: never the plugin's.
        `--allow-ffi=${cache}/native`,
        `--allow-run=${runner},cc`,
        new URL("./runner_scoped.ts", import.meta.url).href,
        cache,
        manifestFile,
        library,
        sha256,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    assertEquals(code, 0, decode(stderr));
    assertEquals(decode(stdout), "through a runner\n");
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("rings between host and runner lose, repeat and reorder nothing in 200,000 batches each way", async () => {
  await stressSource(200_000);
  await stressSink(200_000);
});

Deno.test("20,000 round trips come back as they went", async () => {
  await stressProcessor(20_000);
});

Deno.test("the runner is clean under the address and undefined behaviour sanitizers", async () => {
  const log: string[] = [];
  const given: OpenRunnerOptions = {
    log: (line) => log.push(line),
    launch: { program: await buildRunner({ sanitize: "address,undefined" }), memoryMiB: 4096 },
    options: { ring: { slots: 2, capacity: 64, arenaBytes: 1 << 14 } },
  };
  const batch = Batch.allocate();
  {
    // Events of 1000 bytes: 64 of them do not fit an arena of 16 KiB, so every batch takes several slots.
    await using opened = await openRunner(`${PLUGINS}/blaster`, "blaster", { event_bytes: 1000, count: 1000 }, given);
    const source = asSource(opened);
    await start(source);
    let seen = 0;
    for (let state = ""; state !== "ended";) {
      batch.clear();
      ({ state } = await source.poll(batch, 1024));
      for (let index = 0; index < batch.count; index++) assertEquals(batch.sequence(index), seen++);
      if (batch.count > 0) source.settle!(batch, seen % 3 === 0 ? new Map([[0, new Error("no")]]) : NONE);
    }
    assertEquals(seen, 1000);
  }
  for (const mode of ["lend", "lend_nothing", "count", "segments", "offset", "foreign", "arena"]) {
    await using opened = await openRunner(`${TEST_PLUGINS}/odd`, "odd_source", { mode }, given);
    const source = asSource(opened);
    await start(source);
    for (let turn = 0; turn < 3; turn++) {
      batch.clear();
      await Promise.resolve(source.poll(batch, 64)).catch(() => log.push(`refused ${mode}`));
      if (batch.count > 0) source.settle!(batch, NONE);
    }
    await source.metrics!();
  }
  {
    await using opened = await openRunner(
      `${PLUGINS}/blackhole`,
      "blackhole",
      { checksum: true, fail_every: 7 },
      given,
    );
    await using transform = await openRunner(`${PLUGINS}/transform`, "transform", { mode: "pass" }, given);
    await start(asSink(opened));
    const input = Batch.allocate();
    for (let index = 0; index < 1000; index++) input.appendBytes(new Uint8Array(index % 300), 1);
    const out = Batch.allocate();
    await asProcessor(transform).process(input, out);
    const result = await asSink(opened).write(out);
    assertEquals([out.count, result!.verdicts.length], [1000, 142]);
  }
  {
    const formats = `${TEST_PLUGINS}/formats`;
    const text = new TextEncoder();
    await using decoder = await openRunner(formats, "pair", {}, { ...given, direction: "decode" });
    await using reader = await openRunner(formats, "netstring_in", {}, given);
    const pairs = Batch.allocate();
    for (let index = 0; index < 200; index++) {
      pairs.appendBytes(text.encode(index % 10 === 0 ? "none" : `k=${index}`), 1);
    }
    const decoded = Batch.allocate();
    await asProcessor(decoder).process(pairs, decoded);
    assertEquals(decoded.count, 200);
    assertEquals([decoded.isFailed(0), decoded.isFailed(1)], [true, false]);
    const outs = [Batch.allocate()];
    const more = (): Batch => (outs.push(Batch.allocate()), outs.at(-1)!);
    const chunk = Batch.allocate();
    // One chunk of 16 KiB becomes 3,000 events, which takes fifty slots; the end of the stream is a batch of its own.
    chunk.appendBytes(text.encode("1:x,".repeat(3000) + "9:cut"), 1);
    await asProcessor(reader).process(chunk, outs[0]!, more);
    await asProcessor(reader).process(Batch.allocate(), more(), more);
    assertEquals(outs.reduce((sum, { count }) => sum + count, 0), 3001);
  }
  for (const mode of ["pending", "late", "forge", "error"]) {
    await using opened = await openRunner(`${TEST_PLUGINS}/odd`, "odd_sink", { mode }, given);
    await start(asSink(opened));
    const input = Batch.allocate();
    input.appendBytes(new Uint8Array(10), 1);
    await Promise.resolve(asSink(opened).write(input)).catch(() => {});
  }
  const text = log.join("\n");
  assert(!text.includes("Sanitizer") && !text.includes("runtime error"), text);
  assertStringIncludes(text, "refused count");
});
