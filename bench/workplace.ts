/** What every part of the benchmark needs: built plugins, input, and a runtime for each isolation. @module */
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../ffi/build.ts";
import type { PluginIsolation } from "../permissions/grants.ts";
import { availableIsolations } from "../permissions/isolation.ts";
import { createCodec } from "../runtime/codec/codecs.ts";
import type { ComponentInstance, PartContext } from "../runtime/connector/contract.ts";
import type { RingOptions } from "../runtime/data/ring.ts";
import { launchPlugin } from "../runtime/isolation/launch.ts";
import { launchWorker } from "../runtime/isolation/worker.ts";
import { Runtime } from "../runtime/runtime.ts";
import { generateEvents } from "./generate_events.ts";
import { type Region, regionOfLines, regionOfPrefixed, ReplayTwin, SwallowTwin } from "./twins.ts";

/** Every isolation the design knows, in the order tables list them. */
export const ISOLATIONS = ["native", "runner", "worker", "guard"] as const;

/** Where the benchmark's input may lie beside the repository; elsewhere it is generated alike. */
const RECORDED = new URL("../../shared/data/tremor/", import.meta.url);

/** One input file and the same in memory. */
export interface Input {
  /** Its file, for plugins. */
  readonly file: string;
  /** Its events, for builtin connectors and the loop by hand. */
  readonly region: Region;
  /** How events are told apart in the file. */
  readonly framing: "line" | "prefixed";
  /** Where it comes from, for the report. */
  readonly origin: string;
}

/** Bytes of an event on average. */
export function bytesPerEvent({ region }: Input): number {
  return region.lengths.reduce((sum, length) => sum + length, 0) / region.lengths.length;
}

/** Names of the components one isolation is measured with. */
export interface Components {
  readonly source: string;
  readonly sink: string;
  readonly processor: string;
}

function componentsOf(isolation: PluginIsolation): Components {
  return isolation === "native" || isolation === "runner"
    ? { source: "blaster", sink: "blackhole", processor: "transform" }
    : { source: "replay", sink: "swallow", processor: "echo" };
}

/** A part that was launched outside of any flow. */
export type LaunchedPart = ComponentInstance["part"];

/** One isolation, ready to run. */
export interface Place {
  readonly isolation: PluginIsolation;
  readonly runtime: Runtime;
  readonly components: Components;
  /** Launches and connects one component by itself. */
  launch(
    kind: keyof Components,
    config: Readonly<Record<string, unknown>>,
    options?: { readonly codec?: string; readonly ring?: RingOptions },
  ): Promise<LaunchedPart>;
}

/** Built plugins, input and runtimes; disposing removes what it wrote. */
export class Workplace implements AsyncDisposable {
  /** Isolations this version offers, ready to run. */
  readonly places: readonly Place[];
  /** Isolations it does not offer. */
  readonly missing: readonly string[];
  /** Input by codec; a codec this version does not have is absent. */
  readonly inputs: ReadonlyMap<"json" | "msgpack", Input>;
  /** Scratch folder. */
  readonly folder: string;

  readonly #libraries: ReadonlyMap<string, string>;

  private constructor(
    places: readonly Place[],
    missing: readonly string[],
    inputs: ReadonlyMap<"json" | "msgpack", Input>,
    folder: string,
    libraries: ReadonlyMap<string, string>,
  ) {
    this.#libraries = libraries;
    this.places = places;
    this.missing = missing;
    this.inputs = inputs;
    this.folder = folder;
  }

  /** Builds the plugins, writes input and grants, registers everything. */
  static async open(): Promise<Workplace> {
    const folder = await Deno.makeTempDir({ prefix: "caisson-bench-" });
    const built: string[] = [];
    const libraries = new Map<string, string>();
    for (const name of ["blaster", "blackhole", "transform"]) {
      const source = fromFileUrl(new URL(`../plugins/${name}`, import.meta.url));
      const { manifestFile, library } = await buildPlugin({ folder: source });
      built.push(manifestFile.slice(0, -"/plugin.json".length));
      libraries.set(name, library);
    }
    const inputs = await writeInputs(folder);
    const places: Place[] = [];
    for (const isolation of ISOLATIONS) {
      if (availableIsolations.includes(isolation)) places.push(await openPlace(isolation, built, folder, inputs));
    }
    const missing = ISOLATIONS.filter((isolation) => !availableIsolations.includes(isolation));
    return new Workplace(places, missing, inputs, folder, libraries);
  }

  /** File of a native plugin's library. */
  library(name: string): string {
    return this.#libraries.get(name)!;
  }

  /** Stops what runs and removes the scratch folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { runtime } of this.places) await runtime.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function writeInputs(folder: string): Promise<Map<"json" | "msgpack", Input>> {
  const inputs = new Map<"json" | "msgpack", Input>();
  const recorded = await readIfThere(new URL("data.json", RECORDED));
  const lines = recorded ?? new TextEncoder().encode(generateEvents());
  const origin = recorded === undefined ? "generated alike" : "Tremor's data.json";
  const file = join(folder, "data.json");
  await Deno.writeFile(file, lines);
  inputs.set("json", { file, region: regionOfLines(lines), framing: "line", origin });
  const msgpack = codecIfThere("msgpack");
  if (msgpack !== undefined) {
    const events = new TextDecoder().decode(lines).trim().split("\n").map((line) => msgpack.encode(JSON.parse(line)));
    const bytes = new Uint8Array(events.reduce((sum, event) => sum + 4 + event.byteLength, 0));
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const event of events) {
      view.setUint32(at, event.byteLength);
      bytes.set(event, at + 4);
      at += 4 + event.byteLength;
    }
    const packed = join(folder, "data.msgpack");
    await Deno.writeFile(packed, bytes);
    inputs.set("msgpack", { file: packed, region: regionOfPrefixed(bytes), framing: "prefixed", origin });
  }
  return inputs;
}

async function readIfThere(url: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A codec, or `undefined` where this version does not have it. */
export function codecIfThere(name: string): ReturnType<typeof createCodec> | undefined {
  try {
    return createCodec(name);
  } catch {
    // Only the name can be wrong.
    return undefined;
  }
}

async function openPlace(
  isolation: PluginIsolation,
  built: readonly string[],
  folder: string,
  inputs: ReadonlyMap<string, Input>,
): Promise<Place> {
  const native = isolation === "native" || isolation === "runner";
  const plugins = native ? built : [fromFileUrl(new URL("./plugins/replay", import.meta.url))];
  const names = native ? ["@caisson/blaster", "@caisson/blackhole", "@caisson/transform"] : ["@caisson/bench-replay"];
  const read = [...inputs.values()].map(({ file }) => file);
  const grants = join(folder, `grants-${isolation}.json`);
  const reads = new Set(["@caisson/blaster", "@caisson/bench-replay"]);
  await Deno.writeTextFile(
    grants,
    JSON.stringify({
      grants: 1,
      plugins: Object.fromEntries(
        names.map((name) => [name, { isolation, permissions: reads.has(name) ? { read } : {} }]),
      ),
    }),
  );
  const runtime = new Runtime({ plugins, grants, log: { write: () => {} } });
  runtime.provide({
    type: "twin_source",
    kind: "source",
    configSchema: { type: "object", properties: { input: { type: "string" } } },
    create: ({ config }) => new ReplayTwin(inputs.get(config["input"] as string)!.region),
  });
  runtime.provide({ type: "twin_sink", kind: "sink", create: () => new SwallowTwin() });
  const { registered, refused } = await runtime.discover();
  if (refused.length > 0) throw refused[0]!.error;
  const components = componentsOf(isolation);
  let instance = 0;
  return {
    isolation,
    runtime,
    components,
    async launch(kind, config, { codec = "binary", ring } = {}) {
      const name = components[kind];
      for (const plugin of registered) {
        const provision = plugin.package.manifest.provides.find((each) => each.name === name);
        if (provision === undefined) continue;
        const context: PartContext = {
          alias: `bench/${name}`,
          instance: ++instance,
          config,
          signal: new AbortController().signal,
          log: () => {},
        };
        const { manifest, folder: from } = plugin.package;
        const { part } = isolation === "worker" && ring !== undefined
          ? await launchWorker({
            plugin: { name: manifest.name, folder: from, module: join(from, manifest.module!) },
            provision,
            permissions: plugin.permissions,
            context,
            options: { codec, ring },
          })
          : await launchPlugin({ plugin, provision, codec, context });
        await openedPart(part).connect?.({ overall: 0, sinceLastSuccess: 0 });
        return part;
      }
      throw new RangeError(`no plugin provides ${name}`);
    },
  };
}

/** What the part is, whatever its kind. */
export function openedPart(part: LaunchedPart): {
  connect?(attempt: { overall: number; sinceLastSuccess: number }): void | Promise<void>;
  close(): void | Promise<void>;
} {
  return part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor;
}
