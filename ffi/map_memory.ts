/** The plugin process's half of shared memory. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";

/** A multiple of every page size in use. */
const PAGE = 65_536;

/** What {@linkcode mapMemory} needs. */
export interface MapMemoryOptions {
  /** Library built from `memory/map.c`. */
  readonly library: string;
  /** What the host says to open. */
  readonly path: string;
  /** Bytes that are shared, a multiple of every page size. */
  readonly bytes: number;
  /** Process id of the host. */
  readonly parent: number;
  /** Gives up every system call that a plugin does not need, once the memory is mapped. @default {false} */
  readonly confine?: boolean;
}

/** Memory of the host; mapped until this process ends. */
export interface MappedMemory {
  /** The buffer the shared part lies in. */
  readonly buffer: SharedArrayBuffer;
  /** Where it starts. */
  readonly offset: number;
}

/**
 * Maps memory of the host and, where the system can, ties this process's life to the host's. The library is closed
 * before this returns, so that the permission to load it can be given away.
 *
 * @throws {CaissonError} `CAISSON_INTERNAL` when the system refuses, `CAISSON_SANDBOX_UNSOUND` when it does not confine
 */
export function mapMemory(options: MapMemoryOptions): MappedMemory {
  const { library, path, bytes, parent, confine = false } = options;
  const { symbols, close } = open(library);
  try {
    const ends = symbols.endWith(parent);
    if (ends < 0 && Deno.build.os === "linux") throw refused(`the host has ended: error ${-ends}`);
    const buffer = new SharedArrayBuffer(bytes + PAGE);
    const offset = Number(
      symbols.map(
        // Deno takes views of shared memory, too; only its types do not say so.
        new Uint8Array(buffer) as unknown as Uint8Array<ArrayBuffer>,
        BigInt(buffer.byteLength),
        BigInt(bytes),
        new TextEncoder().encode(`${path}\0`),
      ),
    );
    if (offset < 0) throw refused(`error ${-offset} of the system`);
    const confined = confine ? symbols.confine() : 0;
    if (confined < 0) throw unsound(`error ${-confined} of the system`);
    return { buffer, offset };
  } finally {
    close();
  }
}

function open(library: string) {
  const opened = Deno.dlopen(
    library,
    {
      map: {
        name: "caisson_memory_map",
        parameters: ["buffer", "u64", "u64", "buffer"],
        result: "i64",
      },
      confine: { name: "caisson_memory_confine", parameters: [], result: "i32" },
      endWith: { name: "caisson_memory_end_with", parameters: ["u32"], result: "i32" },
    } as const,
  );
  return { symbols: opened.symbols, close: () => opened.close() };
}

function unsound(found: string): CaissonError {
  return new CaissonError("CAISSON_SANDBOX_UNSOUND", {
    subject: "system calls of a guard",
    found,
    allowed: "a filter that every thread of the process is under",
  });
}

function refused(found: string): CaissonError {
  return new CaissonError("CAISSON_INTERNAL", { subject: "memory of the host", found });
}
