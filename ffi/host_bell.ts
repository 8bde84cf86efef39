/** Opens the bell in the adapter's library. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import type { HostBell } from "./native_adapter.ts";

/** An opened bell, and the handle it is called through. */
export interface OpenedBell {
  /** The bell. */
  readonly bell: HostBell;
  /** Gives the handle back; the library itself stays in memory, since a parked plugin may go on using it. */
  close(): void;
}

/**
 * Opens the bell of this process.
 *
 * @param file the adapter's library
 * @throws {CaissonError} `CAISSON_INTERNAL` when the system has no handle left
 */
export function openHostBell(file: string): OpenedBell {
  const library = Deno.dlopen(
    file,
    {
      open: { name: "caisson_bell_open", parameters: [], result: "i64" },
      kind: { name: "caisson_bell_kind", parameters: [], result: "u32" },
      wait: { name: "caisson_bell_wait", parameters: [], result: "void", nonblocking: true },
      ring: { name: "caisson_bell_ring", parameters: [], result: "void" },
      logFunction: { name: "caisson_bell_log_function", parameters: [], result: "u64" },
    } as const,
  );
  const { symbols } = library;
  const handle = BigInt(symbols.open());
  if (handle < 0n) {
    library.close();
    throw new CaissonError("CAISSON_INTERNAL", {
      subject: "bell of native plugins",
      found: `error ${-handle} of the system`,
    });
  }
  return {
    bell: {
      kind: symbols.kind(),
      handle,
      logFunction: BigInt(symbols.logFunction()),
      wait: () => symbols.wait(),
      ring: () => symbols.ring(),
    },
    close: () => library.close(),
  };
}
