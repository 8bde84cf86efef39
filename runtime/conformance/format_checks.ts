/** Checks that codecs, preprocessors and postprocessors share. @module */
import { callFormat, isHonestRefusal, type Piece } from "./format_call.ts";
import { isTimeout, refusalOf } from "./finding.ts";
import type { Check } from "./life_checks.ts";
import type { Opened, Trial } from "./trial.ts";

const SMALL_ARENA = 64;
const FULL = 1024;

/** So many payloads, the samples again and again. */
export function repeated(samples: readonly Uint8Array[], count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => samples[index % samples.length]!);
}

/** Most events it is given at once. */
export function fullOf(opened: Opened): number {
  return Math.min(opened.processor.maxEvents, FULL);
}

/** It may run out of room, and say so; it must not write where there is none. */
export const smallOutput: Check = {
  name: `never overflows an output of ${SMALL_ARENA} bytes`,
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      const stream = repeated(trial.options.samples, Math.min(64, fullOf(opened)));
      const answer = await refusalOf(() => callFormat(trial, opened, stream, { outArenaBytes: SMALL_ARENA }));
      if (answer !== undefined && !isHonestRefusal(answer)) throw answer;
      // An instance that was given less memory than any flow gives may be of no use any more.
      const closed = await refusalOf(() => opened.close());
      if (isTimeout(closed)) throw closed;
      return answer === undefined ? "" : "refused";
    }),
};

/** The call that was under way when it was told to stop ends, one way or another. */
export const stopsUnderLoad: Check = {
  name: "stops under load, every event answered",
  run: (trial) =>
    trial.useUntilClosed(async (opened) => {
      const stream = repeated(trial.options.samples, fullOf(opened));
      const answered = callFormat(trial, opened, stream).then(() => "processed", () => "refused");
      opened.stop.abort();
      const started = performance.now();
      await opened.close();
      const ms = Math.round(performance.now() - started);
      return `${await trial.within(answered, "process after close")}, closed after ${ms} ms`;
    }),
};

/** Passes the records one by one through two instances in turn, and returns what each made. */
export async function inTurn(
  trial: Trial,
  one: Opened,
  other: Opened,
  stream: readonly Uint8Array[],
): Promise<readonly [Piece[], Piece[]]> {
  const made: readonly [Piece[], Piece[]] = [[], []];
  for (const payload of stream) {
    made[0].push(...await callFormat(trial, one, [payload]));
    made[1].push(...await callFormat(trial, other, [payload]));
  }
  return made;
}
