import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { CaissonError, Runtime } from "../../mod.ts";
import type { AuditEvent } from "../../permissions/audit_log.ts";
import type { SourcePart } from "../../runtime/connector/contract.ts";
import { replaceablePart } from "../../runtime/control/replaceable_part.ts";
import { CheckingSink, PacedSource, until } from "./paced.ts";
import { copyTransform, stamping, writeStamper } from "./replace_folder.ts";

const RATE = 50_000;

interface Running {
  readonly runtime: Runtime;
  readonly folder: string;
  readonly source: PacedSource;
  readonly sink: CheckingSink;
  readonly audit: AuditEvent[];
}

interface Setup {
  readonly grants: Readonly<Record<string, unknown>>;
  readonly plugins: (folder: string) => Promise<readonly string[]>;
}

async function withRuntime({ grants, plugins }: Setup, test: (running: Running) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const audit: AuditEvent[] = [];
  const source = new PacedSource(RATE);
  const sink = new CheckingSink();
  try {
    const file = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(file, JSON.stringify({ grants: 1, plugins: grants }));
    await using runtime = new Runtime({
      plugins: await plugins(folder),
      grants: file,
      audit: { write: (event) => void audit.push(event), [Symbol.dispose]() {} },
      log: { write() {} },
    });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    runtime.provide({ type: "paced", kind: "source", create: () => source });
    runtime.provide({ type: "checking", kind: "sink", create: () => sink });
    await test({ runtime, folder, source, sink, audit });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const through = (type: string) => ({
  name: "through",
  connectors: { input: { type: "paced" }, output: { type: "checking" } },
  processors: { middle: { type } },
  links: [{ from: "input", to: "middle" }, { from: "middle", to: "output" }],
});

for (const isolation of ["guard", "worker"]) {
  Deno.test(`a processor in a ${isolation} is replaced while events flow: none is lost, none overtakes another`, () =>
    withRuntime({
      grants: { stamper: { isolation, permissions: {} } },
      plugins: async (folder) => [await writeStamper(join(folder, "one"), "1.0.0", stamping("1"))],
    }, async ({ runtime, folder, source, sink, audit }) => {
      const flow = await runtime.deploy(through("stamp"));
      await sink.more(5_000);
      await writeStamper(join(folder, "two"), "2.0.0", stamping("2"));
      const [replaced] = await runtime.replacePlugin("stamper", { folder: join(folder, "two") });
      assertEquals([replaced!.connector, replaced!.outcome], ["through/middle", "replaced"], replaced!.reason);
      assert(replaced!.pauseMs! < 500, `paused for ${replaced!.pauseMs} ms`);
      await sink.more(5_000);
      // The same folder, another content: what an author does.
      await writeStamper(join(folder, "two"), "2.0.1", stamping("3"));
      await runtime.replacePlugin("stamper");
      await sink.more(5_000);
      source.end();
      await flow.done;
      assertEquals(flow.report().errors, {});
      assertEquals([sink.misplaced, source.failed, source.acked, sink.received], [0, 0, source.sent, source.sent]);
      assertEquals(Object.keys(sink.versions), ["1", "2", "3"]);
      assertEquals(runtime.plugins.registered[0]!.package.manifest.version, "2.0.1");
      const records = audit.filter(({ kind }) => kind === "replace");
      assertEquals(records.map(({ plugin }) => plugin), ["stamper", "stamper"]);
      assertStringIncludes(JSON.stringify(records[0]), "1.0.0 by 2.0.0");
    }));
}

Deno.test("a processor in a runner is replaced while events flow", () =>
  withRuntime({
    grants: { "@caisson/transform": { isolation: "runner", permissions: {} } },
    plugins: async (folder) => [await copyTransform(join(folder, "one"), "1.0.0")],
  }, async ({ runtime, folder, source, sink }) => {
    const next = await copyTransform(join(folder, "two"), "1.1.0");
    const flow = await runtime.deploy(through("transform"));
    await sink.more(5_000);
    const [replaced] = await runtime.replacePlugin("@caisson/transform", { folder: next });
    assertEquals(replaced!.outcome, "replaced", replaced!.reason);
    assert(replaced!.pauseMs! < 500, `paused for ${replaced!.pauseMs} ms`);
    await sink.more(5_000);
    source.end();
    await flow.done;
    assertEquals([sink.misplaced, source.failed, source.acked, sink.received], [0, 0, source.sent, source.sent]);
  }));

const counting = (start: number): { readonly kind: string; readonly code: string } => ({
  kind: "source",
  code: `export default { stamp: () => {
    let n = 0, open = 0;
    return {
      async read() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return { kind: "events", values: Array.from({ length: 100 }, () => ({ n: n++, version: "${start}" })) };
      },
    };
  } };`,
});

Deno.test("a source in a guard is replaced: what the old one has read comes first, then the new one's", () =>
  withRuntime({
    grants: { stamper: { permissions: {} } },
    plugins: async (folder) => [await writeStamper(join(folder, "one"), "1.0.0", counting(1))],
  }, async ({ runtime, folder, sink }) => {
    const flow = await runtime.deploy({
      name: "read",
      connectors: { input: { type: "stamp" }, output: { type: "checking" } },
      links: [{ from: "input", to: "output" }],
    });
    await sink.more(2_000);
    await writeStamper(join(folder, "two"), "2.0.0", counting(2));
    const [replaced] = await runtime.replacePlugin("stamper", { folder: join(folder, "two") });
    assertEquals(replaced!.outcome, "replaced", replaced!.reason);
    await sink.more(2_000);
    await flow.stop();
    const report = flow.report();
    assertEquals([report.errors, report.in, report.failed], [{}, report.out, 0]);
    // The numbers begin anew with the new version, and only there: whole calls of the old one, in order, came before.
    assertEquals(sink.versions["1"]! % 100, 0);
    assertEquals(sink.misplaced, sink.versions["2"]);
  }));

Deno.test("a source that failed for good beside one that reads is not replaced, and whoever asks is told at once", () =>
  withRuntime({
    grants: { stamper: { permissions: {}, supervision: { restarts: 0 } } },
    plugins: async (folder) => [
      await writeStamper(join(folder, "one"), "1.0.0", {
        kind: "source",
        code: `export default { stamp: () => ({ read: () => Deno.exit(1) }) };`,
      }),
    ],
  }, async ({ runtime, folder, source, sink }) => {
    const flow = await runtime.deploy({
      name: "read",
      connectors: { other: { type: "paced" }, input: { type: "stamp" }, output: { type: "checking" } },
      links: [{ from: "other", to: "output" }, { from: "input", to: "output" }],
    });
    const input = () => flow.report().nodes.find(({ name }) => name === "input")!;
    await until(() => input().supervision?.quarantined !== undefined);
    await sink.more(10);
    await writeStamper(join(folder, "two"), "2.0.0", counting(2));
    const [replaced] = await runtime.replacePlugin("stamper", { folder: join(folder, "two") });
    assertEquals(replaced!.outcome, "kept");
    assertStringIncludes(replaced!.reason!, "a source that is read no more");
    await sink.more(10);
    source.end();
    await flow.done.catch(() => {});
    assertEquals([source.failed, sink.versions], [0, { none: source.sent }]);
  }));

Deno.test("a source that is read no more cannot be exchanged, also when it ended while it was to be", async () => {
  const launched = () => ({ part: { kind: "source", source: new PacedSource(1) } as const, stop() {} });
  const wrap = () => replaceablePart(launched(), { alias: "read/input", onError() {} })!;
  const sourceOf = ({ part }: ReturnType<typeof wrap>) => (part as { readonly source: SourcePart }).source;
  const over = wrap();
  sourceOf(over).readingEnded!();
  await assertRejects(() => over.replaceable.replace(launched()), CaissonError, "a source that is read no more");
  const ending = wrap();
  const replacing = assertRejects(
    () => ending.replaceable.replace(launched()),
    CaissonError,
    "a source that is read no more",
  );
  await new Promise((resolve) => setTimeout(resolve));
  sourceOf(ending).readingEnded!();
  await replacing;
});

Deno.test("a version that does not fit or does not start is refused, and the old one goes on", () =>
  withRuntime({
    grants: { stamper: { permissions: {} } },
    plugins: async (folder) => [await writeStamper(join(folder, "one"), "1.0.0", stamping("1"))],
  }, async ({ runtime, folder, source, sink }) => {
    const flow = await runtime.deploy(through("stamp"));
    await sink.more(100);
    const attempt = async (name: string, provision: Parameters<typeof writeStamper>[2]) => {
      const two = await writeStamper(join(folder, name), "2.0.0", provision);
      return await runtime.replacePlugin("stamper", { folder: two });
    };
    const broken = await attempt("throws", { kind: "processor", code: `throw new Error("not today");` });
    assertEquals(broken[0]!.outcome, "kept");
    assertStringIncludes(broken[0]!.reason!, "not today");
    const needy = await attempt("needy", {
      ...stamping("2"),
      config: { type: "object", required: ["key"], properties: { key: { type: "string" } } },
    });
    assertStringIncludes(needy[0]!.reason!, "CAISSON_CONFIG_INVALID");
    const other = await attempt("other", counting(2));
    assertStringIncludes(other[0]!.reason!, "CAISSON_FLOW_COMPONENT");
    await assertRejects(
      () => attempt("imports", { kind: "processor", code: `import "npm:zod"; export default {};` }),
      CaissonError,
    );
    await assertRejects(() => runtime.replacePlugin("nobody"), CaissonError, "no plugin nobody");
    assertEquals(runtime.plugins.registered[0]!.package.manifest.version, "1.0.0");
    await sink.more(100);
    source.end();
    await flow.done;
    assertEquals([Object.keys(sink.versions), source.failed, sink.misplaced], [["1"], 0, 0]);
  }));

Deno.test("a plugin is removed only when no flow uses it, or with force", () =>
  withRuntime({
    grants: { stamper: { permissions: {} } },
    plugins: async (folder) => [await writeStamper(join(folder, "one"), "1.0.0", stamping("1"))],
  }, async ({ runtime, sink }) => {
    const flow = await runtime.deploy(through("stamp"));
    await sink.more(100);
    const error = await assertRejects(() => runtime.removePlugin("stamper"), CaissonError);
    assertEquals([error.code, error.found], ["CAISSON_PLUGIN_IN_USE", "used by through"]);
    await runtime.removePlugin("stamper", { force: true });
    assertEquals([flow.state, runtime.plugins.registered.length], ["stopped", 0]);
    await assertRejects(() => runtime.deploy(through("stamp")), CaissonError, "no processor is called stamp");
  }));
