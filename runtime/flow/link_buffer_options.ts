/** What a durable buffer on a link needs. @module */
import type { Codec } from "../codec/codec.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import type { BufferStore } from "./buffer_store.ts";
import type { LetterBox } from "./dead_letters.ts";
import type { Consumer } from "./delivery.ts";
import type { RetryPolicy } from "./guarded_link.ts";

/** What a `LinkBuffer` needs. */
export interface LinkBufferOptions {
  /** `flow/from->to`, for errors. */
  readonly alias: string;
  /** Where the entries are; closed by `LinkBuffer.close`. */
  readonly store: BufferStore;
  /** How events lie in it. */
  readonly codec: Codec;
  /** Takes the events. */
  readonly to: Consumer;
  /** Bytes after which whoever sends has to wait; the last delivery may go beyond. */
  readonly maxBytes: number;
  /** Entries that may be under way: as many may arrive twice when the process dies. */
  readonly inFlight: number;
  /** What is done with events that were not delivered. */
  readonly retry: RetryPolicy;
  /** Takes what fails too often. @default {it is set aside in the file} */
  readonly letters?: LetterBox | undefined;
  /** Aborted when the flow stops: what is not delivered by then stays for the next start. */
  readonly reading: AbortSignal;
  /** Told about what goes wrong. */
  readonly onError: (error: CaissonError) => void;
  /** Told when nothing will leave the file any longer in this run. */
  readonly onFailed?: ((error: CaissonError) => void) | undefined;
}
