import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { childProcesses } from "./child_processes.ts";
import { killGuards } from "./kill_guards.ts";
import { type FixtureOptions, jsonBatch, type Launched, launchFixture, readAll } from "./launch_fixture.ts";

const first = { overall: 0, sinceLastSuccess: 0 };

interface Scene extends AsyncDisposable {
  readonly fixture: Launched;
  readonly marker: string;
}

/** A culprit that does its deed once and behaves from then on. */
async function scene(what: string, options: FixtureOptions = {}): Promise<Scene> {
  const folder = await Deno.makeTempDir();
  const marker = `${folder}/done`;
  const { config, permissions, ...rest } = options;
  const fixture = await launchFixture("culprit", {
    isolation: "guard",
    kind: "sink",
    config: { do: what, marker, ...config },
    ...rest,
    permissions: { write: [folder], read: [folder, ...fixtureRead], ...permissions },
  });
  return {
    fixture,
    marker,
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const fixtureRead = [new URL("./fixtures/culprit", import.meta.url).pathname];

/** Writes until it succeeds; how long that took, milliseconds. */
async function untilWritten(fixture: Launched, batch: Batch): Promise<number> {
  const started = performance.now();
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      assertEquals(await fixture.sink.write(batch), undefined);
      return performance.now() - started;
    } catch (error) {
      if (attempt === 4) throw error;
    }
  }
  return Infinity;
}

for (
  const [what, code, found, options] of [
    ["fill the heap", "CAISSON_PLUGIN_CRASHED", "out of memory", { memoryMiB: 64 }],
    ["fill the memory", "CAISSON_PLUGIN_CRASHED", "MiB of memory, of at most", { memoryMiB: 64 }],
    ["loop", "CAISSON_PLUGIN_TIMEOUT", "no progress on a batch for 400 ms", { options: { slotMs: 400 } }],
    ["wait for ever", "CAISSON_PLUGIN_TIMEOUT", "for 700 ms, though it answers", {
      options: { slotMs: 400, batchMs: 700 },
    }],
    ["kill itself", "CAISSON_PLUGIN_THREW", "not available", {}],
    ["kill through Deno", "CAISSON_PLUGIN_THREW", "not available", {}],
    ["exit", "CAISSON_PLUGIN_THREW", "Deno.exit()", {}],
    ["exit at once", "CAISSON_PLUGIN_THREW", "reallyExit", {}],
    ["flood stdout", "CAISSON_PLUGIN_PROTOCOL", "line longer than", {}],
    ["forge a line", "CAISSON_PLUGIN_PROTOCOL", "not part of the protocol", {}],
    ["ring for ever", "CAISSON_PLUGIN_PROTOCOL", "bytes of control messages in a second", {}],
    ["flood messages", "CAISSON_PLUGIN_PROTOCOL", "control messages in a second", {}],
    ["reject", "CAISSON_PLUGIN_THREW", "nobody waits", {}],
  ] as const satisfies readonly (readonly [string, string, string, FixtureOptions])[]
) {
  Deno.test(`a plugin that tries to ${what}: its events fail once, the next ones arrive within a second`, async () => {
    await using running = await scene(what, options);
    const { fixture } = running;
    await fixture.sink.connect!(first);
    assertEquals(await fixture.sink.write(jsonBatch({ n: 1 })), undefined);
    const error = await assertRejects(async () => await fixture.sink.write(jsonBatch({ deed: true })), CaissonError);
    assertEquals(error.code, code, error.message);
    assertStringIncludes(error.message, found);
    assert(await untilWritten(fixture, jsonBatch({ n: 2 })) < 1000);
    await fixture.sink.connect!(first);
    assertEquals(fixture.lines.filter((line) => line === 'info: {"n":2}').length, 1);
  });
}

Deno.test("a write that waits longer than a process may be silent is no hang: the plugin answers meanwhile", async () => {
  await using running = await scene("wait", { options: { slotMs: 400 } });
  assertEquals(await running.fixture.sink.write(jsonBatch({ deed: true })), undefined);
});

Deno.test("what floods stderr is limited in the log and hurts nobody", async () => {
  await using running = await scene("flood stderr");
  const { fixture } = running;
  assertEquals(await fixture.sink.write(jsonBatch({ deed: true })), undefined);
  assert(fixture.lines.length < 1000, `${fixture.lines.length} lines`);
  assert(fixture.lines.some((line) => line.includes("stderr: noise 0 \\u001b[31m")));
  assert(!fixture.lines.some((line) => line.includes("\x1b")));
});

Deno.test("kill -9 in the middle of a write fails that write and nothing else; connect is repeated", async () => {
  await using running = await scene("loop", { options: { slotMs: 60_000 } });
  const { fixture } = running;
  await fixture.sink.connect!(first);
  const writing = assertRejects(async () => await fixture.sink.write(jsonBatch({ deed: true })), CaissonError);
  await until(async () => await exists(running.marker));
  const [pid] = await childProcesses();
  Deno.kill(pid!, "SIGKILL");
  const error = await writing;
  assertEquals(error.code, "CAISSON_PLUGIN_CRASHED");
  assertStringIncludes(error.message, "ended by SIGKILL, with 1 batches in flight");
  assert(await untilWritten(fixture, jsonBatch({ n: 2 })) < 1000);
  await fixture.sink.connect!(first);
  assertEquals(fixture.lines.filter((line) => line.startsWith("info: attempt")), [
    "info: attempt 0",
    "info: attempt 1",
    "info: attempt 0",
  ]);
});

for (const what of ["loop", "fill the heap", "exit"]) {
  Deno.test(`a source that tries to ${what} is started again and read to its end`, async () => {
    await using running = await scene(what, {
      kind: "source",
      component: "culprit_source",
      memoryMiB: 64,
      options: { slotMs: 400 },
    });
    const { fixture } = running;
    await fixture.source.connect!(first);
    const texts = await readAll(fixture.source);
    assertEquals(texts.slice(-4), ['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}']);
    assert(texts.length >= 4 && texts.length <= 6, texts.join());
    assert(fixture.lines.some((line) => line.startsWith("error:")), fixture.lines.join("\n"));
  });
}

Deno.test("a guard is started again after another host has removed its modules from the cache", async () => {
  const cacheFolder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await using running = await scene("exit", { cacheFolder });
    const { fixture } = running;
    const names = (): Promise<string[]> => Array.fromAsync(Deno.readDir(`${cacheFolder}/guard`), ({ name }) => name);
    const before = await names();
    assert(before.length > 0);
    for (const name of before) await Deno.remove(`${cacheFolder}/guard/${name}`, { recursive: true });
    await assertRejects(async () => await fixture.sink.write(jsonBatch({ deed: true })), CaissonError);
    await untilWritten(fixture, jsonBatch({ n: 1 }));
    assertEquals((await names()).sort(), before.sort());
  } finally {
    await Deno.remove(cacheFolder, { recursive: true });
  }
});

Deno.test("a processor that loops fails its batch and processes the next in a new process", async () => {
  await using running = await scene("loop", {
    kind: "processor",
    component: "culprit_processor",
    options: { slotMs: 400 },
  });
  const { processor } = running.fixture;
  const out = Batch.allocate();
  await assertRejects(async () => await processor.process(jsonBatch({ deed: true }), out), CaissonError, "no progress");
  out.clear();
  await processor.process(jsonBatch({ n: 1 }), out);
  assertEquals(new TextDecoder().decode(out.payload(0)), '{"n":1}');
});

Deno.test({
  name: "guards killed again and again: nothing is lost, only what was under way arrives twice",
  ignore: Deno.build.os !== "linux",
  fn: () => killGuards(50_000, 5),
});

Deno.test("a plugin that ends too often stays failed, with the last reason", async () => {
  await using fixture = await launchFixture("culprit", {
    isolation: "guard",
    kind: "sink",
    config: { do: "forge a line" },
    options: { restart: { max: 2, firstMs: 1 } },
  });
  const write = async () => await fixture.sink.write(jsonBatch({ deed: true }));
  for (let time = 0; time < 3; time++) await assertRejects(write, CaissonError, "protocol");
  const error = await assertRejects(write, CaissonError, "ended too often");
  assertEquals(error.code, "CAISSON_PLUGIN_CRASHED");
  assertStringIncludes(error.message, "not part of the protocol");
});

Deno.test("a plugin that loops while it is created is killed in time", async () => {
  const started = performance.now();
  await assertRejects(
    () => launchFixture("stuck", { isolation: "guard", config: { in: "create" }, options: { openMs: 300 } }),
    CaissonError,
    "no answer within 300 ms",
  );
  assert(performance.now() - started < 2000);
  assertEquals(await childProcesses(), []);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not happen within 5 s");
}
