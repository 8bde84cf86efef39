/** What a soak says about the host's memory. @module */

/** Memory over one part of a run, MiB. */
export interface MemoryFigures {
  /** Least of what was alive after a collection: JavaScript's objects and buffers. */
  readonly live: number;
  /** Median of what the process held. */
  readonly resident: number;
}

interface Sample {
  readonly live: number;
  readonly resident: number;
}

const MIB = 1 << 20;

/** Readings of memory, compared by parts of the run: a single one says little, as buffers come and go with processes. */
export class MemorySamples {
  readonly #samples: Sample[] = [];

  /** Reads memory now, after a collection where the host was started with `--v8-flags=--expose-gc`. */
  take(): Sample {
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed, external, rss } = Deno.memoryUsage();
    const sample = { live: (heapUsed + external) / MIB, resident: rss / MIB };
    this.#samples.push(sample);
    return sample;
  }

  /** Figures over a part of the run, from one share of the readings to another. */
  between(from: number, to: number): MemoryFigures {
    const { length } = this.#samples;
    const part = this.#samples.slice(Math.floor(length * from), Math.max(1, Math.floor(length * to)));
    const resident = part.map((sample) => sample.resident).sort((left, right) => left - right);
    return {
      live: Math.min(...part.map((sample) => sample.live)),
      resident: resident[resident.length >> 1] ?? NaN,
    };
  }
}
