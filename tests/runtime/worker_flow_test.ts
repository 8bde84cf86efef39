import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  type CaissonError,
  type FlowReport,
  fromAsyncIterable,
  pipeline,
  Runtime,
  shape,
  sum,
  toAsyncIterable,
} from "../../mod.ts";

interface PluginFiles {
  readonly kind: "source" | "sink" | "processor";
  readonly code: string;
  readonly permissions?: Record<string, unknown>;
  readonly files?: Record<string, string>;
}

interface Running {
  readonly folder: string;
  readonly runtime: Runtime;
  readonly errors: CaissonError[];
}

/** Writes plugins and grants into a folder of their own and sets up a runtime over them. */
async function withPlugins(
  plugins: Record<string, PluginFiles>,
  granted: Record<string, Record<string, unknown>>,
  test: (running: Running) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const errors: CaissonError[] = [];
  try {
    for (const [name, { kind, code, permissions, files = {} }] of Object.entries(plugins)) {
      const target = join(folder, "plugins", name);
      await Deno.mkdir(target, { recursive: true });
      const reasons = Object.fromEntries(Object.keys(permissions ?? {}).map((key) => [key, "a test"]));
      await Deno.writeTextFile(
        join(target, "plugin.json"),
        JSON.stringify({
          manifest: 1,
          name,
          version: "1.0.0",
          runtime: "^0.1.0",
          provides: [{ kind, name, interface: `${kind}@1.0`, config: { type: "object" } }],
          module: "./mod.ts",
          ...(permissions === undefined ? {} : { permissions: { ...permissions, reasons } }),
        }),
      );
      await Deno.writeTextFile(join(target, "mod.ts"), code);
      for (const [file, text] of Object.entries(files)) await Deno.writeTextFile(join(target, file), text);
    }
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(
      grants,
      JSON.stringify({
        grants: 1,
        plugins: Object.fromEntries(
          Object.keys(plugins).map((name) => [name, { isolation: "worker", permissions: granted[name] ?? {} }]),
        ),
      }),
    );
    await using runtime = new Runtime({
      pluginFolders: [join(folder, "plugins")],
      grants,
      onError: (error) => errors.push(error),
    });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    await test({ folder, runtime, errors });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Feeds numbers to a sink plugin and returns the report. */
async function feed(runtime: Runtime, sink: string, count: number): Promise<FlowReport> {
  runtime.provide({
    type: `numbers_for_${sink}`,
    kind: "source",
    create: () => fromAsyncIterable(Array.from({ length: count }, (_, n) => ({ n }))),
  });
  const flow = await runtime.deploy({
    name: `to-${sink}`,
    connectors: { input: { type: `numbers_for_${sink}` }, output: { type: sink } },
    links: [{ from: "input", to: "output" }],
  });
  await flow.done;
  return flow.report();
}

Deno.test("a Worker sink that throws fails its events, is reported, and the next write is tried", () =>
  withPlugins(
    {
      fickle: {
        kind: "sink",
        code: `export default { fickle: () => ({ write(events) {
        for (const { value } of events) if (value.n === 3) throw new TypeError("three is too many");
      } }) };`,
      },
      steady: { kind: "sink", code: `export default { steady: () => ({ write() {} }) };` },
    },
    {},
    async ({ runtime, errors }) => {
      const report = await feed(runtime, "fickle", 10);
      assertEquals(report.state, "stopped");
      assertEquals(report.in, 10);
      assertEquals(report.out + report.failed, 10);
      assert(report.failed > 0);
      assertStringIncludes(errors[0]!.message, "three is too many");
      assertEquals(errors[0]!.code, "CAISSON_PLUGIN_THREW");
      assertEquals((await feed(runtime, "steady", 5)).out, 5);
    },
  ));

Deno.test("a Worker sink that is refused a permission fails its events and the message names the grant", () =>
  withPlugins(
    {
      nosy: {
        kind: "sink",
        permissions: { read: true },
        code: `export default { nosy: () => ({ async write() { await Deno.readTextFile("/etc/hostname"); } }) };`,
      },
    },
    { nosy: { read: false } },
    async ({ runtime, errors }) => {
      const report = await feed(runtime, "nosy", 3);
      assertEquals([report.out, report.failed], [0, 3]);
      assertEquals(errors[0]!.code, "CAISSON_PERMISSION_DENIED");
      assertStringIncludes(errors[0]!.message, "nosy");
      assertStringIncludes(errors[0]!.message + errors[0]!.action, "read");
    },
  ));

Deno.test("a Worker plugin may touch exactly what manifest and grant both name", () =>
  withPlugins(
    {
      keeper: {
        kind: "sink",
        permissions: { write: true },
        code: `export default { keeper: ({ config }) => ({ async write(events) {
        await Deno.writeTextFile(config.path, events.map(({ value }) => value.n).join(","));
      } }) };`,
      },
    },
    { keeper: { write: ["kept.txt"] } },
    async ({ folder, runtime, errors }) => {
      runtime.provide({ type: "numbers", kind: "source", create: () => fromAsyncIterable([{ n: 1 }, { n: 2 }]) });
      for (const [name, path] of [["allowed", "kept.txt"], ["refused", "other.txt"]] as const) {
        const flow = await runtime.deploy({
          name,
          connectors: { input: { type: "numbers" }, output: { type: "keeper", config: { path: join(folder, path) } } },
          links: [{ from: "input", to: "output" }],
        });
        await flow.done;
        assertEquals(flow.report().failed, name === "allowed" ? 0 : 2);
      }
      assertEquals(await Deno.readTextFile(join(folder, "kept.txt")), "1,2");
      assertEquals(errors.at(-1)!.code, "CAISSON_PERMISSION_DENIED");
    },
  ));

Deno.test("a Worker source and processor carry values through a flow", () =>
  withPlugins(
    {
      counting: {
        kind: "source",
        code: `export default { counting: ({ config }) => { let n = 0; return { read() {
        if (n >= config.count) return { kind: "finished" };
        const values = []; while (values.length < 100 && n < config.count) values.push({ n: n++ });
        return { kind: "events", values };
      } }; } };`,
      },
      doubling: {
        kind: "processor",
        code: `import { double } from "./double.ts";
        export default { doubling: () => ({ process: (events) => events.map(({ value }) => ({ n: double(value.n) })) }) };`,
        files: { "double.ts": "export function double(n: number): number { return n * 2; }\n" },
      },
    },
    {},
    async ({ runtime, errors }) => {
      const results = toAsyncIterable<{ n: number }>();
      runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
      const flow = await runtime.deploy({
        name: "chain",
        connectors: { input: { type: "counting", config: { count: 2500 } }, output: { type: "results" } },
        processors: { twice: { type: "doubling" } },
        links: [{ from: "input", to: "twice" }, { from: "twice", to: "output" }],
      });
      const values = await Array.fromAsync(results);
      await flow.done;
      assertEquals(errors, []);
      assertEquals(values, Array.from({ length: 2500 }, (_, n) => ({ n: 2 * n })));
      assertEquals(
        flow.report().nodes.filter(({ isolation }) => isolation === "worker").length,
        2,
      );
    },
  ));

Deno.test("a Worker that dies in the middle fails what it held, and the host goes on", () =>
  withPlugins(
    {
      dying: {
        kind: "sink",
        code:
          `export default { dying: () => ({ write() { setTimeout(() => { throw new RangeError("gone"); }); return new Promise(() => {}); } }) };`,
      },
      steady: { kind: "sink", code: `export default { steady: () => ({ write() {} }) };` },
    },
    {},
    async ({ runtime, errors }) => {
      const report = await feed(runtime, "dying", 4);
      assertEquals([report.out, report.failed], [0, 4]);
      assert(errors.some(({ message }) => message.includes("gone")));
      assertEquals((await feed(runtime, "steady", 2)).out, 2);
    },
  ));

Deno.test("a step of a pipeline may be a plugin, and a window behind it may be larger than what is in flight", () =>
  withPlugins(
    {
      doubling: {
        kind: "processor",
        code:
          `export default { doubling: () => ({ process: (events) => events.map(({ value }) => ({ n: value.n * 2 })) }) };`,
      },
    },
    {},
    async ({ runtime, errors }) => {
      const count = 20_000;
      const results = toAsyncIterable<{ sum: number }>();
      runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
      runtime.provide({
        type: "numbers",
        kind: "source",
        create: () => fromAsyncIterable(Array.from({ length: count }, (_, n) => ({ n }))),
      });
      const flow = await runtime.deploy({
        name: "windowed",
        connectors: { input: { type: "numbers" }, output: { type: "results" } },
        pipelines: {
          main: pipeline("main", { in: shape<{ n: number }>() })
            .where((event) => event("n").ge(1))
            .use<{ n: number }>("doubling")
            .window({ tumbling: { size: 15_000 } })
            .select((event) => ({ sum: sum(event("n")) }))
            .build(),
        },
        links: [{ from: "input", to: "main" }, { from: "main", to: "output" }],
      });
      const values = await Array.fromAsync(results);
      await flow.done;
      assertEquals(errors, []);
      assertEquals(values, [{ sum: 15_000 * 15_001 }, { sum: (count - 1) * count - 15_000 * 15_001 }]);
      assertEquals(flow.report().nodes.map(({ role }) => role).filter((role) => role === "pipeline").length, 2);
    },
  ));
