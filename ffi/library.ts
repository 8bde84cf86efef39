/** Loads native plugins: verified bytes, a private copy, an anchor, typed functions, and a quiet end. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { NEEDS_PROCESS } from "../runtime/data/layout.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";
import { acquireAdapter } from "./adapter.ts";
import type { Descriptor } from "./descriptor.ts";
import { withPermission } from "./host_permission.ts";
import { type FunctionGroup, LoadedLibrary, type UnloadResult } from "./loaded_library.ts";
import type { HostBell, NativeAdapter } from "./native_adapter.ts";
import { descriptorSection } from "./object_file.ts";
import { park, requireRoom } from "./parked.ts";
import { hostPlatform } from "./platform.ts";
import { privateCopy } from "./private_copy.ts";
import type { KeptMemory } from "./kept_memory.ts";
import { readLibrary } from "./read_library.ts";
import type { CodecFunctions, CommonFunctions, ProcessorFunctions, SinkFunctions, SourceFunctions } from "./symbols.ts";
import { verifyLibrary } from "./verify_library.ts";

/** Options of {@linkcode loadLibrary}. */
export interface LoadLibraryOptions {
  /** The library file. */
  readonly file: string;
  /** SHA-256 it must have, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Manifest it must agree with. */
  readonly manifest: Manifest;
  /** Cache folder to use instead of the platform's. */
  readonly cacheFolder?: string;
}

/** Options of {@linkcode PluginLibrary.close}. */
export interface CloseLibraryOptions {
  /** How long calls on pool threads may take to come back, milliseconds. @default {5000} */
  readonly deadlineMs?: number;
}

/** How a {@linkcode PluginLibrary} was closed; `shared`: someone else still uses the same mapping. */
export type CloseResult = UnloadResult | "shared";

type MutableFunctions = Record<
  string,
  ((...parameters: never[]) => unknown) | null
>;

interface Mapping {
  readonly library: Promise<LoadedLibrary>;
  users: number;
}

const mappings = new Map<string, Mapping>();
const addresses = new WeakMap<ArrayBufferLike, bigint>();
const unloads = { unmapped: 0, parked: 0, stuck: 0 };

/** How many mappings of this process were let go, by result; parked and stuck ones keep their memory. */
export function unloadCounts(): Readonly<Record<UnloadResult, number>> {
  return { ...unloads };
}

/**
 * A loaded native plugin. Every user of the same bytes has one of its own over one shared mapping.
 *
 * Call functions where they are (`library.source.poll(…)`, or through a kept `library.source`): one that was taken out
 * of its group still points into the library after it was unmapped, and calling it then ends the process.
 */
export class PluginLibrary implements AsyncDisposable {
  /** What the library says about itself. */
  readonly descriptor: Descriptor;
  readonly #subject: string;
  readonly #path: string;
  readonly #mapping: Mapping;
  readonly #library: LoadedLibrary;
  readonly #groups = new Map<FunctionGroup, MutableFunctions>();
  #closing: Promise<CloseResult> | undefined;

  /** Use {@linkcode loadLibrary}. */
  constructor(
    subject: string,
    path: string,
    mapping: Mapping,
    library: LoadedLibrary,
  ) {
    this.#subject = subject;
    this.#path = path;
    this.#mapping = mapping;
    this.#library = library;
    this.descriptor = library.descriptor;
  }

  /** Functions of every plugin. */
  get common(): CommonFunctions {
    return this.#functions("common") as unknown as CommonFunctions;
  }
  /** Functions of a source; bound on first use. @throws {CaissonError} `CAISSON_NATIVE_STATE` when there is none */
  get source(): SourceFunctions {
    return this.#functions("source") as unknown as SourceFunctions;
  }
  /** Functions of a sink; bound on first use. @throws {CaissonError} `CAISSON_NATIVE_STATE` when there is none */
  get sink(): SinkFunctions {
    return this.#functions("sink") as unknown as SinkFunctions;
  }
  /** Functions of a processor; bound on first use. @throws {CaissonError} `CAISSON_NATIVE_STATE` when there is none */
  get processor(): ProcessorFunctions {
    return this.#functions("processor") as unknown as ProcessorFunctions;
  }
  /** Functions of a preprocessor or postprocessor: those of a processor. @throws {CaissonError} `CAISSON_NATIVE_STATE` when there is none */
  interceptor(kind: "preprocessor" | "postprocessor"): ProcessorFunctions {
    return this.#functions(kind) as unknown as ProcessorFunctions;
  }
  /** Functions of a codec; bound on first use. @throws {CaissonError} `CAISSON_NATIVE_STATE` when there is none */
  get codec(): CodecFunctions {
    return this.#functions("codec") as unknown as CodecFunctions;
  }

  /** Why {@linkcode close} left the library in memory; `undefined` when it did not. */
  get stayed(): string | undefined {
    return this.#library.stayed;
  }

  /** Calls on pool threads that have not come back, by every user of the mapping. */
  get inFlight(): number {
    return this.#library.inFlight;
  }

  #functions(group: FunctionGroup): MutableFunctions {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    if (this.#closing !== undefined) throw this.#closed(group);
    // A copy, so that closing this user takes its functions away and leaves those of others.
    const functions = { ...this.#library.functions(group) };
    this.#groups.set(group, functions);
    return functions;
  }

  #closed(called: string): CaissonError {
    return new CaissonError("CAISSON_NATIVE_STATE", {
      subject: `${this.#subject} ${called}`,
      found: "the library was closed",
      allowed: "calls before close",
    });
  }

  /** The copy that is mapped: the same for everybody who loads these bytes. */
  get path(): string {
    return this.#path;
  }

  /**
   * Address of the first byte of a view, for structs that hold addresses. One call into C for each buffer; keep a
   * reference to the buffer for as long as native code uses the address.
   */
  addressOf(bytes: Uint8Array): bigint {
    const { buffer, byteOffset } = bytes;
    if (buffer.byteLength === 0) return 0n;
    let base = addresses.get(buffer);
    if (base === undefined) {
      base = this.#adapter("addressOf").address(new Uint8Array(buffer));
      addresses.set(buffer, base);
    }
    return base + BigInt(byteOffset);
  }

  /** Copies memory the plugin lent; the caller has checked that address and length lie in a lent segment. */
  read(address: bigint, out: Uint8Array): void {
    this.#adapter("read").read(address, out);
  }

  /** A look at all records of a batch in C, for `Batch.validate`; `undefined` where there is no adapter. */
  get scanRecords(): NativeAdapter["scan"] {
    return this.#adapter("scanRecords").scan;
  }

  /**
   * Takes memory that threads of the plugin may use after this process's JavaScript has ended.
   *
   * @throws {CaissonError} `CAISSON_INTERNAL` when there is none
   */
  keep(bytes: number): KeptMemory {
    return this.#adapter("keep").keep(bytes);
  }

  /** The process's bell; `undefined` where there is no adapter. */
  get bell(): HostBell | undefined {
    return this.#adapter("bell").bell?.();
  }

  #adapter(called: string): NativeAdapter {
    if (this.#closing !== undefined) throw this.#closed(called);
    return this.#library.adapter;
  }

  /**
   * Ends this use. Stop and close every instance before. The last user unloads the library when that is proven safe;
   * calls afterwards throw `CAISSON_NATIVE_STATE` instead of ending the process.
   */
  close(options: CloseLibraryOptions = {}): Promise<CloseResult> {
    return this.#closing ??= this.#close(options.deadlineMs ?? 5000);
  }

  async #close(deadlineMs: number): Promise<CloseResult> {
    for (const functions of this.#groups.values()) {
      for (const [key, present] of Object.entries(functions)) {
        if (present === null) continue;
        functions[key] = () => {
          throw this.#closed(key);
        };
      }
    }
    if (--this.#mapping.users > 0) return "shared";
    mappings.delete(this.#path);
    const result = await this.#library.unload(deadlineMs);
    unloads[result]++;
    if (result !== "unmapped") park(this.descriptor.plugin, this.#path);
    return result;
  }

  /** Closes with the default deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function mapLibrary(
  path: string,
  descriptor: Descriptor,
  section: Uint8Array,
  options: LoadLibraryOptions,
): Promise<LoadedLibrary> {
  const subject = options.manifest.name;
  const adapter = await acquireAdapter(options);
  let library: LoadedLibrary;
  try {
    library = await withPermission(
      subject,
      `--allow-ffi=${path}`,
      () => new LoadedLibrary({ path, subject, descriptor, adapter }),
    );
  } catch (cause) {
    adapter.close();
    throw cause;
  }
  try {
    await withPermission(
      subject,
      `--allow-ffi=${path}`,
      () => library.compareDescriptor(section),
    );
  } catch (cause) {
    await library.unload(0);
    throw cause;
  }
  return library;
}

/**
 * Loads a native plugin into this process: reads its bytes once, checks digest and everything
 * {@linkcode verifyLibrary} checks, and maps a private copy. This is the first moment code of the plugin runs.
 *
 * @throws {CaissonError} `CAISSON_LIBRARY_NOT_FOUND`, `CAISSON_LIBRARY_HASH`, `CAISSON_LIBRARY_LOAD`,
 * `CAISSON_SYMBOL_MISSING`, `CAISSON_ISOLATION_REFUSED`, `CAISSON_HOST_PERMISSION`, those of `verifyLibrary`, and those
 * of building the adapter
 * @example
 * ```ts
 * await using library = await loadLibrary({ file, sha256, manifest });
 * library.common.live();
 * ```
 */
export async function loadLibrary(
  options: LoadLibraryOptions,
): Promise<PluginLibrary> {
  const { manifest } = options;
  const subject = manifest.name;
  const bytes = await readLibrary(options.file, options.sha256, subject);
  const descriptor = verifyLibrary({ bytes, manifest });
  if ((descriptor.flags & NEEDS_PROCESS) !== 0) {
    throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
      subject,
      found: "native",
      allowed: "runner: the library says it needs a process of its own",
    });
  }
  const section = descriptorSection(bytes, hostPlatform(), subject);
  const path = await privateCopy(bytes, options.sha256.toLowerCase(), options);
  requireRoom(descriptor.plugin, path);
  let mapping = mappings.get(path);
  if (mapping === undefined) {
    mapping = {
      library: mapLibrary(path, descriptor, section, options),
      users: 0,
    };
    mappings.set(path, mapping);
  }
  mapping.users++;
  try {
    return new PluginLibrary(subject, path, mapping, await mapping.library);
  } catch (cause) {
    mapping.users--;
    if (mappings.get(path) === mapping) mappings.delete(path);
    throw cause;
  }
}
