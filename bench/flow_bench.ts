/**
 * A million events through the whole runtime, `blaster` → filter → `blackhole`, at three payload sizes, medians of 5:
 *
 * ```sh
 * deno task offline deno run --no-lock --allow-read --allow-write --allow-env --allow-run --allow-ffi bench/flow_bench.ts
 * ```
 *
 * Where payloads are never touched, ns an event does not grow with their size.
 * @module
 */
// deno-lint-ignore-file no-console -- the terminal is where it reports
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../ffi/build.ts";
import { Runtime } from "../mod.ts";

const EVENTS = 1_000_000;
const ROUNDS = 5;

const plugins = ["blaster", "blackhole"].map((name) => fromFileUrl(new URL(`../plugins/${name}`, import.meta.url)));
for (const folder of plugins) await buildPlugin({ folder });
const folder = await Deno.makeTempDir();
const grants = join(folder, "caisson.grants.json");
const native = { isolation: "native", permissions: { read: false } };
await Deno.writeTextFile(
  grants,
  JSON.stringify({ grants: 1, plugins: { "@caisson/blaster": native, "@caisson/blackhole": native } }),
);

async function run(runtime: Runtime, bytes: number, keep: number): Promise<number> {
  const flow = await runtime.deploy({
    name: "bench",
    connectors: {
      in: { type: "blaster", config: { event_bytes: bytes, distinct: 64, count: EVENTS } },
      out: { type: "blackhole", config: { verify: true } },
    },
    pipelines: { some: [{ filter: (event) => event.index % keep === 0 }] },
    links: [{ from: "in", to: "some" }, { from: "some", to: "out" }],
  });
  await flow.done;
  const { seconds, out, nodes } = flow.report();
  const { outside } = nodes.find(({ name }) => name === "out")!.part;
  if (outside !== 0) console.log(`${outside} of ${out} payloads lie outside the source's memory`);
  return seconds * 1e9 / EVENTS;
}

try {
  await using runtime = new Runtime({ plugins, grants });
  await runtime.discover();
  console.log("bytes an event, ns an event: every event kept, every second kept");
  for (const bytes of [64, 1024, 65536]) {
    const medians = [];
    for (const keep of [1, 2]) {
      const times = [];
      for (let round = 0; round < ROUNDS; round++) times.push(await run(runtime, bytes, keep));
      medians.push(times.sort((left, right) => left - right)[ROUNDS >> 1]!.toFixed(0));
    }
    console.log(`${bytes}\t${medians.join("\t")}`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
