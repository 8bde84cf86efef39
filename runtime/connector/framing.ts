/** Runs a payload through the postprocessors of one stream. @module */
import type { Postprocessor } from "../codec/codec.ts";

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
export async function finishFrames(chain: readonly Postprocessor[]): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (const [stage, postprocessor] of chain.entries()) {
    const pending: Promise<void>[] = [];
    await postprocessor.finish((bytes) => {
      const running = framePayload(chain, bytes, chunks, 0, stage + 1);
      if (running !== undefined) pending.push(running);
    });
    await Promise.all(pending);
  }
  return chunks;
}
