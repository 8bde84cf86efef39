/** Builds and opens native plugins for tests. @module */
import { fromFileUrl } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import type { ComponentInstance, Part, ProcessorPart, SinkPart, SourcePart } from "../../runtime/connector/contract.ts";
import type { BatchSinkPart } from "../../runtime/connector/contract.ts";
import { launchNative } from "../../runtime/isolation/native.ts";
import type { NativeDeadlines } from "../../runtime/isolation/native_instance.ts";
import type { Manifest } from "../../runtime/manifest/manifest.ts";

/** Folder of the first-party plugins. */
export const PLUGINS: string = fromFileUrl(new URL("../../plugins", import.meta.url));
/** Folder of the plugins made for tests. */
export const TEST_PLUGINS: string = fromFileUrl(new URL("../ffi/plugins", import.meta.url));

/** An opened component; disposing of it closes the part. */
export type Opened = ComponentInstance & AsyncDisposable;

let instances = 0;

/** Builds a plugin when it has changed, and opens one of its components. */
export async function openNative(
  folder: string,
  name: string,
  config: Readonly<Record<string, unknown>>,
  deadlines?: NativeDeadlines,
  log: (line: string) => void = () => {},
): Promise<Opened> {
  const { manifestFile, library, sha256 } = await buildPlugin({ folder });
  const manifest = JSON.parse(await Deno.readTextFile(manifestFile)) as Manifest;
  const instance = await launchNative({
    library: { file: library, sha256 },
    manifest,
    provision: manifest.provides.find((provision) => provision.name === name)!,
    context: {
      alias: `test/${name}`,
      instance: ++instances,
      config,
      signal: new AbortController().signal,
      log: (level, message) => log(`${level}: ${message}`),
    },
    ...(deadlines === undefined ? {} : { deadlines }),
  });
  return {
    ...instance,
    async [Symbol.asyncDispose]() {
      const { part } = instance;
      await (part.kind === "source" ? part.source : part.kind === "sink" ? part.sink : part.processor).close();
    },
  };
}

/** The source. */
export function asSource({ part }: Opened): SourcePart {
  if (part.kind !== "source") throw new TypeError(part.kind);
  return part.source;
}

/** The sink. */
export function asSink({ part }: Opened): BatchSinkPart {
  const sink: SinkPart | undefined = part.kind === "sink" ? part.sink : undefined;
  if (sink?.accepts !== "batches") throw new TypeError(part.kind);
  return sink;
}

/** The processor. */
export function asProcessor({ part }: Opened): ProcessorPart {
  if (part.kind !== "processor") throw new TypeError(part.kind);
  return part.processor;
}

/** Connects a part for the first time. */
export async function start(part: Part): Promise<void> {
  await part.connect!({ overall: 0, sinceLastSuccess: 0 });
}

/** Whether rustc is there. Without it tests in Rust are left out, loudly; in CI they run, and fail. */
export function hasRust(): boolean {
  try {
    if (new Deno.Command("rustc", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success) {
      return true;
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
  // deno-lint-ignore no-console -- the one who runs the tests has to see it
  console.error("\n*** rustc was not found: the tests of plugins in Rust DO NOT RUN. ***\n");
  return Deno.env.get("CI") !== undefined;
}
