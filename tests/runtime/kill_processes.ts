/** A flow through a runner and a guard that are killed again and again. @module */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import type { ComponentInstance } from "../../runtime/connector/contract.ts";
import { Flow } from "../../runtime/flow/flow.ts";
import type { ComponentRequest } from "../../runtime/flow/node_builder.ts";
import type { PartContext } from "../../runtime/connector/contract.ts";
import { launchGuard } from "../../runtime/isolation/guard.ts";
import type { ProcessOptions } from "../../runtime/isolation/launch_process.ts";
import { launchRunner } from "../../runtime/isolation/runner.ts";
import { noPermissions } from "../../runtime/isolation/start_worker.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";
import { ReplayingSource } from "./replaying_source.ts";
import { childProcesses, isRunning } from "../isolation/child_processes.ts";

/** Events of a batch, when the flow says nothing else. */
const BATCH = 1024;
const TRANSFORM = fromFileUrl(new URL("../../plugins/transform", import.meta.url));
const KEEPER = fromFileUrl(new URL("../isolation/fixtures/keeper", import.meta.url));

/** What was counted. */
export interface KillReport {
  /** Events the source had to be told about. */
  readonly events: number;
  /** Processes that were killed. */
  readonly kills: number;
  /** Events that failed and were sent again. */
  readonly failed: number;
  /** Events that arrived twice. */
  readonly duplicates: number;
  /** Most events in flight at once. */
  readonly mostInFlight: number;
  /** Longest time without an ack after a kill, milliseconds. */
  readonly longestGapMs: number;
}

/** Kills a process of ours at a random moment of the next milliseconds. */
async function killOne(): Promise<boolean> {
  const pids = await childProcesses();
  const pid = pids[Math.floor(Math.random() * pids.length)];
  if (pid === undefined) return false;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
  if (!await isRunning(pid)) return false;
  try {
    Deno.kill(pid, "SIGKILL");
    return true;
  } catch (cause) {
    // It ended by itself in between.
    if (cause instanceof Deno.errors.NotFound || (cause as { code?: string }).code === "ESRCH") return false;
    throw cause;
  }
}

/**
 * Sends numbered events through a C plugin in a runner to a TypeScript plugin in a guard, killing one of the two `kills`
 * times. Every event has to arrive and be acked once; only one that was in flight at a kill may arrive twice.
 */
export async function killProcesses(events: number, kills: number): Promise<KillReport> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const file = `${folder}/kept`;
  await Deno.writeFile(file, new Uint8Array());
  const source = new ReplayingSource(events);
  const options: ProcessOptions = { restart: { max: kills + 10, firstMs: 5, maxMs: 20 } };
  const { manifestFile, library, sha256 } = await buildPlugin({ folder: TRANSFORM });
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  let instances = 0;
  const errors = new Map<string, number>();
  const launch = async (request: ComponentRequest): Promise<{ instance: ComponentInstance; plugin: string }> => {
    const { alias, config, signal } = request;
    const context: PartContext = { alias, config, signal, instance: ++instances, log: () => {} };
    switch (request.kind) {
      case "source":
        return { instance: { isolation: "builtin", level: "none", part: { kind: "source", source } }, plugin: "test" };
      case "processor": {
        const [provision] = manifest.provides;
        const native = { file: library, sha256 };
        const instance = await launchRunner({ library: native, manifest, provision: provision!, context, options });
        return { instance, plugin: manifest.name };
      }
      default: {
        const instance = await launchGuard({
          plugin: { name: "@test/keeper", folder: KEEPER, module: `${KEEPER}/mod.ts` },
          provision: { kind: "sink", name: "keeper", interface: "sink@1.0" },
          permissions: { ...noPermissions, read: [KEEPER], write: [file] },
          context,
          options,
        });
        return { instance, plugin: "@test/keeper" };
      }
    }
  };
  const flow = new Flow({
    definition: {
      name: "killed",
      connectors: { in: { type: "numbers" }, out: { type: "keeper", config: { file } } },
      processors: { pass: { type: "transform", config: { mode: "pass" } } },
      links: [{ from: "in", to: "pass" }, { from: "pass", to: "out" }],
    },
    launch,
    onError: ({ code }) => void errors.set(code, (errors.get(code) ?? 0) + 1),
  });
  let killed = 0;
  try {
    const next = (): number => (killed + 1) * events / kills + 8 * BATCH;
    source.sendUntil(next());
    await flow.start();
    while (killed < kills && source.acked < events) {
      if (source.acked >= killed * events / kills && await killOne()) {
        killed++;
        source.sendUntil(next());
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    source.sendUntil(events);
    await flow.done;
    const kept = new Uint32Array((await Deno.readFile(file)).buffer);
    const counts = new Uint8Array(events);
    for (const n of kept) counts[n]!++;
    const duplicates = kept.length - events;
    const report: KillReport = {
      events,
      kills: killed,
      failed: source.failed,
      duplicates,
      mostInFlight: source.mostInFlight,
      longestGapMs: Math.round(source.longestGapMs),
    };
    assertEquals(counts.indexOf(0), -1, "an event was lost");
    assertEquals(source.acked, events);
    assertEquals(flow.report().state, "stopped");
    assert(killed > kills / 2, `only ${killed} of ${kills} processes were killed`);
    assert(source.mostInFlight <= 8 * BATCH, `${source.mostInFlight} in flight`);
    assert(duplicates <= source.failed, `${duplicates} twice, ${source.failed} failed`);
    assert(source.failed <= killed * source.mostInFlight, `${source.failed} failed at ${killed} kills`);
    for (const code of errors.keys()) assert(code.startsWith("CAISSON_PLUGIN_"), code);
    return report;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
