/** Checks of preprocessors and postprocessors. @module */
import { firstDifference } from "./compare_output.ts";
import { broken, letTimersRun, refusalOf } from "./finding.ts";
import { callFormat, isHonestRefusal, passStream, type Piece, whole } from "./format_call.ts";
import { fullOf, inTurn, repeated, smallOutput, stopsUnderLoad } from "./format_checks.ts";
import { damagedPayloads } from "./generate_input.ts";
import type { Check } from "./life_checks.ts";
import { strideOf } from "./read_source.ts";
import type { Trial } from "./trial.ts";

const SIZES = [1, 7, 64];
/** Most bytes of a stream that is cut into pieces of one byte. */
const MOST_BYTES = 4096;

/** What it makes of its samples: the same in every isolation. */
export function passed(trial: Trial): Promise<Uint8Array[]> {
  const { samples } = trial.options;
  return trial.use((opened) => passStream(trial, opened, samples, fullOf(opened)));
}

/** The stream again and again, where a piece may follow any other. */
function stream(trial: Trial, count: number): readonly Uint8Array[] {
  const { provision, example, samples } = trial.options;
  // Where the pieces belong together, the last one need not be at a place where the first one may follow.
  return provision.kind === "preprocessor" && example.pieces !== "whole" ? samples : repeated(samples, count);
}

const everySize: Check = {
  name: `takes batches of ${SIZES.join(", ")} pieces and full ones, with the same output`,
  run: (trial) =>
    trial.use(async (opened) => {
      const full = fullOf(opened);
      const pieces = stream(trial, 200);
      const reference = await passStream(trial, opened, pieces, full);
      for (const size of SIZES) {
        const made = await passStream(trial, opened, pieces, Math.min(size, full));
        const difference = trial.deterministic ? firstDifference(reference, made, true) : undefined;
        if (difference !== undefined) throw broken(difference, "the same output, however many pieces come at once");
      }
      return `${pieces.length} pieces, ${reference.length} came out`;
    }),
};

const wideRecords: Check = {
  name: "takes wide records and payloads in several segments, with the same output",
  run: (trial) =>
    trial.use(async (opened) => {
      const recordStride = strideOf(trial);
      const pieces = stream(trial, 9);
      const plain = await passStream(trial, opened, pieces, 9);
      for (const layout of [{ recordStride }, { spread: 2 }, { spread: 2, recordStride, capacity: 64 }]) {
        const other = await passStream(trial, opened, pieces, 9, layout);
        const difference = trial.deterministic ? firstDifference(plain, other, true) : undefined;
        if (difference !== undefined) throw broken(difference, "the same output, however the batch is laid out");
      }
      return `${recordStride} bytes a record`;
    }),
};

const anyPieces: Check = {
  name: "makes the same of a stream, whatever pieces it comes in",
  async run(trial) {
    const { samples, example } = trial.options;
    if (example.pieces === "whole") return "each piece is a whole: not cut";
    const bytes = joined(samples);
    const reference = await passed(trial);
    for (const length of [1, 3, 64, bytes.byteLength]) {
      const part = length === 1 ? bytes.subarray(0, MOST_BYTES) : bytes;
      const expected = part.byteLength === bytes.byteLength
        ? reference
        : await trial.use((opened) => passStream(trial, opened, [part], 1));
      const pieces = Array.from(
        { length: Math.ceil(part.byteLength / length) },
        (_, at) => part.slice(at * length, (at + 1) * length),
      );
      const made = await trial.use((opened) => passStream(trial, opened, pieces, fullOf(opened)));
      const difference = firstDifference(expected, made, true);
      if (difference !== undefined) throw broken(`in pieces of ${length} bytes ${difference}`, "the same payloads");
    }
    return `${bytes.byteLength} bytes, ${reference.length} payloads`;
  },
};

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

const nextStream: Check = {
  name: "lets go of everything at the end of a stream, and begins the next afresh",
  run: (trial) =>
    trial.use(async (opened) => {
      const { samples } = trial.options;
      if (!trial.deterministic) return "not deterministic: not compared";
      const first = await passStream(trial, opened, samples, fullOf(opened));
      // The middle of something, so that there is something to let go of.
      const half = Math.max(1, samples[0]!.byteLength >> 1);
      await answerTo(trial, () => callFormat(trial, opened, [samples[0]!.slice(0, half)]));
      await answerTo(trial, () => callFormat(trial, opened, []));
      const second = await passStream(trial, opened, samples, fullOf(opened));
      const difference = firstDifference(first, second, true);
      if (difference !== undefined) throw broken(difference, "what the first stream gave");
      return `${first.length} came out`;
    }),
};

const noSharing: Check = {
  name: "keeps the streams of two instances apart",
  async run(trial) {
    if (!trial.deterministic) return "not deterministic: not compared";
    const reference = await passed(trial);
    await trial.use((one) =>
      trial.use(async (other) => {
        const made = await inTurn(trial, one, other, trial.options.samples);
        made[0].push(...await callFormat(trial, one, []));
        made[1].push(...await callFormat(trial, other, []));
        for (const each of made) {
          const difference = firstDifference(reference, whole(each, "piece"), true);
          if (difference !== undefined) throw broken(difference, "what comes out of a stream that is alone");
        }
      })
    );
    return `${reference.length} came out of each`;
  },
};

const survivesDamage: Check = {
  name: "answers pieces it cannot take, and takes the next stream",
  run: (trial) =>
    trial.use(async (opened) => {
      const { samples } = trial.options;
      const reference = await passStream(trial, opened, samples, fullOf(opened));
      const damaged = damagedPayloads(samples[0]!);
      let refused = 0;
      for (const piece of damaged) {
        const answers = [await answerTo(trial, () => callFormat(trial, opened, [piece]))];
        answers.push(await answerTo(trial, () => callFormat(trial, opened, [])));
        refused += answers.some((each) => each.some(({ failed }) => failed)) ? 1 : 0;
        await letTimersRun();
        const made = await passStream(trial, opened, samples, fullOf(opened));
        const difference = trial.deterministic ? firstDifference(reference, made, true) : undefined;
        if (difference !== undefined) throw broken(difference, "the same after a stream that failed");
      }
      return `${refused} of ${damaged.length} refused`;
    }),
};

/** What a call came to; what it was refused with as a piece that failed. */
async function answerTo(trial: Trial, call: () => Promise<Piece[]>): Promise<readonly Piece[]> {
  let pieces: Piece[] = [];
  const answer = await refusalOf(async () => pieces = await call());
  if (answer === undefined) {
    const mute = pieces.findIndex(({ bytes, failed }) => failed && bytes.byteLength === 0);
    if (mute >= 0) {
      throw broken(`failure ${mute} has no reason`, `words that say what ${trial.options.provision.name} misses`);
    }
    return pieces;
  }
  if (!isHonestRefusal(answer)) throw answer;
  return [{ bytes: new Uint8Array(), sequence: 0, failed: true }];
}

const shared: readonly Check[] = [nextStream, noSharing, survivesDamage, smallOutput, stopsUnderLoad];

/** The checks of preprocessors, in order. */
export const preprocessorChecks: readonly Check[] = [everySize, wideRecords, anyPieces, ...shared];

/** The checks of postprocessors, in order. */
export const postprocessorChecks: readonly Check[] = [everySize, wideRecords, ...shared];
