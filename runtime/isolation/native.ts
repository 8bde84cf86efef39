/** The `native` isolation: a library in this process, called through `Deno.dlopen`. For trusted code, the hottest path. @module */
import { loadLibrary, type PluginLibrary } from "../../ffi/library.ts";
import type { ComponentInstance, PartContext } from "../connector/contract.ts";
import { INTERFACE_FAST, MAX_EVENTS } from "../data/layout.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Manifest, Provision } from "../manifest/manifest.ts";
import { type NativeDeadlines, NativeInstance } from "./native_instance.ts";
import { codecWork, NativeProcessor, processWork } from "./native_processor.ts";
import { NativeSink } from "./native_sink.ts";
import { NativeSource } from "./native_source.ts";

/** What {@linkcode launchNative} needs. */
export interface LaunchNativeOptions {
  /** The library as the sealed manifest names it. */
  readonly library: {
    /** Path of the file. */
    readonly file: string;
    /** SHA-256 it must have, hexadecimal. */
    readonly sha256: string;
  };
  /** Manifest the library must agree with. */
  readonly manifest: Manifest;
  /** Which component to launch. */
  readonly provision: Provision;
  /** What the instance is given. */
  readonly context: PartContext;
  /** Where the private copy goes. @default {the user's cache folder} */
  readonly cacheFolder?: string;
  /** How long the calls of the instance's life may take. */
  readonly deadlines?: NativeDeadlines;
}

/** What this isolation can drive. */
const KINDS: ReadonlySet<string> = new Set(["source", "sink", "processor", "codec", "preprocessor", "postprocessor"]);

/**
 * Loads a native plugin and opens one component of it. `connect` of the part starts it, `close` stops and frees it and
 * lets go of the library.
 *
 * @throws {CaissonError} what `loadLibrary` throws, `CAISSON_CONFIG_INVALID`, `CAISSON_NATIVE_CALL`,
 * `CAISSON_PLUGIN_TIMEOUT`, `CAISSON_ISOLATION_REFUSED`
 * @example
 * ```ts
 * const { part } = await launchNative({ library: { file, sha256 }, manifest, provision, context });
 * if (part.kind === "source") await part.source.connect?.({ overall: 0, sinceLastSuccess: 0 });
 * ```
 */
export async function launchNative(options: LaunchNativeOptions): Promise<ComponentInstance> {
  const { manifest, provision, context, cacheFolder, deadlines } = options;
  const library = await loadLibrary({
    ...options.library,
    manifest,
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
  });
  let component: number;
  try {
    component = componentIndex(library, provision);
  } catch (cause) {
    await library.close();
    throw cause;
  }
  const instance = await NativeInstance.open({
    library,
    component,
    context,
    ...(deadlines === undefined ? {} : { deadlines }),
  });
  return { isolation: "native", level: "none", part: partOf(library, component, instance, options) };
}

function componentIndex({ descriptor }: PluginLibrary, provision: Provision): number {
  if (!KINDS.has(provision.kind)) {
    throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
      subject: `${descriptor.plugin}: ${provision.name}`,
      found: `a ${provision.kind} in native code`,
      allowed: [...KINDS].join(", "),
    });
  }
  const index = descriptor.interfaces.findIndex(({ kind, name }) => kind === provision.kind && name === provision.name);
  if (index >= 0) return index;
  throw new CaissonError("CAISSON_DESCRIPTOR_MANIFEST", {
    subject: descriptor.plugin,
    found: `no ${provision.kind} "${provision.name}" in the library`,
    allowed: descriptor.interfaces.map(({ kind, name }) => `${kind} "${name}"`).join(", "),
  });
}

function partOf(
  { descriptor }: PluginLibrary,
  component: number,
  instance: NativeInstance,
  { provision, context }: LaunchNativeOptions,
): ComponentInstance["part"] {
  const fast = (descriptor.interfaces[component]!.flags & INTERFACE_FAST) !== 0;
  const maxEvents = Math.max(1, Math.min(descriptor.maxEvents, MAX_EVENTS));
  switch (provision.kind) {
    case "source":
      return { kind: "source", source: new NativeSource(instance) };
    case "sink":
      return { kind: "sink", sink: new NativeSink(instance, maxEvents, fast) };
    case "codec": {
      const work = codecWork(instance, context.direction!, fast);
      return { kind: "processor", processor: new NativeProcessor(instance, maxEvents, work) };
    }
    default: {
      const { library } = instance;
      const functions = provision.kind === "preprocessor" || provision.kind === "postprocessor"
        ? library.interceptor(provision.kind)
        : library.processor;
      const work = processWork(instance, functions, fast);
      return { kind: "processor", processor: new NativeProcessor(instance, maxEvents, work) };
    }
  }
}
