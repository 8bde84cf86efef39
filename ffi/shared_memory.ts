/** Memory that this process and one other hold together. @module */
import { join } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { buildSupport, type BuildSupportOptions } from "./build_support.ts";
import { cacheFolder, privateFolder } from "./cache_folder.ts";
import { withPermission } from "./host_permission.ts";
import { cString } from "./native_adapter.ts";

/** A multiple of every page size in use. */
const PAGE = 65_536;
const PATH_BYTES = 4096;

/** Memory another process can map, until it is disposed of. */
export interface SharedMemory extends Disposable {
  /** The buffer the shared part lies in. */
  readonly buffer: SharedArrayBuffer;
  /** Where the shared part starts in it. */
  readonly offset: number;
  /** Bytes that are shared. */
  readonly bytes: number;
  /** What the other process opens. */
  readonly path: string;
  /** Takes the path away, once the other process has mapped it; calling it again does nothing. */
  unlink(): void;
  /** Copies bytes into or out of it, in the largest steps the processor has. Both parts are checked to be long enough. */
  copy(to: Uint8Array, from: Uint8Array, bytes: number): void;
  /** Bytes of physical memory a process holds; `undefined` where the system does not tell. */
  residentBytes(pid: number): number | undefined;
  /**
   * Gives the buffer zeroed memory of its own. Views of it stay usable and show nothing of the other process any more.
   */
  [Symbol.dispose](): void;
}

function openLibrary(file: string) {
  return Deno.dlopen(
    file,
    {
      share: {
        name: "caisson_memory_share",
        parameters: ["buffer", "u64", "u64", "buffer", "u32", "buffer"],
        result: "i64",
      },
      unlink: { name: "caisson_memory_unlink", parameters: ["i32", "buffer"], result: "void" },
      unshare: { name: "caisson_memory_unshare", parameters: ["buffer", "u64", "u64"], result: "i32" },
      copy: { name: "caisson_memory_copy", parameters: ["buffer", "buffer", "u32"], result: "void" },
      resident: { name: "caisson_memory_resident", parameters: ["u32"], result: "i64" },
    } as const,
  );
}

/**
 * The library the host shares memory with, built when the cache does not hold it yet.
 *
 * @throws {CaissonError} `CAISSON_COMPILER_MISSING`, `CAISSON_HOST_PERMISSION`, `CAISSON_BUILD_FAILED`
 */
export async function buildShareLibrary(options: BuildSupportOptions = {}): Promise<string> {
  return await buildSupport({ name: "share", source: "memory/share.c" }, options);
}

/**
 * Allocates memory and makes it available to another process of the same user.
 *
 * On Linux nothing of it is in the file system, and the other process cannot change its size. Elsewhere a file of mode
 * 0600 with a random name lies in the cache folder until `unlink`.
 *
 * @param bytes how much, rounded up to whole pages
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION`, `CAISSON_COMPILER_MISSING`, `CAISSON_BUILD_FAILED`, and
 * `CAISSON_ISOLATION_REFUSED` where the system cannot
 */
export async function createSharedMemory(
  bytes: number,
  options: BuildSupportOptions = {},
): Promise<SharedMemory> {
  const file = await buildShareLibrary(options);
  const library = await withPermission(
    "memory for plugin processes",
    `--allow-ffi=${file.slice(0, file.lastIndexOf("share-"))}`,
    () => openLibrary(file),
  );
  const { symbols } = library;
  const rounded = Math.ceil(bytes / PAGE) * PAGE;
  const buffer = new SharedArrayBuffer(rounded + PAGE);
  // Deno takes views of shared memory, too; only its types do not say so.
  const view = new Uint8Array(buffer) as unknown as Uint8Array<ArrayBuffer>;
  const path = new Uint8Array(PATH_BYTES);
  if (Deno.build.os !== "linux") {
    const folder = await privateFolder(cacheFolder(options.cacheFolder), "memory");
    path.set(cString(join(folder, crypto.randomUUID())));
  }
  const handle = new Int32Array(1);
  const offset = Number(
    symbols.share(
      view,
      BigInt(buffer.byteLength),
      BigInt(rounded),
      path,
      PATH_BYTES,
      new Uint8Array(handle.buffer),
    ),
  );
  if (offset < 0) {
    library.close();
    throw new CaissonError("CAISSON_ISOLATION_REFUSED", {
      subject: "memory for plugin processes",
      found: Deno.build.os === "windows" ? "Windows is not supported" : `error ${-offset} of the system`,
      action: "Run the plugin in isolation worker or native, after a review.",
    });
  }
  let linked = true;
  let open = true;
  const unlink = (): void => {
    if (!linked) return;
    linked = false;
    symbols.unlink(handle[0]!, path);
  };
  return {
    buffer,
    offset,
    bytes: rounded,
    path: new TextDecoder().decode(path.subarray(0, path.indexOf(0))),
    unlink,
    copy(to, from, bytes) {
      // Closed, the library is gone; too long, JavaScript says so.
      if (!open || bytes > to.byteLength || bytes > from.byteLength) return to.set(from.subarray(0, bytes));
      symbols.copy(to as Uint8Array<ArrayBuffer>, from as Uint8Array<ArrayBuffer>, bytes);
    },
    residentBytes(pid) {
      const resident = open ? Number(symbols.resident(pid)) : -1;
      return resident < 0 ? undefined : resident;
    },
    [Symbol.dispose]() {
      if (!open) return;
      unlink();
      open = false;
      const status = symbols.unshare(view, BigInt(offset), BigInt(rounded));
      library.close();
      if (status < 0) {
        throw new CaissonError("CAISSON_INTERNAL", {
          subject: "memory of a plugin process",
          found: `error ${-status} of the system while giving it back`,
        });
      }
    },
  };
}
