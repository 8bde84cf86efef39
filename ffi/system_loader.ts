/** The adapter's operations without our own library, for machines without a compiler: needs all of `--allow-ffi`. @module */
import { CaissonError, messageOf } from "../runtime/errors/caisson_error.ts";
import { keptByAllocator } from "./kept_memory.ts";
import { type BareAdapter, cString, loadError } from "./native_adapter.ts";

const RTLD_NOW = 2;
const RTLD_NOLOAD = Deno.build.os === "darwin" ? 0x10 : 4;
const LIBRARIES: readonly string[] = Deno.build.os === "darwin"
  ? ["libSystem.dylib"]
  : ["libc.so.6", "libc.so", `libc.musl-${Deno.build.arch}.so.1`];

function addressOf(bytes: Uint8Array): bigint {
  return BigInt(Deno.UnsafePointer.value(
    Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>),
  ));
}

function read(address: bigint, out: Uint8Array): void {
  const pointer = Deno.UnsafePointer.create(address);
  if (pointer === null) return;
  new Deno.UnsafePointerView(pointer).copyInto(out as Uint8Array<ArrayBuffer>);
}

const SYMBOLS = {
  dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  dlclose: { parameters: ["pointer"], result: "i32" },
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
  dlerror: { parameters: [], result: "pointer" },
  calloc: { parameters: ["usize", "usize"], result: "pointer" },
  free: { parameters: ["pointer"], result: "void" },
} as const;

function openLibc(): Deno.DynamicLibrary<typeof SYMBOLS> {
  const reasons: string[] = [];
  for (const name of LIBRARIES) {
    try {
      return Deno.dlopen(name, SYMBOLS);
    } catch (cause) {
      reasons.push(messageOf(cause));
    }
  }
  throw new CaissonError("CAISSON_LIBRARY_LOAD", {
    subject: "the system's loader",
    found: reasons.join("; "),
    action: "Install a C compiler, so that the adapter can be built.",
  });
}

/**
 * Uses dlopen and its like of the C library.
 *
 * @throws {CaissonError} `CAISSON_LIBRARY_LOAD` when the C library is not found; on Windows always
 */
export function openSystemLoader(): BareAdapter {
  const library = openLibc();
  const { dlopen, dlclose, dlsym, dlerror, calloc, free } = library.symbols;
  return {
    address: addressOf,
    anchor(path) {
      const anchor = dlopen(cString(path), RTLD_NOW);
      if (anchor !== null) return anchor;
      const reason = dlerror();
      throw loadError(
        path,
        reason === null ? "dlopen failed" : new Deno.UnsafePointerView(reason).getCString(),
      );
    },
    releaseAnchor: (anchor) => void dlclose(anchor),
    exports: (anchor, name) => dlsym(anchor, cString(name)) !== null,
    isLoaded(path) {
      const found = dlopen(cString(path), RTLD_NOW | RTLD_NOLOAD);
      if (found === null) return false;
      dlclose(found);
      return true;
    },
    keep: (bytes) => keptByAllocator(calloc, free, bytes),
    read,
    shut: () => library.close(),
  };
}
