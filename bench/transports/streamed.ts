/** A message over anything that is a stream of bytes. @module */
import { SIZES, type Transport } from "./transport.ts";

/** The host's end of a stream to a peer that answers. */
export interface Ends {
  /** Reads some bytes; `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes; how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that no more will be written. */
  end(): Promise<void>;
  /** Ends it at once. */
  close(): void | Promise<void>;
}

async function writeAll(ends: Ends, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await ends.write(bytes.subarray(at));
}

async function readAll(ends: Ends, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.byteLength;) {
    const read = await ends.read(into.subarray(at));
    if (read === null) throw new Error("the other end closed");
    at += read;
  }
}

/** Sends over a stream; `open` connects to a peer that echoes after a 0 and counts after a 1. */
export function streamed(
  name: string,
  open: () => Ends | Promise<Ends>,
  closeAll: () => void | Promise<void>,
): Transport {
  const payload = new Uint8Array(SIZES.at(-1)!);
  const answer = new Uint8Array(SIZES.at(-1)!);
  let ends: Ends | undefined;
  return {
    name,
    async echo(size) {
      if (ends === undefined) {
        ends = await open();
        await writeAll(ends, Uint8Array.of(0));
      }
      // Both at once: a message larger than the kernel's buffers would block both sides for ever.
      await Promise.all([writeAll(ends, payload.subarray(0, size)), readAll(ends, answer.subarray(0, size))]);
    },
    async flow(size, milliseconds) {
      const counted = await open();
      await writeAll(counted, Uint8Array.of(1));
      let bytes = 0;
      const started = performance.now();
      while (performance.now() - started < milliseconds) {
        await writeAll(counted, payload.subarray(0, size));
        bytes += size;
      }
      await counted.end();
      const total = new Uint8Array(8);
      await readAll(counted, total);
      const elapsed = performance.now() - started;
      await counted.close();
      if (new Float64Array(total.buffer)[0] !== bytes) throw new Error(`${name}: bytes were lost`);
      return { bytes, milliseconds: elapsed };
    },
    async close() {
      await ends?.close();
      await closeAll();
    },
  };
}
