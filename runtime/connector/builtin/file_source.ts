/** The source `file`: reads one file from its start to its end. @module */
import { CaissonError } from "../../errors/caisson_error.ts";
import type { Batch } from "../../data/batch.ts";
import type { PartContext, PollResult, SourcePart } from "../contract.ts";
import { openFailure, requirePath } from "./host_permission.ts";

const FILLED: PollResult = { state: "filled" };
const ENDED: PollResult = { state: "ended" };

/** Reads straight into the batch's own memory, one record a read. */
export class FileSource implements SourcePart {
  /** Pieces of a stream. */
  readonly produces = "chunks";
  readonly #alias: string;
  readonly #path: string;
  readonly #chunkBytes: number;
  #file: Deno.FsFile | undefined;
  #isRegular = false;
  #bytes = 0;
  #reads = 0;

  /** Opens nothing before {@linkcode FileSource.connect}. */
  constructor({ alias, config }: PartContext) {
    this.#alias = alias;
    this.#path = config["path"] as string;
    this.#chunkBytes = config["chunk_bytes"] as number;
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
      if (isFile && this.#bytes > 0) {
        await file.seek(this.#bytes, Deno.SeekMode.Start);
      }
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
    if (length === null) return ENDED;
    if (length > 0) {
      batch.arenaUsed = length;
      batch.append(0, 0, length, performance.timeOrigin + performance.now());
      this.#bytes += length;
      this.#reads++;
    }
    return FILLED;
  }

  /** Bytes and reads so far. */
  metrics(): { bytes: number; reads: number } {
    return { bytes: this.#bytes, reads: this.#reads };
  }

  /** Closes the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
