import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Runtime } from "../../mod.ts";
import type { AuditEvent } from "../../permissions/audit_log.ts";
import { LeakTrend } from "../../runtime/isolation/leak_trend.ts";
import { CheckingSink, PacedSource, until } from "./paced.ts";
import { stamping, writeStamper } from "./replace_folder.ts";

const MIB = 1 << 20;

Deno.test("a plugin that keeps ending is put in quarantine, which its flow, the audit log and its node say; replacing it ends that", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const audit: AuditEvent[] = [];
  const source = new PacedSource(200);
  const sink = new CheckingSink();
  try {
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(
      grants,
      JSON.stringify({
        grants: 1,
        plugins: { stamper: { permissions: {}, supervision: { restarts: 1, firstMs: 60_000 } } },
      }),
    );
    const ending = {
      kind: "processor",
      code:
        `export default { stamp: () => ({ process() { for (const kept = [];;) kept.push(new Array(1e6).fill(0)); } }) };`,
    };
    await using runtime = new Runtime({
      plugins: [await writeStamper(join(folder, "one"), "1.0.0", ending)],
      grants,
      audit: { write: (event) => void audit.push(event), [Symbol.dispose]() {} },
      onError() {},
      log: { write() {} },
    });
    await runtime.discover();
    runtime.provide({ type: "paced", kind: "source", create: () => source });
    runtime.provide({ type: "checking", kind: "sink", create: () => sink });
    const flow = await runtime.deploy({
      name: "flow",
      connectors: { input: { type: "paced" }, output: { type: "checking" } },
      processors: { middle: { type: "stamp", supervision: { firstMs: 1 } } },
      links: [{ from: "input", to: "middle" }, { from: "middle", to: "output" }],
    });
    const middle = () => flow.report().nodes.find(({ name }) => name === "middle")!;
    await until(() => middle().supervision?.quarantined !== undefined);
    assertEquals(middle().supervision!.restarts, 1);
    assertStringIncludes(middle().supervision!.quarantined!, "it ended too often");
    assertEquals(flow.state, "running");
    const kinds = audit.map(({ kind }) => kind).filter((kind) => kind !== "load");
    assertEquals(kinds, ["crash", "restart", "crash", "quarantine"]);
    assert(source.acked === 0 && sink.received === 0);

    const two = await writeStamper(join(folder, "two"), "1.0.1", stamping("2"));
    const [replaced] = await runtime.replacePlugin("stamper", { folder: two });
    assertEquals(replaced!.outcome, "replaced", replaced!.reason);
    await sink.more(1);
    assertEquals(middle().supervision, undefined);
    source.end();
    await flow.done;
    assertEquals(source.acked + source.failed, source.sent);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What a trend says over so many samples, ten seconds apart. */
function told(samples: number, bytes: (index: number) => number, limit = 512 * MIB): string[] {
  const trend = new LeakTrend(limit);
  const said: string[] = [];
  for (let index = 0; index < samples; index++) {
    const found = trend.add(index * 10_000, bytes(index));
    if (found !== undefined) said.push(found);
  }
  return said;
}

Deno.test("memory that grows steadily is told once, with the time that is left", () => {
  const said = told(360, (index) => 100 * MIB + index * MIB);
  assertEquals(said.length, 1);
  assertStringIncludes(said[0]!, "grows by 6.0 MiB a minute");
  assertStringIncludes(said[0]!, "in about 64 minutes");
});

Deno.test("memory that goes up and down, grew at the start, or hardly grows is no leak", () => {
  assertEquals(told(360, (index) => (100 + 60 * (index % 7)) * MIB), []);
  assertEquals(told(360, (index) => Math.min(200, 100 + index * 10) * MIB), []);
  assertEquals(told(360, (index) => 100 * MIB + index * 1000), []);
  assertEquals(told(20, (index) => 100 * MIB + index * MIB), []);
});
