import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { type CaissonError, type FlowReport, Runtime } from "../../mod.ts";

const plugins = ["blaster", "blackhole", "transform"].map((name) =>
  fromFileUrl(new URL(`../../plugins/${name}`, import.meta.url))
);
await Promise.all(plugins.map((folder) => buildPlugin({ folder })));

interface Running {
  readonly runtime: Runtime;
  readonly errors: readonly CaissonError[];
}

async function withPlugins(test: (running: Running) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const grants = join(folder, "caisson.grants.json");
  const native = { isolation: "native", permissions: { read: [folder] } };
  await Deno.writeTextFile(
    grants,
    JSON.stringify({
      grants: 1,
      plugins: { "@caisson/blaster": native, "@caisson/blackhole": native, "@caisson/transform": native },
    }),
  );
  const errors: CaissonError[] = [];
  try {
    await using runtime = new Runtime({ plugins, grants, onError: (error) => errors.push(error) });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    await test({ runtime, errors });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function part(report: FlowReport, name: string): Record<string, unknown> {
  return report.nodes.find((node) => node.name === name)!.part;
}

for (const bytes of [64, 65536]) {
  Deno.test(`moves a million events of ${bytes} bytes through a filter without moving a payload`, () =>
    withPlugins(async ({ runtime, errors }) => {
      const flow = await runtime.deploy({
        name: "zero-copy",
        connectors: {
          in: { type: "blaster", config: { event_bytes: bytes, distinct: 64, count: 1_000_000 } },
          out: { type: "blackhole", config: { verify: true } },
        },
        pipelines: { half: [{ filter: (event) => event.index % 2 === 0 }] },
        links: [{ from: "in", to: "half" }, { from: "half", to: "out" }],
      });
      await flow.done;
      const report = flow.report();
      assertEquals(errors, []);
      assertEquals([report.in, report.out, report.dropped, report.failed], [1_000_000, 500_000, 500_000, 0]);
      const { memory } = part(report, "in") as { memory: { base: number; length: number } };
      const sink = part(report, "out") as {
        outside: number;
        events: number;
        owners: { lowest: number; end: number }[];
      };
      assertEquals([sink.events, sink.outside, sink.owners.length], [500_000, 0, 1]);
      assertEquals(memory.length, bytes * 64);
      const { lowest, end } = sink.owners[0]!;
      assert(lowest >= memory.base && end <= memory.base + memory.length, "payloads lie outside the source's memory");
    }));
}

Deno.test("a processor passes records on: the sink still sees the source's memory", () =>
  withPlugins(async ({ runtime, errors }) => {
    const flow = await runtime.deploy({
      name: "processed",
      connectors: {
        in: { type: "blaster", config: { event_bytes: 512, distinct: 8, count: 20_000 } },
        out: { type: "blackhole", config: { verify: true } },
      },
      processors: { transform: { type: "transform", config: { mode: "pass" } } },
      links: [{ from: "in", to: "transform" }, { from: "transform", to: "out" }],
    });
    await flow.done;
    const report = flow.report();
    assertEquals(errors, []);
    assertEquals(report.out, 20_000);
    const { memory } = part(report, "in") as { memory: { base: number; length: number } };
    const { outside, owners } = part(report, "out") as { outside: number; owners: { lowest: number; end: number }[] };
    assertEquals(outside, 0);
    assert(owners.every(({ lowest, end }) => lowest >= memory.base && end <= memory.base + memory.length));
  }));

Deno.test("an event the sink refuses is failed at its source, and no other", () =>
  withPlugins(async ({ runtime, errors }) => {
    const flow = await runtime.deploy({
      name: "refusing",
      connectors: {
        in: { type: "blaster", config: { event_bytes: 16, count: 10_000 } },
        out: { type: "blackhole", config: { fail_every: 100 } },
      },
      links: [{ from: "in", to: "out" }],
    });
    await flow.done;
    const report = flow.report();
    assertEquals([report.in, report.out, report.failed], [10_000, 9_900, 100]);
    const { acked, failed } = part(report, "in") as { acked: number; failed: number };
    assertEquals([acked, failed], [9_900, 100]);
    assert(errors.every(({ code }) => code === "CAISSON_SINK_FAILED" || code === "CAISSON_NATIVE_CALL"));
  }));
