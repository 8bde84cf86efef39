/** Older pieces of a file that is rotated: `app.log.1` is the latest of them. @module */

/** When a file is rotated, and what becomes of it. */
export interface RotateOptions {
  /** Rotate before a write that would make the file longer, bytes. */
  readonly bytes: number;
  /** Rotate before the first write to a file that was opened so long ago, milliseconds. */
  readonly "every_ms"?: number;
  /** Older files that are kept; the next one is removed. */
  readonly keep: number;
  /** Whether older files are compressed. */
  readonly compress: "none" | "gzip";
}

/** Every path a rotation may touch, beside the file itself. */
export function rotatedPaths(path: string, { keep, compress }: RotateOptions): string[] {
  const paths: string[] = [];
  for (let number = 1; number <= keep; number++) {
    paths.push(`${path}.${number}`);
    if (compress === "gzip") paths.push(`${path}.${number}.gz`, `${path}.${number}.gz.part`);
  }
  return paths;
}

/** Renames and compresses. A kill at any point leaves whole files: only renames make them appear. */
export class FileRotation {
  readonly #path: string;
  readonly #options: RotateOptions;
  #compressing: Promise<void> | undefined;
  #opened = 0;

  /** Touches nothing yet. */
  constructor(path: string, options: RotateOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** The file was opened now. */
  opened(): void {
    this.#opened = performance.now();
  }

  /** Whether a file of `end` bytes is to be rotated before `bytes` more are written. */
  isDue(end: number, bytes: number): boolean {
    // What is longer than the limit by itself is not torn: it has a file of its own.
    if (end === 0) return false;
    const { bytes: most, every_ms: interval } = this.#options;
    return end + bytes > most ||
      (interval !== undefined && performance.now() - this.#opened >= interval);
  }

  /** Resolves when no file is being compressed: only then may they be renamed. */
  get idle(): Promise<void> | undefined {
    return this.#compressing;
  }

  /**
   * Renames every file, the oldest first, so that one that is lost on the way is the one that was to go anyway. The file
   * itself must be closed.
   */
  shift(): void {
    const { keep } = this.#options;
    for (let number = keep; number >= 1; number--) {
      for (const ending of this.#endings()) {
        const from = number === 1 ? (ending === "" ? this.#path : undefined) : `${this.#path}.${number - 1}${ending}`;
        if (from === undefined || !exists(from)) continue;
        // Both forms of one number are the same events: a kill came between the two steps of compressing.
        for (const other of this.#endings()) removeIfThere(`${this.#path}.${number}${other}`);
        Deno.renameSync(from, `${this.#path}.${number}${ending}`);
      }
    }
  }

  /**
   * Compresses what a rotation, or a kill, left uncompressed.
   *
   * @param failed told why a file stays as it is
   */
  compress(failed: (path: string, thrown: unknown) => void): void {
    if (this.#options.compress === "none" || this.#compressing !== undefined) return;
    this.#compressing = this.#compressAll(failed).finally(() => {
      this.#compressing = undefined;
    });
  }

  async #compressAll(failed: (path: string, thrown: unknown) => void): Promise<void> {
    for (let number = 1; number <= this.#options.keep; number++) {
      const path = `${this.#path}.${number}`;
      try {
        removeIfThere(`${path}.gz.part`);
        if (exists(path)) await compressFile(path);
      } catch (thrown) {
        failed(path, thrown);
      }
    }
  }

  #endings(): readonly string[] {
    return this.#options.compress === "gzip" ? ["", ".gz"] : [""];
  }
}

/** Makes `path.gz` of `path`. */
async function compressFile(path: string): Promise<void> {
  const part = `${path}.gz.part`;
  {
    using from = await Deno.open(path, { read: true });
    using to = await Deno.open(part, { write: true, create: true, truncate: true });
    const compressed = from.readable.pipeThrough(new CompressionStream("gzip") as ReadableWritablePair<Uint8Array>);
    // The stream would close the file before it can be forced onto the disk.
    for await (const chunk of compressed) {
      for (let at = 0; at < chunk.byteLength;) at += await to.write(chunk.subarray(at));
    }
    await to.syncData();
  }
  await Deno.rename(part, `${path}.gz`);
  await Deno.remove(path);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
