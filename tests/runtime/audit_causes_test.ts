/** Why a plugin's process ended, and what it was refused, can be read in the audit log afterwards. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import { type CaissonError, fromAsyncIterable, openAuditLog, Runtime } from "../../mod.ts";
import type { AuditRecord } from "../../permissions/audit_log.ts";
import { readAudit } from "../../permissions/read_audit.ts";
import type { RegisteredPlugin } from "../../runtime/registered_plugin.ts";
import { RunningPlugin } from "../../runtime/running_plugin.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { asSink } from "../isolation/native_plugins.ts";
import { openRunner } from "../isolation/runner_plugins.ts";

const CRASHING = fromFileUrl(new URL("../ffi/plugins/crashing", import.meta.url));

/** Takes memory until somebody stops it. */
const HOARDER = `export default {
  hoarder: () => ({
    async write() {
      const kept = [];
      for (;;) {
        kept.push(new Uint8Array(8 << 20).fill(1));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
  }),
};
`;

async function records(folder: string): Promise<AuditRecord[]> {
  const { lines } = await readAudit(folder);
  return lines.map((line) => {
    assert("record" in line, "a line of the log is damaged");
    return line.record;
  });
}

interface Sink {
  readonly plugin: string;
  readonly name: string;
  readonly type: string;
  readonly grant: Record<string, unknown>;
  readonly config?: Record<string, unknown>;
}

/** Gives one event to a sink that a host runs with an audit log; what stands in the log about the plugin afterwards. */
async function audited(folder: string, { plugin, name, type, grant, config = {} }: Sink): Promise<AuditRecord[]> {
  const grants = join(folder, "caisson.grants.json");
  const log = join(folder, "audit");
  await Deno.writeTextFile(grants, JSON.stringify({ grants: 1, plugins: { [name]: grant } }));
  const errors: CaissonError[] = [];
  {
    using audit = openAuditLog({ folder: log });
    await using runtime = new Runtime({
      plugins: [plugin],
      grants,
      audit,
      onError: (error) => errors.push(error),
      log: { write: () => {} },
    });
    const { refused } = await runtime.discover();
    assertEquals(refused.map(({ error }) => error.message), []);
    runtime.provide({ type: "one", kind: "source", create: () => fromAsyncIterable([{ n: 1 }]) });
    const flow = await runtime.deploy({
      name: "flow",
      connectors: { in: { type: "one" }, out: { type, config } },
      links: [{ from: "in", to: "out" }],
    });
    await flow.done;
    assertEquals(flow.report().failed, 1, "the sink did what it was told to");
  }
  return (await records(log)).filter((record) => record.plugin === name);
}

const CALL = Deno.build.arch === "x86_64" ? "setsid \\(112\\)" : "setsid \\(157\\)";

for (
  const [mode, expected] of [
    ["null", [["crash", "CAISSON_PLUGIN_CRASHED", /^ended by SIGSEGV/]]],
    ["exit", [["crash", "CAISSON_PLUGIN_CRASHED", /^ended with exit code 42/]]],
    ["session", [
      ["deny", "CAISSON_PERMISSION_DENIED", new RegExp(`the system call ${CALL}`)],
      ["crash", "CAISSON_PLUGIN_CRASHED", new RegExp(`ended by SIGABRT.*had refused it ${CALL}`)],
    ]],
  ] as const
) {
  Deno.test({
    name: `the audit log says why a runner that does "${mode}" ended, and which call it was refused`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await buildPlugin({ folder: CRASHING });
      const folder = await Deno.realPath(await Deno.makeTempDir());
      try {
        const found = await audited(folder, {
          plugin: join(CRASHING, "dist"),
          name: "@caisson/crashing",
          type: "crashing_sink",
          grant: { isolation: "runner", permissions: {} },
          config: { mode },
        });
        const load = found.find(({ kind }) => kind === "load");
        assert(load?.kind === "load");
        assertEquals([load.isolation, load.level, load.permissions], [
          "runner",
          "sandbox",
          `read ${join(CRASHING, "dist")}`,
        ]);
        const faults = found.flatMap((record) =>
          record.kind === "crash" || record.kind === "kill" || record.kind === "deny" ? [record] : []
        );
        assertEquals(faults.map(({ kind, code }) => [kind, code]), expected.map(([kind, code]) => [kind, code]));
        faults.forEach(({ cause, connector, instance }, index) => {
          assertMatch(cause, expected[index]![2]);
          assertEquals([connector, instance], ["flow/out", load.instance]);
        });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test({
  name: "the audit log says how much memory a guard held that was killed for it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    try {
      const plugin = join(folder, "hoarder");
      await Deno.mkdir(plugin);
      await Deno.writeTextFile(join(plugin, "mod.ts"), HOARDER);
      await Deno.writeTextFile(
        join(plugin, "plugin.json"),
        JSON.stringify({
          manifest: 1,
          name: "hoarder",
          version: "1.0.0",
          runtime: "^0.1.0",
          provides: [{ kind: "sink", name: "hoarder", interface: "sink@1.0" }],
          module: "./mod.ts",
          limits: { memoryMiB: 16 },
        }),
      );
      const found = await audited(folder, { plugin, name: "hoarder", type: "hoarder", grant: { permissions: {} } });
      const end = found.find(({ kind }) => kind === "crash" || kind === "kill");
      assert(end?.kind === "crash" || end?.kind === "kill");
      assertMatch(end.cause, /\d+ MiB of memory, of at most 272 MiB/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the audit log says which deadline a runner that loops has missed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    {
      using audit = openAuditLog({ folder });
      const plugin = {
        package: { manifest: { name: "loop" } },
        flowPermissions: new Map(),
      } as unknown as RegisteredPlugin;
      const running = new RunningPlugin({ plugin, instance: 7, connector: "flow/out", flow: "flow", audit });
      await using opened = await openRunner(CRASHING, "crashing_sink", { mode: "loop" }, {
        options: { slotMs: 400, closeMs: 500 },
        hosted: (link) => running.hosted(link),
      });
      const sink = asSink(opened);
      await sink.connect?.({ overall: 0, sinceLastSuccess: 0 });
      const batch = Batch.allocate();
      batch.appendBytes(new Uint8Array([65]), 1);
      await Promise.resolve(sink.write(batch)).catch(() => {});
    }
    const end = (await records(folder)).find(({ kind }) => kind === "kill");
    assert(end?.kind === "kill");
    assertEquals([end.code, end.connector, end.instance], ["CAISSON_PLUGIN_TIMEOUT", "flow/out", 7]);
    assertMatch(end.cause, /no progress on a batch for 400 ms/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
