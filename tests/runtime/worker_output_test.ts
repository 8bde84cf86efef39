import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { type CaissonError, type FlowReport, fromAsyncIterable, Runtime, toAsyncIterable } from "../../mod.ts";

const PLUGIN = `export default { step: () => ({ process(events) {
  return events.flatMap(({ value }) => Array.from({ length: value.times }, () => ({ ...value, more: "y".repeat(value.more) })));
} }) };`;

interface Input {
  readonly times: number;
  readonly more: number;
  readonly text: string;
}

/** Sends events through a processor in a Worker that repeats and enlarges them. */
async function through(inputs: readonly Input[]): Promise<{ out: number; report: FlowReport; errors: CaissonError[] }> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const errors: CaissonError[] = [];
  try {
    await Deno.mkdir(join(folder, "step"));
    await Deno.writeTextFile(
      join(folder, "step", "plugin.json"),
      JSON.stringify({
        manifest: 1,
        name: "step",
        version: "1.0.0",
        runtime: "^0.1.0",
        provides: [{ kind: "processor", name: "step", interface: "processor@1.0", config: { type: "object" } }],
        module: "./mod.ts",
      }),
    );
    await Deno.writeTextFile(join(folder, "step", "mod.ts"), PLUGIN);
    const grants = join(folder, "grants.json");
    await Deno.writeTextFile(
      grants,
      JSON.stringify({ grants: 1, plugins: { step: { isolation: "worker", permissions: {} } } }),
    );
    await using runtime = new Runtime({
      plugins: [join(folder, "step")],
      grants,
      onError: (error) => errors.push(error),
    });
    await runtime.discover();
    const results = toAsyncIterable();
    runtime.provide({ type: "inputs", kind: "source", create: () => fromAsyncIterable(inputs) });
    runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
    const flow = await runtime.deploy({
      name: "grow",
      connectors: { in: { type: "inputs", batchBytes: 4 << 20 }, out: { type: "results" } },
      processors: { step: { type: "step" } },
      links: [{ from: "in", to: "step" }, { from: "step", to: "out" }],
    });
    let out = 0;
    for await (const _ of results) out++;
    await flow.done;
    return { out, report: flow.report(), errors };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a Worker processor may make its events larger than what it was sent", async () => {
  const { out, errors } = await through(
    Array.from({ length: 1500 }, () => ({ times: 1, more: 400, text: "x".repeat(800) })),
  );
  assertEquals(errors.map(({ message }) => message), []);
  assertEquals(out, 1500);
});

Deno.test("a Worker processor may make several events of one", async () => {
  const { out, errors } = await through(Array.from({ length: 1200 }, () => ({ times: 3, more: 0, text: "x" })));
  assertEquals(errors.map(({ message }) => message), []);
  assertEquals(out, 3600);
});

Deno.test("a batch of more bytes than a Worker takes at once goes through it in parts", async () => {
  const { out, errors, report } = await through(
    Array.from({ length: 1000 }, () => ({ times: 1, more: 0, text: "x".repeat(3000) })),
  );
  assertEquals(errors.map(({ message }) => message), []);
  assertEquals([out, report.failed, report.dropped], [1000, 0, 0]);
});
