/**
 * What Deno's FFI does not do by itself: addresses of buffers under a path-scoped `--allow-ffi`, and handles of our own
 * that keep a library mapped.
 * @module
 */
import { CaissonError, messageOf } from "../runtime/errors/caisson_error.ts";
import { buildAdapter, type BuildAdapterOptions } from "./build_adapter.ts";
import { callSites } from "./call_site.ts";
import { type OpenedBell, openHostBell } from "./host_bell.ts";
import { withPermission } from "./host_permission.ts";
import { type KeptMemories, openKeptMemories } from "./kept_memory.ts";
import { type BareAdapter, cString, loadError, type NativeAdapter } from "./native_adapter.ts";
import { openSystemLoader } from "./system_loader.ts";

const MESSAGE_BYTES = 1024;

function openAdapter(file: string): BareAdapter {
  const definitions = {
    address: {
      name: "caisson_adapter_address",
      parameters: ["buffer"],
      result: "u64",
    },
    anchor: {
      name: "caisson_adapter_anchor",
      parameters: ["buffer", "buffer", "u32"],
      result: "pointer",
    },
    releaseAnchor: {
      name: "caisson_adapter_release_anchor",
      parameters: ["pointer"],
      result: "i32",
    },
    exports: {
      name: "caisson_adapter_exports",
      parameters: ["pointer", "buffer"],
      result: "i32",
    },
    isLoaded: {
      name: "caisson_adapter_is_loaded",
      parameters: ["buffer"],
      result: "i32",
    },
    read: {
      name: "caisson_adapter_read",
      parameters: ["u64", "buffer", "u32"],
      result: "void",
    },
    scan: {
      name: "caisson_adapter_scan",
      parameters: ["buffer", "u32", "u32", "u32", "buffer", "u32"],
      result: "u32",
    },
  } as const;
  const library = Deno.dlopen(file, definitions);
  const symbols = callSites(library.symbols, definitions);
  let bell: OpenedBell | undefined;
  let kept: KeptMemories | undefined;
  return {
    bell: () => (bell ??= openHostBell(file)).bell,
    // Deno takes views of shared memory, too; only its types do not say so.
    address: (bytes) => symbols.address(bytes as Uint8Array<ArrayBuffer>),
    anchor(path) {
      const message = new Uint8Array(MESSAGE_BYTES);
      const anchor = symbols.anchor(
        cString(path),
        message,
        MESSAGE_BYTES,
      );
      if (anchor !== null) return anchor;
      const end = Math.max(0, message.indexOf(0));
      throw loadError(
        path,
        new TextDecoder().decode(message.subarray(0, end)),
      );
    },
    keep: (bytes) => (kept ??= openKeptMemories(file)).take(bytes),
    releaseAnchor: (anchor) => void symbols.releaseAnchor(anchor),
    exports: (anchor, name) => symbols.exports(anchor, cString(name)) === 1,
    isLoaded: (path) => symbols.isLoaded(cString(path)) === 1,
    read: (address, out) =>
      symbols.read(
        address,
        out as Uint8Array<ArrayBuffer>,
        out.byteLength,
      ),
    scan: (block, offset, stride, count, limits, segments) =>
      symbols.scan(
        block as Uint8Array<ArrayBuffer>,
        offset,
        stride,
        count,
        limits as Int32Array<ArrayBuffer>,
        segments,
      ),
    shut() {
      bell?.close();
      kept?.close();
      library.close();
    },
  };
}

async function unscoped(): Promise<boolean> {
  return (await Deno.permissions.query({ name: "ffi" })).state === "granted";
}

async function createAdapter(
  options: BuildAdapterOptions,
): Promise<BareAdapter> {
  let file: string;
  try {
    file = await buildAdapter(options);
  } catch (cause) {
    // With all of FFI allowed the system's own loader does, more slowly; without, only the adapter can.
    if (await unscoped()) return openSystemLoader();
    if (cause instanceof CaissonError) throw cause;
    throw new CaissonError("CAISSON_FFI_SCOPE", {
      subject: "adapter",
      found: messageOf(cause),
      allowed: "--allow-ffi without a path, or a C compiler that may be run",
      cause,
    });
  }
  return await withPermission(
    "native plugins",
    `--allow-ffi=${file.slice(0, file.lastIndexOf("adapter-"))}`,
    () => openAdapter(file),
  );
}

let current: { readonly adapter: Promise<BareAdapter>; users: number } | undefined;

/**
 * The process's adapter, compiled into the cache folder on first use. Close what is returned.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION`, `CAISSON_COMPILER_MISSING`, `CAISSON_BUILD_FAILED`,
 * `CAISSON_FFI_SCOPE`
 */
export async function acquireAdapter(
  options: BuildAdapterOptions = {},
): Promise<NativeAdapter> {
  const use = current ??= { adapter: createAdapter(options), users: 0 };
  use.users++;
  let open = true;
  const leave = (): Promise<void> | void => {
    if (!open) return;
    open = false;
    if (--use.users > 0) return;
    if (current === use) current = undefined;
    return use.adapter.then((adapter) => adapter.shut(), () => undefined);
  };
  try {
    const { shut: _, ...operations } = await use.adapter;
    return { ...operations, close: () => void leave() };
  } catch (cause) {
    await leave();
    throw cause;
  }
}
