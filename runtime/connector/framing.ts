/** Runs a payload through the postprocessors of one stream. @module */
import type { Emit, Postprocessor } from "../codec/codec.ts";

/** Frames one payload, from a stage on, and adds what comes out to `chunks`. A plain result costs no promise. */
export function framePayload(
  chain: readonly Postprocessor[],
  bytes: Uint8Array,
  chunks: Uint8Array[],
  timestampMs: number,
  stage = 0,
): void | Promise<void> {
  const postprocessor = chain[stage];
  if (postprocessor === undefined) {
    chunks.push(bytes);
    return;
  }
  let pending: Promise<void>[] | undefined;
  const running = postprocessor.process(bytes, (next) => {
    const inner = framePayload(chain, next, chunks, timestampMs, stage + 1);
    if (inner !== undefined) (pending ??= []).push(inner);
  }, timestampMs);
  if (running === undefined && pending === undefined) return;
  return Promise.resolve(running).then(() => Promise.all(pending ?? [])).then(() => {});
}

/** The stream ends: what its postprocessors still hold. */
export function finishFrames(chain: readonly Postprocessor[]): Promise<Uint8Array[]> {
  return emptyFrames(chain, (postprocessor, emit) => postprocessor.finish(emit));
}

/** The stream goes on: what those of its postprocessors hold that keep payloads for a while. */
export function flushFrames(chain: readonly Postprocessor[]): Promise<Uint8Array[]> {
  return emptyFrames(chain, (postprocessor, emit) => postprocessor.flush?.(emit));
}

async function emptyFrames(
  chain: readonly Postprocessor[],
  empty: (postprocessor: Postprocessor, emit: Emit) => void | Promise<void>,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (const [stage, postprocessor] of chain.entries()) {
    const pending: Promise<void>[] = [];
    await empty(postprocessor, (bytes) => {
      const running = framePayload(chain, bytes, chunks, 0, stage + 1);
      if (running !== undefined) pending.push(running);
    });
    await Promise.all(pending);
  }
  return chunks;
}
