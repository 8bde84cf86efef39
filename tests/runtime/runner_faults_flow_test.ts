import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import type { ComponentInstance } from "../../runtime/connector/contract.ts";
import { Flow } from "../../runtime/flow/flow.ts";
import { launchRunner } from "../../runtime/isolation/runner.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { ReplayingSource } from "./replaying_source.ts";

const EVENTS = 10_000;
const CRASHING = fromFileUrl(new URL("../ffi/plugins/crashing", import.meta.url));

for (const mode of ["null", "abort", "exit", "loop", "leak", "outside"]) {
  Deno.test(`a flow through a C plugin that does "${mode}" acks every event once, and goes on`, async () => {
    const folder = await Deno.makeTempDir();
    const source = new ReplayingSource(EVENTS);
    const { manifestFile, library, sha256 } = await buildPlugin({ folder: CRASHING });
    const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
    let instances = 0;
    const codes = new Set<string>();
    const flow = new Flow({
      definition: {
        name: "faulty",
        connectors: {
          in: { type: "numbers" },
          out: { type: "crashing_sink", config: { mode, once: `${folder}/sink`, after: 4 } },
        },
        processors: { pass: { type: "crashing_processor", config: { mode, once: `${folder}/processor`, after: 2 } } },
        links: [{ from: "in", to: "pass" }, { from: "pass", to: "out" }],
      },
      launch: async ({ kind, type, alias, config, signal }) => {
        if (kind === "source") {
          const instance: ComponentInstance = { isolation: "builtin", level: "none", part: { kind, source } };
          return { instance, plugin: "test" };
        }
        const instance = await launchRunner({
          library: { file: library, sha256 },
          manifest,
          provision: manifest.provides.find(({ name }) => name === type)!,
          context: { alias, config, signal, instance: ++instances, log: () => {} },
          memoryMiB: 128,
          permissions: Deno.build.os === "linux" ? () => ({ net: false, read: [folder], write: [folder] }) : undefined,
          options: { slotMs: 400, restart: { firstMs: 5 } },
        });
        return { instance, plugin: manifest.name };
      },
      onError: ({ code }) => void codes.add(code),
    });
    try {
      await flow.start();
      await flow.done;
      // The source itself refuses a second ack, and a batch that is settled twice or never.
      assertEquals(source.acked, EVENTS);
      assert(source.failed > 0, "nothing failed: the plugin did not do it");
      assertEquals(flow.report().state, "stopped");
      assert(source.longestGapMs < 10_000, `no event for ${source.longestGapMs} ms`);
      for (const code of codes) assert(code.startsWith("CAISSON_PLUGIN_"), code);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
