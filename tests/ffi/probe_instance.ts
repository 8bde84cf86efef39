/** Opens an instance of the probe. @module */
import type { PluginLibrary } from "../../ffi/library.ts";
import { createErrorBuffer, NativeCallError } from "../../ffi/native_call_error.ts";
import { Batch } from "../../runtime/data/batch.ts";
import { HOST_LAYOUT } from "../../runtime/data/layout.ts";

/** An open instance with what it needs to be called. */
export interface ProbeInstance {
  /** The instance. */
  readonly instance: Deno.PointerObject;
  /** For every call. */
  readonly error: Uint8Array<ArrayBuffer>;
}

/** Opens one with a configuration. */
export async function openProbe(
  library: PluginLibrary,
  config: Readonly<Record<string, unknown>> = {},
): Promise<ProbeInstance> {
  const host = new Uint8Array(HOST_LAYOUT.bytes);
  const view = new DataView(host.buffer);
  view.setUint32(HOST_LAYOUT.size, HOST_LAYOUT.bytes, true);
  view.setUint32(HOST_LAYOUT.instance, 7, true);
  const memory = library.keep(HOST_LAYOUT.bytes);
  memory.write(0, host);
  const error = createErrorBuffer();
  const text = new TextEncoder().encode(JSON.stringify(config));
  const instance = await library.common.open(
    memory.pointer,
    0,
    text,
    text.byteLength,
    error,
  );
  if (instance === null) throw new NativeCallError("probe", -1, error);
  return { instance, error };
}

/** A batch whose arena native code can reach. */
export function nativeBatch(library: PluginLibrary, capacity = 64): Batch {
  const batch = Batch.allocate({ capacity });
  batch.setSegmentBase(0, library.addressOf(batch.arena));
  return batch;
}
