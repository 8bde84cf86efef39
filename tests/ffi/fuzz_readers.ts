/** Damages libraries of every platform and reads them: the readers may refuse, and do nothing else. @module */
import { assert } from "@std/assert";
import { verifyLibrary } from "../../ffi/verify_library.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { integer, seeded } from "../data/random.ts";

const LIBRARIES: readonly (readonly [string, string])[] = [
  ["frozen-1.0-linux-x86_64.so", "linux-x86_64"],
  ["minimal-darwin-aarch64.dylib", "darwin-aarch64"],
  ["minimal-darwin-x86_64.dylib", "darwin-x86_64"],
  ["minimal-linux-aarch64.so", "linux-aarch64"],
  ["minimal-windows-x86_64.dll", "windows-x86_64"],
];

/** Longest time one library may take, milliseconds; a count taken for true would take minutes. */
const LONGEST_MS = 2000;

const EDGES = [0, 1, 2, 7, 8, 0x3f, 0x40, 0x7f, 0x80, 0xfe, 0xff];

/** What {@linkcode fuzzReaders} does. */
export interface FuzzReadersOptions {
  /** First seed; each round has the next one. */
  readonly seed: number;
  /** Most rounds. */
  readonly rounds: number;
  /** Ends earlier, milliseconds. */
  readonly forMs?: number;
}

/** What came of it. */
export interface FuzzReadersReport {
  /** Libraries that were refused. */
  readonly refused: number;
  /** Libraries that were read. */
  readonly read: number;
}

/** Changes a few bytes; most of them where counts and offsets are. */
function damage(original: Uint8Array, random: () => number): Uint8Array {
  const bytes = original.slice(0, random() < 0.1 ? integer(random, original.length) : original.length);
  if (bytes.length === 0) return bytes;
  const view = new DataView(bytes.buffer);
  for (let left = 1 + integer(random, 6); left > 0; left--) {
    const place = random();
    const near = place < 0.4 ? 1024 : place < 0.7 ? 4096 : bytes.length;
    // Tables of sections lie at the front, or at the end.
    const distance = integer(random, Math.min(near, bytes.length));
    const at = random() < 0.5 ? distance : bytes.length - 1 - distance;
    const how = random();
    if (how < 0.3) bytes[at] = EDGES[integer(random, EDGES.length)]!;
    else if (how < 0.6) bytes[at]! ^= 1 << integer(random, 8);
    else if (how < 0.8 && at + 4 <= bytes.length) view.setUint32(at, random() * 2 ** 32, true);
    else if (at + 8 <= bytes.length) view.setBigUint64(at, BigInt.asUintN(64, -BigInt(integer(random, 4096))), true);
  }
  return bytes;
}

/** Runs damaged libraries through the readers; anything but a result or a refusal with a code is an error. */
export async function fuzzReaders({ seed, rounds, forMs = Infinity }: FuzzReadersOptions): Promise<FuzzReadersReport> {
  const fixtures = new URL("fixtures/", import.meta.url);
  const originals = await Promise.all(
    LIBRARIES.map(async ([file, platform]) => ({ platform, bytes: await Deno.readFile(new URL(file, fixtures)) })),
  );
  const until = performance.now() + forMs;
  let refused = 0;
  let read = 0;
  for (let round = 0; round < rounds && performance.now() < until; round++) {
    const random = seeded(seed + round);
    const { platform, bytes } = originals[integer(random, originals.length)]!;
    const damaged = damage(bytes, random);
    const from = performance.now();
    try {
      verifyLibrary({ bytes: damaged, platform, subject: "fuzzed" });
      read++;
    } catch (thrown) {
      assert(thrown instanceof CaissonError, `seed ${seed + round}, ${platform}: ${thrown}`);
      refused++;
    }
    const took = performance.now() - from;
    assert(took < LONGEST_MS, `seed ${seed + round}, ${platform}: ${took} ms`);
  }
  return { refused, read };
}
