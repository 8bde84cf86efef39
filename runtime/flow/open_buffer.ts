/** Opens the buffer a link asks for, and says what it found. @module */
import { createCodec } from "../codec/codecs.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { BufferStore } from "./buffer_store.ts";
import type { BufferDefinition } from "./flow_definition.ts";
import { retryPolicy } from "./guards.ts";
import { LinkBuffer } from "./link_buffer.ts";
import type { LinkBufferOptions } from "./link_buffer_options.ts";

/**
 * Opens or makes the file and starts delivering what an earlier run left in it.
 *
 * @throws {CaissonError} `CAISSON_HOST_PERMISSION`, `CAISSON_BUFFER_IN_USE`, `CAISSON_BUFFER_BROKEN`,
 * `CAISSON_CONNECT_FAILED`, or `CAISSON_CONFIG_INVALID` for the codec
 */
export function openBuffer(
  { path, codec = "json", sync = "full", maxBytes = 1 << 28, inFlight = 4, retry = {} }: BufferDefinition,
  options: Pick<LinkBufferOptions, "alias" | "to" | "letters" | "reading" | "onError" | "onFailed">,
): LinkBuffer {
  const { alias, onError } = options;
  const stored = createCodec(codec, `${alias}: buffer.codec`);
  const store = new BufferStore(alias, path, sync);
  const { damaged, entries } = store.recovery;
  if (damaged > 0) {
    onError(
      new CaissonError("CAISSON_BUFFER_DAMAGED", {
        subject: alias,
        found: `${path}: ${damaged} of ${damaged + entries} entries`,
      }),
    );
  }
  return new LinkBuffer({
    ...options,
    store,
    codec: stored,
    maxBytes,
    inFlight,
    retry: retryPolicy(retry),
  });
}
