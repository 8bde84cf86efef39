/** Checks of codecs. @module */
import { createCodec } from "../codec/codecs.ts";
import { type CaissonError, messageOf } from "../errors/caisson_error.ts";
import { firstDifference } from "./compare_output.ts";
import { broken, letTimersRun } from "./finding.ts";
import { callFormat, isHonestRefusal, type Piece, whole } from "./format_call.ts";
import { fullOf, inTurn, repeated, smallOutput, stopsUnderLoad } from "./format_checks.ts";
import { damagedPayloads } from "./generate_input.ts";
import type { Check } from "./life_checks.ts";
import { strideOf } from "./read_source.ts";
import type { Opened, Trial } from "./trial.ts";

const SIZES = [1, 7, 64];
const strict = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** JSON a host makes events of. @throws {CaissonError} `CAISSON_CONFORMANCE_FAILED` */
function requireJson(payloads: readonly Uint8Array[]): void {
  for (const [index, payload] of payloads.entries()) {
    try {
      JSON.parse(strict.decode(payload));
    } catch (thrown) {
      throw broken(`event ${index} was decoded to something else: ${messageOf(thrown)}`, "JSON text in UTF-8");
    }
  }
}

/** Converts payloads one way with an instance of its own. */
function convert(
  trial: Trial,
  direction: "decode" | "encode",
  payloads: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  return trial.use(async (opened) => {
    const made: Uint8Array[] = [];
    for (let at = 0; at < payloads.length; at += fullOf(opened)) {
      const part = payloads.slice(at, at + fullOf(opened));
      made.push(...whole(await callFormat(trial, opened, part), `event to ${direction}`));
    }
    return made;
  }, direction);
}

/** What it makes of its samples: the same in every isolation. */
export async function decoded(trial: Trial): Promise<Uint8Array[]> {
  const values = await convert(trial, "decode", trial.options.samples);
  return [...values.map(compact), ...await convert(trial, "encode", values)];
}

/** JSON may be written with more or less room around it. */
function compact(json: Uint8Array): Uint8Array {
  const codec = createCodec("json");
  return codec.encode(codec.decode(json));
}

const everySize: Check = {
  name: `decodes batches of ${SIZES.join(", ")} events and full ones, one output for each`,
  run: (trial) =>
    trial.use(async (opened) => {
      const full = fullOf(opened);
      for (const count of [...SIZES, full, full, 1]) {
        const payloads = repeated(trial.options.samples, Math.min(count, full));
        requireJson(whole(await callFormat(trial, opened, payloads), "event"));
      }
      return `full: ${full} events`;
    }),
};

const wideRecords: Check = {
  name: "takes wide records and payloads in several segments, with the same output",
  run: (trial) =>
    trial.use(async (opened) => {
      const recordStride = strideOf(trial);
      const payloads = repeated(trial.options.samples, 9);
      const plain = whole(await callFormat(trial, opened, payloads), "event");
      for (const layout of [{ recordStride }, { spread: 2 }, { spread: 2, recordStride, capacity: 64 }]) {
        const other = whole(await callFormat(trial, opened, payloads, layout), "event");
        const difference = trial.deterministic ? firstDifference(plain, other, true) : undefined;
        if (difference !== undefined) throw broken(difference, "the same output, however the batch is laid out");
      }
      return `${recordStride} bytes a record`;
    }),
};

const roundTrip: Check = {
  name: "encodes what it decoded, and decodes that to the same value",
  async run(trial) {
    const { samples } = trial.options;
    const values = await convert(trial, "decode", samples);
    const again = await convert(trial, "decode", await convert(trial, "encode", values));
    const difference = firstDifference(values.map(compact), again.map(compact), true);
    if (difference !== undefined) throw broken(difference, "the value it was encoded from");
    return `${samples.length} samples`;
  },
};

/** Values that few formats can hold all of. */
const strangeValues: readonly string[] = [
  "null",
  "true",
  "-1.5e300",
  '""',
  "[]",
  "{}",
  '{"":{"":[[[]]]}}',
  JSON.stringify("\u0000\ud83e\udd95\n"),
  "12345678901234567890",
  JSON.stringify({ text: "x".repeat(5000) }),
];

/** Sends bad ones between good ones: what becomes of the good ones must not change, however the bad ones end. */
async function amongBad(
  trial: Trial,
  opened: Opened,
  good: readonly Uint8Array[],
  bad: readonly Uint8Array[],
): Promise<string> {
  const alone = whole(await callFormat(trial, opened, repeated(good, bad.length + 1)), "event");
  const mixed = bad.flatMap((each, index) => [good[index % good.length]!, each]);
  mixed.push(good[bad.length % good.length]!);
  let pieces: readonly Piece[];
  try {
    pieces = await callFormat(trial, opened, mixed);
  } catch (thrown) {
    if (!isHonestRefusal(thrown)) throw thrown;
    throw broken(
      `it refused all events because of a bad one: ${(thrown as CaissonError).found}`,
      "a record that failed for that one, and the others as always",
    );
  }
  const others = pieces.filter((_, index) => index % 2 === 0);
  const difference = firstDifference(alone, whole(others, "good event beside a bad one"), true);
  if (trial.deterministic && difference !== undefined) throw broken(difference, "the same beside an event that fails");
  const failed = pieces.filter((piece) => piece.failed);
  const mute = failed.findIndex(({ bytes }) => bytes.byteLength === 0);
  if (mute >= 0) throw broken(`failure ${mute} has no reason`, "words that say what is wrong with the event");
  return `${failed.length} of ${bad.length} refused`;
}

const failsAlone: Check = {
  name: "fails the event it cannot convert and no other, and goes on",
  async run(trial) {
    const { samples } = trial.options;
    const values = await convert(trial, "decode", samples);
    const decode = await trial.use(async (opened) => {
      const said = await amongBad(trial, opened, samples, damagedPayloads(samples[0]!));
      await letTimersRun();
      whole(await callFormat(trial, opened, samples.slice(0, fullOf(opened))), "event");
      return said;
    }, "decode");
    const encode = await trial.use(async (opened) => {
      const said = await amongBad(trial, opened, values, strangeValues.map((text) => encoder.encode(text)));
      await letTimersRun();
      whole(await callFormat(trial, opened, values.slice(0, fullOf(opened))), "event");
      return said;
    }, "encode");
    return `decode: ${decode}, encode: ${encode}`;
  },
};

const noState: Check = {
  name: "keeps nothing from one event to the next, nor between instances",
  async run(trial) {
    if (!trial.deterministic) return "not deterministic: not compared";
    const forward = repeated(trial.options.samples, 30);
    const first = await convert(trial, "decode", forward);
    const backward = await convert(trial, "decode", forward.toReversed());
    const turned = firstDifference(first, backward.toReversed(), true);
    if (turned !== undefined) throw broken(turned, "the same value, whatever was decoded before it");
    await trial.use((one) =>
      trial.use(async (other) => {
        for (const made of await inTurn(trial, one, other, forward)) {
          const difference = firstDifference(first, whole(made, "event"), true);
          if (difference !== undefined) throw broken(difference, "the same value, whatever another instance decodes");
        }
      })
    );
    return `${first.length} events`;
  },
};

/** The checks of codecs, in order. */
export const codecChecks: readonly Check[] = [
  everySize,
  wideRecords,
  roundTrip,
  failsAlone,
  noState,
  smallOutput,
  stopsUnderLoad,
];
