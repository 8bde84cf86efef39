import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { type CaissonError, type FlowReport, Runtime } from "../../mod.ts";
import { hasKernel } from "./kernel_twin.ts";

const KERNEL = fromFileUrl(new URL("../../plugins/json_kernel", import.meta.url));
const ignore = !await hasKernel();

interface Ran {
  readonly lines: readonly string[];
  readonly report: FlowReport;
  readonly errors: readonly CaissonError[];
}

/** Runs a file through filter and projection; `isolation`: what the kernel is granted, absent when it is not there. */
async function run(events: readonly string[], isolation?: string, cutter = "separate"): Promise<Ran> {
  const folder = await Deno.makeTempDir();
  try {
    const input = join(folder, "in.ndjson");
    const output = join(folder, "out.ndjson");
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(input, events.map((event) => `${event}\n`).join(""));
    const plugins = isolation === undefined ? {} : { "@caisson/json-kernel": { isolation, permissions: {} } };
    await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins }));
    const errors: CaissonError[] = [];
    await using runtime = new Runtime({
      plugins: isolation === undefined ? [] : [KERNEL],
      grants,
      onError: (error) => errors.push(error),
    });
    assertEquals((await runtime.discover()).refused.map(({ error }) => error.message), []);
    const flow = await runtime.deploy({
      name: "kernel-flow",
      connectors: {
        in: { type: "file", config: { path: input }, preprocessors: [cutter], codec: "json" },
        out: { type: "file", config: { path: output, mode: "write" }, postprocessors: ["separate"], codec: "json" },
      },
      pipelines: {
        main: [
          { filter: [">=", ["field", "status"], 500] },
          { project: { status: ["field", "status"], at: ["concat", ["field", "host"], ":", ["field", "port"]] } },
        ],
      },
      links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
    });
    await flow.done;
    const lines = (await Deno.readTextFile(output)).split("\n").slice(0, -1);
    return { lines, report: flow.report(), errors };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const events = Array.from(
  { length: 3000 },
  (_, n) =>
    n % 500 === 7 ? "{broken" : JSON.stringify({ status: 200 + (n % 5) * 100, host: `h${n}`, port: n % 90 ? n : [n] }),
);

Deno.test({
  name: "a flow uses the kernel where it is granted to run natively, and comes to the same",
  ignore,
  async fn() {
    await buildPlugin({ folder: KERNEL });
    const plain = await run(events);
    const native = await run(events, "native");
    assertEquals(native.lines, plain.lines);
    assertEquals(native.errors.map(({ code }) => code), plain.errors.map(({ code }) => code));
    const { in: taken, out, dropped, failed } = plain.report;
    assertEquals(
      { in: native.report.in, out: native.report.out, dropped: native.report.dropped, failed: native.report.failed },
      { in: taken, out, dropped, failed },
    );
    assertEquals(plain.report.nodes.some(({ name }) => name === "main.kernel"), false);
    const lines = native.report.nodes.find(({ name }) => name === "in.lines")!;
    assertEquals([lines.isolation, lines.part["events"]], ["native", 3000], "lines are cut natively, too");
    assertEquals(plain.report.nodes.some(({ name }) => name === "in.lines"), false);
    const cut = await run(events, "native", "@caisson/json-kernel:lines");
    assertEquals(cut.lines, plain.lines);
    assertEquals(cut.report.nodes.find(({ name }) => name === "in.preprocessors[0]")?.isolation, "native");
    const kernel = native.report.nodes.find(({ name }) => name === "main.kernel")!;
    assertEquals([kernel.isolation, kernel.part["events"]], ["native", 3000]);
  },
});

Deno.test({
  name: "steps that replace others while the flow runs get a kernel of their own, and the old one is closed",
  ignore,
  async fn() {
    await buildPlugin({ folder: KERNEL });
    const folder = await Deno.makeTempDir();
    try {
      const grants = join(folder, "caisson.grants.json");
      const plugins = { "@caisson/json-kernel": { isolation: "native", permissions: {} } };
      await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins }));
      const input = join(folder, "in.ndjson");
      await Deno.writeTextFile(input, '{"n":1}\n{"n":2}\n');
      await using runtime = new Runtime({ plugins: [KERNEL], grants });
      await runtime.discover();
      const got: unknown[] = [];
      let arrived = () => {};
      runtime.provide({
        type: "results",
        kind: "sink",
        create: () => ({
          accepts: "values",
          write(events): void {
            for (const { value } of events) got.push(value);
            arrived();
          },
          close: () => {},
        }),
      });
      const next = async () => {
        while (got.length === 0) await new Promise<void>((resolve) => arrived = resolve);
        return got.shift();
      };
      const flow = await runtime.deploy({
        name: "replaced",
        connectors: {
          in: { type: "file", config: { path: input, follow: true }, preprocessors: ["separate"] },
          out: { type: "results" },
        },
        pipelines: { main: [{ filter: [">", ["field", "n"], 1] }] },
        links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
      });
      const kernels = () => flow.report().nodes.filter(({ name }) => name === "main.kernel");
      assertEquals(await next(), { n: 2 });
      await flow.replacePipeline("main", [{ project: { twice: ["*", ["field", "n"], 2] } }]);
      assertEquals(kernels().length, 1);
      await Deno.writeTextFile(input, '{"n":3}\n', { append: true });
      assertEquals(await next(), { twice: 6 });
      await flow.replacePipeline("main", [{ filter: () => true }]);
      assertEquals(kernels(), []);
      await Deno.writeTextFile(input, '{"n":4}\n', { append: true });
      assertEquals(await next(), { n: 4 });
      await flow.stop();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
