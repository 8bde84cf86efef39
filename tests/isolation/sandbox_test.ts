import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { Batch } from "../../runtime/data/batch.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { assertSandboxSound } from "../../runtime/isolation/canary.ts";
import { LOG_BURST, LOG_LINE_MAX } from "../../runtime/isolation/log_gate.ts";
import { noPermissions, startWorker, type WorkerPermissions } from "../../runtime/isolation/start_worker.ts";
import { hasWorkerOptions } from "../../runtime/isolation/worker_options_flag.ts";
import { launchFixture, readAll } from "./launch_fixture.ts";

const root = new URL("../../", import.meta.url);

function start(permissions: unknown): Worker {
  return startWorker({
    url: import.meta.resolve("./fixtures/none.ts"),
    name: "refused",
    plugin: "test",
    permissions: permissions as WorkerPermissions,
    onError: () => {},
  });
}

Deno.test("permissions that are not complete and exact never reach Deno", () => {
  const { net: _, ...missing } = noPermissions;
  for (
    const permissions of [
      null,
      undefined,
      {},
      "none",
      missing,
      { ...noPermissions, nett: false },
      { ...noPermissions, net: null },
      { ...noPermissions, net: undefined },
      { ...noPermissions, net: true },
      { ...noPermissions, net: [] },
      { ...noPermissions, net: [""] },
      { ...noPermissions, read: ["/a", 5] },
      Object.create(noPermissions),
    ]
  ) {
    const error = assertThrows(() => start(permissions), CaissonError);
    assertEquals(error.code, "CAISSON_INTERNAL");
  }
});

Deno.test("the canary finds Worker permissions sound here", async () => {
  await assertSandboxSound();
});

/** Runs a program of a few lines with the given flags and without the configuration of this repository. */
async function runProgram(code: string, flags: string[], env: Record<string, string> = {}) {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code);
  try {
    const output = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", "--no-lock", "--no-prompt", "--cached-only", ...flags, file],
      env,
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    return { code: output.code, text: decoder.decode(output.stdout) + decoder.decode(output.stderr) };
  } finally {
    await Deno.remove(file);
  }
}

const provesItself = `
import { assertSandboxSound } from ${JSON.stringify(new URL("runtime/isolation/canary.ts", root).href)};
try {
  await assertSandboxSound();
  console.log("sound");
} catch (error) {
  console.log(error.code, error.message, error.action);
}
`;

Deno.test("the canary passes with nothing but what it needs", async () => {
  const { text } = await runProgram(provesItself, [
    "--unstable-worker-options",
    `--allow-read=${new URL("runtime", root).pathname}`,
  ]);
  assertStringIncludes(text, "sound");
});

Deno.test({
  name: "the canary asks nobody at a terminal",
  // Only util-linux's `script` takes a command in this form.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, provesItself);
    const read = `${new URL("runtime", root).pathname}`;
    const line =
      `"${Deno.execPath()}" run --no-config --no-lock --cached-only --unstable-worker-options --allow-read=${read} ${file}`;
    try {
      const { stdout } = await new Deno.Command("script", {
        args: ["--quiet", "--return", "--command", line, "/dev/null"],
        stdin: "null",
        signal: AbortSignal.timeout(30_000),
      }).output();
      const text = new TextDecoder().decode(stdout);
      assertStringIncludes(text, "sound");
      assert(!text.includes("Allow?"), text);
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test("without worker-options the canary says what to do instead of letting Deno exit", async () => {
  const { text, code } = await runProgram(provesItself, ["--allow-read"]);
  assertEquals(code, 0, text);
  assertStringIncludes(text, "CAISSON_SANDBOX_UNSOUND");
  assertStringIncludes(text, '"unstable": ["worker-options"]');
});

Deno.test("a permission broker in the environment is refused", async () => {
  const { text } = await runProgram(
    `Deno.env.set("DENO_PERMISSION_BROKER_PATH", "/nowhere");${provesItself}`,
    ["--unstable-worker-options", "--allow-read", "--allow-env"],
  );
  assertStringIncludes(text, "CAISSON_SANDBOX_UNSOUND");
  assertStringIncludes(text, "DENO_PERMISSION_BROKER_PATH is set");
});

Deno.test("asking for the flag changes nothing in this process", () => {
  const { get } = Deno.env;
  assertEquals(hasWorkerOptions(), true);
  assert(Deno.env.get === get);
});

Deno.test("a permission the host does not hold is refused with the flag that is missing", async () => {
  const { text } = await runProgram(
    `
import { startWorker, noPermissions } from ${JSON.stringify(new URL("runtime/isolation/start_worker.ts", root).href)};
try {
  startWorker({ url: "data:,", name: "x", plugin: "x", onError() {}, permissions: { ...noPermissions, net: ["a.example:443"] } });
} catch (error) {
  console.log(error.code, error.action);
}`,
    ["--unstable-worker-options"],
  );
  assertStringIncludes(text, "CAISSON_HOST_PERMISSION");
  assertStringIncludes(text, "--allow-net=a.example:443");
});

interface ImportCase {
  readonly name: string;
  readonly code: (secret: string) => string;
}

const imports: readonly ImportCase[] = [
  {
    name: "static import of text",
    code: (secret) => `import text from ${JSON.stringify(secret)} with { type: "text" };`,
  },
  {
    name: "static import of JSON",
    code: (secret) => `import text from ${JSON.stringify(secret)} with { type: "json" };`,
  },
  { name: "static import of code", code: (secret) => `import text from ${JSON.stringify(secret)};` },
  {
    name: "literal dynamic import",
    code: (secret) => `const { default: text } = await import(${JSON.stringify(secret)}, { with: { type: "text" } });`,
  },
  {
    name: "computed dynamic import",
    code: (secret) =>
      `const { default: text } = await import(${JSON.stringify(secret.slice(0, 9))} + ${
        JSON.stringify(secret.slice(9))
      }, { with: { type: "text" } });`,
  },
  {
    name: "import through a data: module",
    code: (secret) =>
      `const { default: text } = await import("data:text/javascript," + encodeURIComponent(${
        JSON.stringify(`export { default } from ${JSON.stringify(secret)} with { type: "text" }`)
      }));`,
  },
  {
    name: "reading the file",
    code: (secret) => `const text = Deno.readTextFileSync(new URL(${JSON.stringify(secret)}));`,
  },
];

for (const isolation of ["worker", "guard"] as const) {
  for (const { name, code } of imports) {
    Deno.test(`${isolation}: a plugin gets nothing of a file outside its folder: ${name}`, async () => {
      const outside = await Deno.makeTempDir();
      const folder = await Deno.makeTempDir();
      try {
        // Valid as text, as JSON and as a module, and readable for the host.
        const secret = new URL(`file://${outside}/secret.json`).href;
        await Deno.writeTextFile(`${outside}/secret.json`, '"the secret"');
        await Deno.writeTextFile(
          `${folder}/mod.ts`,
          `${code(secret)}
export default { spy: () => ({ read: () => ({ kind: "events", values: [text] }) }) };`,
        );
        const error = await assertRejects(
          () => launchFixture("spy", { isolation, folder, component: "spy" }),
          CaissonError,
        );
        assertEquals(error.code, "CAISSON_PERMISSION_DENIED", error.message);
        assertStringIncludes(error.message, "read");
      } finally {
        await Deno.remove(outside, { recursive: true });
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
}

for (const isolation of ["worker", "guard"] as const) {
  Deno.test(`${isolation}: a plugin cannot get back what the bootstrap took away`, async () => {
    await using fixture = await launchFixture("undo", { isolation });
    const [outcomes] = (await readAll(fixture.source)).map((text) => JSON.parse(text));
    assertEquals(outcomes, {
      Worker: "undefined",
      "Worker through self": "undefined",
      "Worker through the prototype": "undefined",
      "Worker by definition": "TypeError",
      BroadcastChannel: "undefined",
      caches: "undefined",
      postMessage: "undefined",
      gpu: "undefined",
      "Deno.kill": "NotSupported",
      "Deno.kill by definition": "TypeError",
      "Deno.kill deleted": false,
      "Deno.addSignalListener": "NotSupported",
      "internal by symbol": "undefined",
      "internal by name": "undefined",
      "Deno.args": 0,
      "Deno.stdin": "object",
      "process.kill": "NotSupported",
      "process.kill by import": "NotSupported",
      "process.on": "NotSupported",
      "process.argv": 0,
      "Atomics replaced": "TypeError",
      "JSON replaced": "TypeError",
      "set replaced": "TypeError",
      "console replaced": "TypeError",
    });
  });

  Deno.test(`${isolation}: what a plugin prints becomes log lines that cannot draw, forge a line or turn text around`, async () => {
    await using fixture = await launchFixture("noisy", { isolation });
    assertEquals(fixture.lines.slice(0, 4), [
      'info: \\u001b[2J[host] granted everything { to: "me" }',
      "error: plain %s error",
      "info: raw\\u000d[host] forged\\u000a",
      "warning: node\\u202e",
    ]);
    assertEquals(fixture.lines[4]!.length, "warning: ".length + LOG_LINE_MAX + 1);
  });

  Deno.test(`${isolation}: a flood of log lines is cut and counted`, async () => {
    const fixture = await launchFixture("noisy", { isolation, config: { lines: 100_000 } });
    await fixture.source.close();
    assert(fixture.lines.length <= LOG_BURST + 50, `${fixture.lines.length} lines`);
    assertStringIncludes(fixture.lines.at(-1)!, "log lines of the plugin were left out");
  });
}

for (const place of ["create", "connect", "read", "close"] as const) {
  Deno.test(`a plugin that hangs in ${place} is given up in time`, async () => {
    // Under `deno test` the bootstrap is type-checked in the time a launch has.
    const deadlines = { openMs: place === "create" ? 1500 : 60_000, connectMs: 200, closeMs: 700 };
    const launch = () => launchFixture("stuck", { config: { in: place }, options: deadlines });
    if (place === "create") {
      const error = await assertRejects(launch, CaissonError);
      assertEquals(error.code, "CAISSON_PLUGIN_TIMEOUT");
    } else {
      const { source } = await launch();
      if (place === "connect") {
        const error = await assertRejects(
          async () => await source.connect!({ overall: 0, sinceLastSuccess: 0 }),
          CaissonError,
        );
        assertEquals(error.code, "CAISSON_PLUGIN_TIMEOUT");
      }
      // From the first poll on, the Worker reads.
      if (place === "read") assertEquals((await source.poll(Batch.allocate(), 1)).state, "idle");
      if (place === "close") {
        const error = await assertRejects(async () => await source.close(), CaissonError);
        assertEquals(error.code, "CAISSON_PLUGIN_TIMEOUT");
      } else {
        await source.close();
      }
    }
  });
}
