/** The source `file`: reads one file from its start to its end, or follows it. @module */
import { CaissonError } from "../../errors/caisson_error.ts";
import type { Batch } from "../../data/batch.ts";
import type { PartContext, PollResult, SourcePart } from "../contract.ts";
import { openFailure, requirePath } from "./host_permission.ts";

const FILLED: PollResult = { state: "filled" };
const ENDED: PollResult = { state: "ended" };

/**
 * Reads straight into the batch's own memory, one record a read.
 *
 * Followed, a file that is rotated (renamed and made anew, or emptied) goes on as a new stream: half a line at the end of
 * the old one is not glued to the first of the new one.
 */
export class FileSource implements SourcePart {
  /** Pieces of a stream. */
  readonly produces = "chunks";
  readonly #alias: string;
  readonly #path: string;
  readonly #chunkBytes: number;
  readonly #follow: boolean;
  readonly #fromEnd: boolean;
  readonly #idle: PollResult;
  #file: Deno.FsFile | undefined;
  #position = 0;
  #stream = 0;
  #rotations = 0;
  /** Whether the file was found to be another one in the last look: whoever writes may not have noticed at once. */
  #replaced = false;
  #isRegular = false;
  #bytes = 0;
  #reads = 0;

  /** Opens nothing before {@linkcode FileSource.connect}. */
  constructor({ alias, config }: PartContext) {
    this.#alias = alias;
    this.#path = config["path"] as string;
    this.#chunkBytes = config["chunk_bytes"] as number;
    this.#follow = config["follow"] === true;
    this.#fromEnd = config["from"] === "end";
    this.#idle = { state: "idle", retryAfterMs: config["look_ms"] as number | undefined ?? 100 };
  }

  /**
   * Opens the file; after a loss, reading goes on where it ended.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    const path = this.#path;
    requirePath(this.#alias, "read", path);
    this.#file?.close();
    this.#file = undefined;
    try {
      const file = await Deno.open(path, { read: true });
      this.#file = file;
      const { isFile, isDirectory } = await file.stat();
      if (isDirectory) throw new Deno.errors.IsADirectory("it is a folder");
      this.#isRegular = isFile;
      if (isFile && this.#position > 0) await file.seek(this.#position, Deno.SeekMode.Start);
      else if (isFile && this.#follow && this.#fromEnd) this.#position = await file.seek(0, Deno.SeekMode.End);
    } catch (error) {
      throw openFailure(this.#alias, "read", path, error);
    }
  }

  /** Reads one chunk. A regular file costs no promise; a pipe is waited for. */
  poll(batch: Batch): PollResult | Promise<PollResult> {
    const file = this.#file;
    if (file === undefined) {
      throw new CaissonError("CAISSON_SOURCE_FAILED", {
        subject: this.#alias,
        found: "a read before connect",
      });
    }
    const { arena } = batch;
    const target = arena.subarray(
      0,
      Math.min(this.#chunkBytes, arena.byteLength),
    );
    return this.#isRegular
      ? this.#took(batch, file.readSync(target))
      : file.read(target).then((length) => this.#took(batch, length));
  }

  #took(batch: Batch, length: number | null): PollResult {
    if (length === null) return this.#follow && this.#isRegular ? this.#look() : ENDED;
    if (length > 0) {
      this.#replaced = false;
      batch.arenaUsed = length;
      batch.append(0, 0, length, performance.timeOrigin + performance.now());
      if (this.#stream !== 0) batch.setPartition(batch.count - 1, this.#stream);
      this.#bytes += length;
      this.#position += length;
      this.#reads++;
    }
    return FILLED;
  }

  /** All of it was read: has it been rotated? */
  #look(): PollResult {
    const file = this.#file!;
    const open = file.statSync();
    if (open.size < this.#position) {
      this.#position = file.seekSync(0, Deno.SeekMode.Start);
      return this.#nextStream();
    }
    let named: Deno.FileInfo;
    try {
      named = Deno.statSync(this.#path);
    } catch (error) {
      // Renamed, and the new one is not there yet.
      if (error instanceof Deno.errors.NotFound) return this.#idle;
      throw openFailure(this.#alias, "read", this.#path, error);
    }
    if (named.ino === open.ino && named.dev === open.dev) return this.#idle;
    if (!this.#replaced) {
      this.#replaced = true;
      return this.#idle;
    }
    try {
      this.#file = Deno.openSync(this.#path, { read: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return this.#idle;
      throw openFailure(this.#alias, "read", this.#path, error);
    }
    file.close();
    this.#position = 0;
    return this.#nextStream();
  }

  #nextStream(): PollResult {
    const stream = this.#stream;
    this.#stream = stream === 0xffffffff ? 1 : stream + 1;
    this.#rotations++;
    this.#replaced = false;
    return { state: "filled", streams: [{ stream, state: "ended" }] };
  }

  /** Bytes, reads and rotations so far. */
  metrics(): { bytes: number; reads: number; rotations: number } {
    return { bytes: this.#bytes, reads: this.#reads, rotations: this.#rotations };
  }

  /** Closes the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
