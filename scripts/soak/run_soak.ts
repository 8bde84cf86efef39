/** A week of life in minutes: a flow through a guard and a runner that are killed, replaced, paused and cut off. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPlugin } from "../../ffi/build.ts";
import { Runtime } from "../../mod.ts";
import { childProcesses } from "../../tests/isolation/child_processes.ts";
import { type MemoryFigures, MemorySamples } from "./memory_samples.ts";
import { SoakSink, SoakSource } from "./soak_ends.ts";

/** What a soak does. */
export interface SoakOptions {
  /** Events in all. */
  readonly events: number;
  /** How long they are spread over, seconds. */
  readonly seconds: number;
  /** Same seed, same order of disturbances. */
  readonly seed: number;
  /** Told what is done, and how it stands. */
  readonly say: (line: string) => void;
}

/** What came of it. */
export interface SoakReport {
  /** Events the source sent. */
  readonly sent: number;
  /** Events that were acked. */
  readonly settled: number;
  /** Events that were acked, or sent, and never arrived. */
  readonly lost: number;
  /** Events that arrived twice. */
  readonly twice: number;
  /** Batches that had two verdicts. */
  readonly verdictsTwice: number;
  /** What was done, by name. */
  readonly disturbances: Readonly<Record<string, number>>;
  /** Longest pause of a replacement, milliseconds. */
  readonly longestPauseMs: number;
  /** The host's memory in the second quarter of the run, when everything is warm, and in the last. */
  readonly memory: { readonly early: MemoryFigures; readonly late: MemoryFigures };
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs one soak; it ends when every event has been acked. */
export async function runSoak({ events, seconds, seed, say }: SoakOptions): Promise<SoakReport> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const random = randomOf(seed);
  const disturbances: Record<string, number> = {};
  const source = new SoakSource(events, seconds);
  let sink: SoakSink | undefined;
  let longestPauseMs = 0;
  const memory = new MemorySamples();
  try {
    const [guards, runners] = await Promise.all([writeGuards(folder), writeRunners(folder)]);
    const grants = join(folder, "caisson.grants.json");
    await Deno.writeTextFile(
      grants,
      JSON.stringify({
        grants: 1,
        plugins: { soaked: { permissions: {} }, "@caisson/transform": { permissions: {} } },
      }),
    );
    await using runtime = new Runtime({
      plugins: [guards[0]!, runners[0]!],
      grants,
      onError() {},
      log: { write() {} },
    });
    const { refused } = await runtime.discover();
    if (refused.length > 0) throw refused[0]!.error;
    runtime.provide({ type: "numbers", kind: "source", create: () => source });
    runtime.provide({ type: "checked", kind: "sink", create: (context) => sink = new SoakSink(events, context) });
    const supervision = { restarts: 1000, firstMs: 1, maxMs: 50 };
    const flow = await runtime.deploy({
      name: "soak",
      connectors: {
        input: { type: "numbers", batchEvents: 256 },
        output: { type: "checked", reconnect: { intervalMs: 5, growth: 1.5, maxIntervalMs: 100 } },
      },
      processors: { guarded: { type: "soaked", supervision }, native: { type: "transform", supervision } },
      links: [{ from: "input", to: "guarded" }, { from: "guarded", to: "native" }, { from: "native", to: "output" }],
    });
    let over = false;
    const done = flow.done.finally(() => over = true);
    const replace = async (name: string, folders: readonly string[]) => {
      for (const { pauseMs = 0 } of await runtime.replacePlugin(name, { folder: pick(folders, random) })) {
        longestPauseMs = Math.max(longestPauseMs, pauseMs);
      }
    };
    const pause = async (node?: string) => {
      await flow.pause(node);
      await wait(20 + random() * 200);
      await flow.resume(node);
    };
    const acts: Readonly<Record<string, () => void | Promise<unknown>>> = {
      "slow sink": () => sink?.beSlow(500),
      "failing sink": () => sink?.fail(100),
      reconnect: () => sink?.disconnect(Math.floor(random() * 4)),
      kill: async () => {
        const children = await childProcesses();
        if (children.length > 0) Deno.kill(pick(children, random), "SIGKILL");
      },
      "replace guard": () => replace("soaked", guards),
      "replace runner": () => replace("@caisson/transform", runners),
      "pause flow": () => pause(),
      "pause sink": () => pause("output"),
      "pause source": () => pause("input"),
    };
    const names = Object.keys(acts);
    const started = performance.now();
    const everyMs = Math.min(10_000, seconds * 1000 / 40);
    for (let next = started + everyMs; !over;) {
      await Promise.race([done, wait(150 + random() * 350)]);
      if (over) break;
      const name = pick(names, random);
      try {
        await acts[name]!();
        disturbances[name] = (disturbances[name] ?? 0) + 1;
      } catch (thrown) {
        // The flow, or the process, may have ended in between.
        if (!over && !(thrown instanceof Deno.errors.NotFound)) throw thrown;
      }
      if (performance.now() < next) continue;
      next += everyMs;
      const { live, resident } = memory.take();
      say(
        `${
          Math.round((performance.now() - started) / 1000)
        } s: ${source.settled} settled, ${source.resent} sent again, ${live.toFixed(0)} MiB alive, ${
          resident.toFixed(0)
        } resident`,
      );
    }
    await done;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return {
    sent: source.sent,
    settled: source.settled,
    lost: events - Math.min(source.settled, sink?.arrived ?? 0),
    twice: sink?.again ?? 0,
    verdictsTwice: source.twice,
    disturbances,
    longestPauseMs,
    memory: { early: memory.between(0.25, 0.5), late: memory.between(0.75, 1) },
  };
}

/** Two versions of a plugin in TypeScript. */
async function writeGuards(folder: string): Promise<string[]> {
  return await Promise.all(["1.0.0", "1.1.0"].map(async (version) => {
    const plugin = join(folder, `guard-${version}`);
    await Deno.mkdir(plugin);
    const provides = [{ kind: "processor", name: "soaked", interface: "processor@1.0" }];
    await Deno.writeTextFile(
      join(plugin, "plugin.json"),
      JSON.stringify({ manifest: 1, name: "soaked", version, runtime: "^0.1.0", provides, module: "./mod.ts" }),
    );
    await Deno.writeTextFile(
      join(plugin, "mod.ts"),
      `export default { soaked: () => ({ process: (events) => events.map(({ value }) => ({ ...value, by: "${version}" })) }) };\n`,
    );
    return plugin;
  }));
}

/** Two versions of a plugin in C. */
async function writeRunners(folder: string): Promise<string[]> {
  const from = join(root, "plugins", "transform");
  const manifest = JSON.parse(await Deno.readTextFile(join(from, "plugin.json")));
  const built: string[] = [];
  for (const version of ["1.0.0", "1.1.0"]) {
    const plugin = join(folder, `runner-${version}`);
    await Deno.mkdir(plugin);
    for (const name of ["transform.c", "event.c", "event.h"]) {
      const source = await Deno.readTextFile(join(from, name));
      await Deno.writeTextFile(join(plugin, name), source.replace(`"${manifest.version}"`, `"${version}"`));
    }
    await Deno.writeTextFile(join(plugin, "plugin.json"), JSON.stringify({ ...manifest, version }));
    await buildPlugin({ folder: plugin });
    built.push(plugin);
  }
  return built;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)]!;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
