/** One mapping of a library in this process, shared by everyone who loaded the same bytes. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { UNLOADABLE } from "../runtime/data/layout.ts";
import type { NativeAdapter } from "./native_adapter.ts";
import { callSite } from "./call_site.ts";
import type { Descriptor, NativeKind } from "./descriptor.ts";
import { CODEC_SYMBOLS, COMMON_SYMBOLS, PROCESSOR_SYMBOLS, SINK_SYMBOLS, SOURCE_SYMBOLS } from "./symbols.ts";

/** A group of functions that is bound at once. */
export type FunctionGroup = "common" | NativeKind;

/** Bound functions by key; `null` for optional ones the library leaves out. */
export type BoundFunctions = Readonly<
  Record<string, ((...parameters: never[]) => unknown) | null>
>;

/**
 * How a library was let go. `unmapped`: gone from memory. `parked`: mapped and harmless, because it is not unloadable,
 * still has something alive, or the system keeps it. `stuck`: a call never ended, so nothing may be closed.
 */
export type UnloadResult = "unmapped" | "parked" | "stuck";

const GROUPS: Readonly<Record<FunctionGroup, Deno.ForeignLibraryInterface>> = {
  common: COMMON_SYMBOLS,
  source: SOURCE_SYMBOLS,
  sink: SINK_SYMBOLS,
  processor: PROCESSOR_SYMBOLS,
  preprocessor: PROCESSOR_SYMBOLS,
  postprocessor: PROCESSOR_SYMBOLS,
  codec: CODEC_SYMBOLS,
};

/** What {@linkcode LoadedLibrary} is made of. */
export interface LoadedLibraryOptions {
  /** Path of the private copy. */
  readonly path: string;
  /** Names the plugin in errors. */
  readonly subject: string;
  /** What the file says about itself. */
  readonly descriptor: Descriptor;
  /** Closed with the library. */
  readonly adapter: NativeAdapter;
}

/** Owns the anchor, the Deno handles, and the count of calls on pool threads. */
export class LoadedLibrary {
  /** What the file says about itself. */
  readonly descriptor: Descriptor;
  /** The adapter. */
  readonly adapter: NativeAdapter;
  readonly #path: string;
  readonly #subject: string;
  readonly #anchor: Deno.PointerObject;
  readonly #handles: Deno.DynamicLibrary<Deno.ForeignLibraryInterface>[] = [];
  readonly #groups = new Map<FunctionGroup, BoundFunctions>();
  #inFlight = 0;
  #quiet: (() => void) | undefined;
  #reason: string | undefined;

  /**
   * Maps the library, which runs its constructors, and checks that it exports what its components need.
   *
   * @throws {CaissonError} `CAISSON_LIBRARY_LOAD`, `CAISSON_SYMBOL_MISSING`
   */
  constructor(options: LoadedLibraryOptions) {
    this.#path = options.path;
    this.#subject = options.subject;
    this.descriptor = options.descriptor;
    this.adapter = options.adapter;
    this.#anchor = this.adapter.anchor(options.path);
    const missing = this.#missingSymbols();
    if (missing.length === 0) return;
    this.adapter.releaseAnchor(this.#anchor);
    throw new CaissonError("CAISSON_SYMBOL_MISSING", {
      subject: this.#subject,
      found: `no ${missing.join(", ")}`,
      action: `Export ${missing.join(", ")}.`,
    });
  }

  #missingSymbols(): string[] {
    const kinds = this.descriptor.interfaces.map(({ kind }) => kind);
    const needed = ["common" as const, ...new Set(kinds)].flatMap((group) => Object.entries(GROUPS[group]));
    const names = needed.flatMap(([key, definition]) =>
      "optional" in definition && definition.optional === true ? [] : [definition.name ?? key]
    );
    return [...new Set(names)].filter((name) => !this.adapter.exports(this.#anchor, name));
  }

  /** Why {@linkcode unload} left it in memory; `undefined` when it did not. */
  get stayed(): string | undefined {
    return this.#reason;
  }

  /** Calls on pool threads that have not come back. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Binds a group on first use: every symbol costs some 0.14 ms, and most plugins provide one kind.
   *
   * @throws {CaissonError} `CAISSON_NATIVE_STATE` for a kind the library does not provide
   */
  functions(group: FunctionGroup): BoundFunctions {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    if (
      group !== "common" &&
      !this.descriptor.interfaces.some(({ kind }) => kind === group)
    ) {
      throw new CaissonError("CAISSON_NATIVE_STATE", {
        subject: this.#subject,
        found: `no ${group} in this library`,
        allowed: this.descriptor.interfaces.map(({ kind }) => kind).join(", "),
      });
    }
    const definitions = GROUPS[group];
    const handle = Deno.dlopen(this.#path, definitions);
    this.#handles.push(handle);
    const bound: Record<string, ((...parameters: never[]) => unknown) | null> = {};
    for (const [key, definition] of Object.entries(definitions)) {
      const raw = handle.symbols[key] as
        | ((...parameters: never[]) => unknown)
        | null;
      if (raw === null) bound[key] = null;
      else if ("nonblocking" in definition && definition.nonblocking === true) {
        bound[key] = this.#counted(raw as (...parameters: never[]) => Promise<unknown>);
      } else bound[key] = callSite(raw, (definition as Deno.ForeignFunction).parameters.length);
    }
    this.#groups.set(group, bound);
    return bound;
  }

  #counted(
    call: (...parameters: never[]) => Promise<unknown>,
  ): (...parameters: never[]) => Promise<unknown> {
    return async (...parameters) => {
      this.#inFlight++;
      try {
        return await call(...parameters);
      } finally {
        if (--this.#inFlight === 0) this.#quiet?.();
      }
    };
  }

  /**
   * What runs has to be what was read: the descriptor in memory against the one in the file.
   *
   * @throws {CaissonError} `CAISSON_DESCRIPTOR_INVALID`
   */
  compareDescriptor(section: Uint8Array): void {
    const describe = this.functions("common").describe as unknown as (
      out: Uint8Array,
      capacity: number,
    ) => number;
    const out = new Uint8Array(section.byteLength);
    const size = describe(out, out.byteLength);
    if (
      size <= out.byteLength &&
      out.subarray(0, size).every((byte, index) => byte === section[index])
    ) return;
    throw new CaissonError("CAISSON_DESCRIPTOR_INVALID", {
      subject: this.#subject,
      found: "caisson_describe_1 says something else than the file",
      allowed: "the descriptor in the file",
    });
  }

  /** Waits for calls on pool threads; `false` when the time was too short. */
  async #becomeQuiet(deadlineMs: number): Promise<boolean> {
    if (this.#inFlight === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#quiet = () => resolve(true);
    const timer = setTimeout(() => resolve(false), deadlineMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#quiet = undefined;
    }
  }

  /** Unloads when that is proven safe, else parks. Nothing may be called afterwards. */
  async unload(deadlineMs: number): Promise<UnloadResult> {
    if (!await this.#becomeQuiet(deadlineMs)) {
      this.#reason = `${this.#inFlight} calls have not come back`;
      // Closing either handle now would unmap code a pool thread is inside of.
      this.adapter.close();
      return "stuck";
    }
    const live = this.functions("common").live as unknown as () => number;
    const alive = live();
    if (alive > 0) this.#reason = `${alive} instances, threads or lent batches of it are alive`;
    else if ((this.descriptor.flags & UNLOADABLE) === 0) this.#reason = "it does not say that it is unloadable";
    for (const handle of this.#handles) handle.close();
    try {
      if (this.#reason !== undefined) return "parked";
      this.adapter.releaseAnchor(this.#anchor);
      // Thread-local destructors and unique symbols make the system keep a library that was closed.
      if (!this.adapter.isLoaded(this.#path)) return "unmapped";
      this.#reason = "the system keeps it: it has destructors of threads, or unique symbols";
      return "parked";
    } finally {
      this.adapter.close();
    }
  }
}
