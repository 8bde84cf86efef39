/** Running plugins follow the grant file, and what they do is in the audit log. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { removeTree } from "../../permissions/store.ts";
import { installPlugin } from "../../runtime/install.ts";
import { createLogger } from "../../runtime/telemetry/log.ts";
import { openAuditLog } from "../../permissions/audit_log.ts";
import type { AuditEvent } from "../../permissions/audit_log.ts";
import { Runtime } from "../../runtime/runtime.ts";
import { type TemporaryFolder, temporaryFolder } from "../manifest/plugin_folder.ts";
import { fromAsyncIterable } from "../../runtime/connector/streams_source.ts";

const name = "@acme/scribe";

/** Writes each event's number into the files it may write, and counts how often it was started. */
async function scribe(folder: TemporaryFolder): Promise<string> {
  await folder.write("scribe/plugin.json", {
    manifest: 1,
    name,
    version: "1.0.0",
    runtime: "^0.1.0",
    module: "./mod.ts",
    provides: [{ kind: "sink", name: "scribe", interface: "sink@1.0", config: { type: "object" } }],
    permissions: { write: true, reasons: { write: "writes what it gets" } },
  });
  await folder.write(
    "scribe/mod.ts",
    `export default { scribe: ({ config }) => ({
      async write(events) {
        for (const file of config.files) {
          try { await Deno.writeTextFile(file, events.map((event) => event.value.n + "\\n").join(""), { append: true }); }
          catch (error) { if (config.strict || !(error instanceof Deno.errors.NotCapable)) throw error; }
        }
      },
    }) };\n`,
  );
  return join(folder.path, "scribe");
}

async function readNumbers(file: string): Promise<number[]> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}

/** Waits until something holds; fails after a generous while. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!await holds()) {
    assert(performance.now() < end, `${what} within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Scene extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly events: AuditEvent[];
  readonly one: string;
  readonly two: string;
  push(n: number): void;
  grant(entry: unknown): Promise<void>;
}

async function scene(isolation: "guard" | "worker", strict = false): Promise<Scene> {
  const folder = await temporaryFolder();
  const plugin = await scribe(folder);
  const [one, two] = [join(folder.path, "one.txt"), join(folder.path, "two.txt")];
  const grantsFile = join(folder.path, "caisson.grants.json");
  const grant = async (entry: unknown) =>
    void await folder.write("caisson.grants.json", {
      grants: 1,
      plugins: entry === undefined ? {} : { [name]: entry },
    });
  await grant({ isolation, permissions: { write: strict ? [one] : [one, two] } });
  const events: AuditEvent[] = [];
  const audit = { write: (event: AuditEvent) => void events.push(event), [Symbol.dispose]() {} };
  const runtime = new Runtime({ plugins: [plugin], grants: grantsFile, audit, onError() {} });
  let deliver: ((n: number) => void) | undefined;
  const queue: number[] = [];
  const push = (n: number): void => deliver === undefined ? void queue.push(n) : deliver(n);
  const stop = new AbortController();
  async function* numbers(): AsyncGenerator<{ n: number }> {
    while (!stop.signal.aborted) {
      if (queue.length === 0) {
        await new Promise<void>((resolve) => {
          stop.signal.addEventListener("abort", () => resolve(), { once: true });
          deliver = (n) => {
            deliver = undefined;
            queue.push(n);
            resolve();
          };
        });
      }
      for (const n of queue.splice(0)) yield { n };
    }
  }
  runtime.provide({ type: "numbers", kind: "source", create: () => fromAsyncIterable(numbers()) });
  await runtime.discover();
  await runtime.deploy({
    name: "flow",
    connectors: {
      input: { type: "numbers" },
      output: { type: "scribe", config: { files: [one, two], strict } },
    },
    links: [{ from: "input", to: "output" }],
  });
  return {
    runtime,
    events,
    one,
    two,
    push,
    grant,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await runtime.stop({ deadlineMs: 0 });
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a permission that is taken back is gone at once: the guard is restarted with what is left", async () => {
  await using on = await scene("guard");
  on.push(1);
  await until("the first event in both files", async () => (await readNumbers(on.two)).length === 1);
  await on.grant({ isolation: "guard", permissions: { write: [on.one] } });
  const applied = await on.runtime.applyGrants();
  assertEquals(applied.map(({ outcome, changes }) => [outcome, changes]), [["restarted", [`- write ${on.two}`]]]);
  // The event that finds the process gone may fail; the ones after it reach the new one.
  let n = 1;
  await until("an event in the file that is left", async () => {
    on.push(++n);
    return (await readNumbers(on.one)).some((each) => each > 1);
  });
  assertEquals(await readNumbers(on.two), [1]);
  assertEquals(on.events.map(({ kind }) => kind).filter((kind) => kind !== "crash").slice(0, 2), ["load", "restart"]);
  assertEquals(on.runtime.flows.length, 1);
});

Deno.test("a plugin that is granted nothing any more is stopped with its flow", async () => {
  await using on = await scene("guard");
  on.push(1);
  await until("the first event", async () => (await readNumbers(on.one)).length === 1);
  await on.grant(undefined);
  const [applied] = await on.runtime.applyGrants();
  assertEquals(applied!.outcome, "stopped");
  await until("the end of the flow", () => on.runtime.flows.length === 0);
  on.push(2);
  assertEquals(await readNumbers(on.one), [1]);
  assert(on.events.some(({ kind }) => kind === "stop"));
});

Deno.test("in the host nothing can be taken back, so the flow is stopped", async () => {
  await using on = await scene("worker");
  await on.grant({ isolation: "worker", permissions: { write: [on.one] } });
  const [applied] = await on.runtime.applyGrants();
  assertEquals(applied!.outcome, "stopped");
  await until("the end of the flow", () => on.runtime.flows.length === 0);
});

Deno.test("grants that say the same leave everything as it is, and half a file decides nothing", async () => {
  await using on = await scene("guard");
  assertEquals(await on.runtime.applyGrants(), []);
  await Deno.writeTextFile(join(on.one, "..", "caisson.grants.json"), '{ "grants": 1, "plug');
  const error = await on.runtime.applyGrants().then(() => undefined, (thrown) => thrown);
  assertStringIncludes(String(error), "CAISSON_GRANT_INVALID");
  on.push(1);
  await until("the event", async () => (await readNumbers(on.two)).length === 1);
});

for (const isolation of ["guard", "worker"] as const) {
  Deno.test(`what a plugin in a ${isolation} tried and was refused is recorded`, async () => {
    await using on = await scene(isolation, true);
    on.push(1);
    await until("the record", () => on.events.some(({ kind }) => kind === "deny"));
    const denied = on.events.find((event) => event.kind === "deny")!;
    assertEquals([denied.plugin, denied.connector, denied.code], [name, "flow/output", "CAISSON_PERMISSION_DENIED"]);
    assertStringIncludes(denied.cause, on.two);
  });
}

Deno.test("a plugin goes on when nothing can be recorded, and the host is told", async () => {
  await using folder = await temporaryFolder();
  const plugin = await scribe(folder);
  const one = join(folder.path, "one.txt");
  const grants = await folder.write("caisson.grants.json", {
    grants: 1,
    plugins: { [name]: { permissions: { write: [one] } } },
  });
  const errors: string[] = [];
  const audit = openAuditLog({ folder: join(folder.path, "audit") });
  audit[Symbol.dispose]();
  await Deno.remove(join(folder.path, "audit"), { recursive: true });
  await folder.write("audit", "a file where the folder was");
  await using runtime = new Runtime({ plugins: [plugin], grants, audit, onError: ({ code }) => errors.push(code) });
  runtime.provide({ type: "numbers", kind: "source", create: () => fromAsyncIterable([{ n: 1 }]) });
  await runtime.discover();
  const flow = await runtime.deploy({
    name: "flow",
    connectors: { input: { type: "numbers" }, output: { type: "scribe", config: { files: [one] } } },
    links: [{ from: "input", to: "output" }],
  });
  await flow.done;
  assertEquals(await readNumbers(one), [1]);
  assertEquals(errors, ["CAISSON_AUDIT_FAILED"]);
});

Deno.test("the load of a plugin is recorded with what it may touch", async () => {
  await using on = await scene("guard");
  const load = on.events.find((event) => event.kind === "load")!;
  assertEquals([load.plugin, load.connector, load.isolation], [name, "flow/output", "guard"]);
  assertStringIncludes(load.permissions, on.one);
});

Deno.test({
  name: "a guard that ends after its plugin was changed in the store is not started again",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const plugin = await scribe(folder);
    const places = { lock: join(folder.path, "caisson.lock"), store: join(folder.path, ".caisson", "store") };
    const audit = { write: () => {}, [Symbol.dispose]() {} };
    const { hash } = (await installPlugin({ spec: plugin, ...places, audit })).version;
    const one = join(folder.path, "one.txt");
    const file = await folder.write("caisson.grants.json", {
      grants: 1,
      plugins: { [name]: { permissions: { write: [one] } } },
    });
    const lines: string[] = [];
    const log = createLogger({ sink: (line) => lines.push(line) });
    const runtime = new Runtime({ installed: places, grants: file, log });
    const queue = [{ n: 1 }];
    let wake = Promise.withResolvers<void>();
    let ended = false;
    async function* numbers(): AsyncGenerator<{ n: number }> {
      for (; !ended; await wake.promise) {
        wake = Promise.withResolvers<void>();
        yield* queue.splice(0);
      }
    }
    runtime.provide({ type: "numbers", kind: "source", create: () => fromAsyncIterable(numbers()) });
    try {
      await runtime.discover();
      await runtime.deploy({
        name: "flow",
        connectors: { input: { type: "numbers" }, output: { type: "scribe", config: { files: [one] } } },
        links: [{ from: "input", to: "output" }],
      });
      await until("the first event", async () => (await readNumbers(one)).length === 1);
      const stored = join(places.store, hash, "mod.ts");
      await Deno.chmod(stored, 0o600);
      await Deno.writeTextFile(stored, (await Deno.readTextFile(stored)).replace('+ "\\n"', '+ "000\\n"'));
      // Another grant ends the process; the next event would start it again.
      await folder.write("caisson.grants.json", {
        grants: 1,
        plugins: { [name]: { permissions: { write: [one, `${one}.more`] } } },
      });
      assertEquals((await runtime.applyGrants()).map(({ outcome }) => outcome), ["restarted"]);
      await until("the refusal", () => {
        queue.push({ n: 2 });
        wake.resolve();
        return lines.some((line) => line.includes("CAISSON_PLUGIN_CHANGED"));
      });
      assertEquals(await readNumbers(one), [1]);
    } finally {
      ended = true;
      wake.resolve();
      await runtime.stop({ deadlineMs: 0 });
      await removeTree(places.store);
    }
  },
});
