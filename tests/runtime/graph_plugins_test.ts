/** One pipeline's graph with steps of the host, of a Worker and of a native library. */
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { type CaissonError, fromAsyncIterable, pipeline, ports, Runtime, shape, toAsyncIterable } from "../../mod.ts";

const transform = fromFileUrl(new URL("../../plugins/transform", import.meta.url));
await buildPlugin({ folder: transform });

const manifest = {
  manifest: 1,
  name: "doubling",
  version: "1.0.0",
  runtime: "^0.1.0",
  provides: [{ kind: "processor", name: "doubling", interface: "processor@1.0", config: { type: "object" } }],
  module: "./mod.ts",
};
const code =
  `export default { doubling: () => ({ process: (events) => events.map(({ value }) => ({ ...value, n: value.n * 2 })) }) };`;

Deno.test("a Worker and a native library are nodes of one pipeline's graph, beside steps of the host", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const errors: CaissonError[] = [];
  try {
    await Deno.mkdir(join(folder, "doubling"));
    await Deno.writeTextFile(join(folder, "doubling", "plugin.json"), JSON.stringify(manifest));
    await Deno.writeTextFile(join(folder, "doubling", "mod.ts"), code);
    const grants = join(folder, "caisson.grants.json");
    const plugins = { doubling: { isolation: "worker" }, "@caisson/transform": { isolation: "native" } };
    await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins }));
    await using runtime = new Runtime({
      plugins: [transform, join(folder, "doubling")],
      grants,
      onError: (error) => errors.push(error),
    });
    await runtime.discover();
    const results = toAsyncIterable<{ n: number; by: string }>();
    runtime.provide({ type: "results", kind: "sink", create: () => results.sink });
    runtime.provide({
      type: "numbers",
      kind: "source",
      create: () => fromAsyncIterable(Array.from({ length: 3000 }, (_, n) => ({ n, by: ["w", "c", "h"][n % 3]! }))),
    });
    const { worker, native, rest } = pipeline("main", { in: shape<{ n: number; by: string }>() })
      .branch({ worker: (event) => event("by").eq("w"), native: (event) => event("by").eq("c") });
    const flow = await runtime.deploy({
      name: "graph",
      connectors: { in: { type: "numbers" }, out: { type: "results" } },
      pipelines: {
        main: ports({
          out: worker.use<{ n: number; by: string }>("doubling")
            .merge(native.use<{ n: number; by: string }>("@caisson/transform:transform", { mode: "pass" }), rest)
            .where((event) => event("n").ge(0)),
        }),
      },
      links: [{ from: "in", to: "main" }, { from: "main", to: "out" }],
    });
    const values = await Array.fromAsync(results);
    await flow.done;
    assertEquals(errors, []);
    const expected = Array.from(
      { length: 3000 },
      (_, n) => ({ n: n % 3 === 0 ? 2 * n : n, by: ["w", "c", "h"][n % 3]! }),
    );
    for (const by of ["w", "c", "h"]) {
      assertEquals(values.filter((value) => value.by === by), expected.filter((value) => value.by === by));
    }
    assertEquals(values.length, 3000);
    const isolations = flow.report().nodes.filter(({ role }) => role === "processor").map(({ isolation }) => isolation);
    assertEquals(isolations.toSorted(), ["native", "worker"]);
    assertEquals(flow.report().failed, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
