/** The sink `file`: writes one file. @module */
import { CaissonError, messageOf } from "../../errors/caisson_error.ts";
import type { ByteSinkPart, PartContext } from "../contract.ts";
import { FileRotation, rotatedPaths, type RotateOptions } from "./file_rotation.ts";
import { Gatherer } from "./gather.ts";
import { openFailure, requirePath } from "./host_permission.ts";

/** Options of the sink. */
interface FileSinkConfig {
  readonly path: string;
  /** Replace the file, add to it, or refuse one that is there. */
  readonly mode: "write" | "append" | "exclusive";
  /** When the operating system is told to put the bytes on disk. */
  readonly sync: "never" | "close" | "write";
  /** When it makes room for a new file. */
  readonly rotate?: RotateOptions;
}

/** Writes bytes as they come; a write that fails halfway is taken back, so that no line is torn. */
export class FileSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  /** A stream of bytes. */
  readonly joinsChunks = true;
  readonly #alias: string;
  readonly #config: FileSinkConfig;
  readonly #context: PartContext;
  readonly #rotation: FileRotation | undefined;
  readonly #gatherer = new Gatherer();
  #file: Deno.FsFile | undefined;
  #isRegular = false;
  #wasOpen = false;
  #end = 0;
  #bytes = 0;
  #writes = 0;
  #rotations = 0;

  /** Opens nothing before {@linkcode FileSink.connect}. */
  constructor(context: PartContext) {
    const { alias, config } = context;
    this.#alias = alias;
    this.#context = context;
    this.#config = config as unknown as FileSinkConfig;
    const { path, rotate } = this.#config;
    this.#rotation = rotate === undefined ? undefined : new FileRotation(path, rotate);
  }

  /**
   * Opens the file; after a loss it is never emptied again.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    const { path, rotate } = this.#config;
    requirePath(this.#alias, "write", path);
    for (const each of rotate === undefined ? [] : rotatedPaths(path, rotate)) {
      for (const use of ["read", "write"] as const) requirePath(this.#alias, use, each);
    }
    await this.#rotation?.idle;
    this.#file?.close();
    this.#file = undefined;
    const mode = this.#wasOpen ? "append" : this.#config.mode;
    try {
      const file = await Deno.open(path, {
        write: true,
        append: mode === "append",
        create: mode !== "exclusive",
        createNew: mode === "exclusive",
        truncate: mode === "write",
      });
      this.#file = file;
      this.#wasOpen = true;
      this.#isRegular = await isRegular(file, path);
      this.#end = mode === "append" && this.#isRegular ? await file.seek(0, Deno.SeekMode.End) : 0;
    } catch (error) {
      throw this.#explain(error);
    }
    this.#rotation?.opened();
    this.#compress();
  }

  #explain(error: unknown): CaissonError {
    const { path, mode } = this.#config;
    if (error instanceof Deno.errors.NotFound) {
      return new CaissonError("CAISSON_CONNECT_FAILED", {
        subject: this.#alias,
        found: `${path}: its folder does not exist`,
        action: "Create the folder, or correct the path.",
        cause: error,
      });
    }
    if (error instanceof Deno.errors.AlreadyExists) {
      return new CaissonError("CAISSON_CONNECT_FAILED", {
        subject: this.#alias,
        found: `${path} exists`,
        allowed: `a new file, as mode ${mode} asks`,
        action: "Remove the file, or choose mode write or append.",
        cause: error,
      });
    }
    return openFailure(this.#alias, "write", path, error);
  }

  /**
   * Writes all chunks.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED`; what was written of them is taken back where the file allows it
   */
  write(chunks: readonly Uint8Array[]): void | Promise<void> {
    const file = this.#file;
    if (file === undefined) throw this.#failure("a write before connect");
    if (!this.#isRegular) return this.#writeSlowly(file, chunks);
    if (this.#rotation !== undefined) {
      let bytes = 0;
      for (const { byteLength } of chunks) bytes += byteLength;
      if (this.#rotation.isDue(this.#end, bytes)) return this.#writeAfterRotation(this.#rotation, file, chunks);
    }
    return this.#writeAtOnce(file, chunks);
  }

  async #writeAfterRotation(
    rotation: FileRotation,
    file: Deno.FsFile,
    chunks: readonly Uint8Array[],
  ): Promise<void> {
    // Renaming a file under the compressor would compress one piece twice and another never.
    await rotation.idle;
    await this.#writeAtOnce(await this.#rotate(rotation, file), chunks);
  }

  async #rotate(rotation: FileRotation, file: Deno.FsFile): Promise<Deno.FsFile> {
    const { path, sync } = this.#config;
    let failure: unknown;
    try {
      if (sync !== "never") await file.syncData();
      // Not before it is closed: elsewhere than on POSIX systems an open file cannot be renamed.
      this.#file = undefined;
      file.close();
      rotation.shift();
      this.#rotations++;
    } catch (error) {
      failure = error;
    }
    try {
      // Whatever went wrong, what is there is never emptied.
      const next = this.#file ?? Deno.openSync(path, { append: true, create: true });
      this.#file = next;
      this.#end = next.seekSync(0, Deno.SeekMode.End);
      if (failure === undefined) {
        rotation.opened();
        this.#compress();
        return next;
      }
    } catch (error) {
      failure = this.#explain(error);
      this.#context.connectionLost?.(failure);
    }
    throw this.#failure(`it could not be rotated: ${messageOf(failure)}`, failure);
  }

  #compress(): void {
    this.#rotation?.compress((path, thrown) =>
      this.#context.log("warning", `${path} stays uncompressed: ${messageOf(thrown)}`)
    );
  }

  #writeAtOnce(file: Deno.FsFile, chunks: readonly Uint8Array[]): void | Promise<void> {
    const start = this.#end;
    try {
      for (const piece of this.#gatherer.gather(chunks)) {
        for (let at = 0; at < piece.byteLength;) {
          const written = file.writeSync(at === 0 ? piece : piece.subarray(at));
          if (written === 0) throw this.#failure("the file takes no bytes");
          at += written;
          this.#end += written;
          this.#writes++;
        }
      }
    } catch (error) {
      this.#takeBack(file, start);
      throw this.#failure(messageOf(error), error);
    }
    this.#bytes += this.#end - start;
    if (this.#config.sync === "write") {
      return file.syncData();
    }
  }

  /** Pipes and devices may make the writer wait, and cannot be taken back. */
  async #writeSlowly(
    file: Deno.FsFile,
    chunks: readonly Uint8Array[],
  ): Promise<void> {
    for (const piece of this.#gatherer.gather(chunks)) {
      for (let at = 0; at < piece.byteLength;) {
        const written = await file.write(piece.subarray(at));
        if (written === 0) throw this.#failure("the file takes no bytes");
        at += written;
        this.#bytes += written;
        this.#writes++;
      }
    }
  }

  #takeBack(file: Deno.FsFile, start: number): void {
    // Whatever another process appended meanwhile is not ours to cut off.
    if (file.statSync().size === this.#end) file.truncateSync(start);
    this.#end = file.seekSync(0, Deno.SeekMode.End);
  }

  #failure(found: string, cause?: unknown): CaissonError {
    return new CaissonError("CAISSON_SINK_FAILED", {
      subject: this.#alias,
      found: `${this.#config.path}: ${found}`,
      cause,
    });
  }

  /** Bytes, writes and rotations so far. */
  metrics(): { bytes: number; writes: number; rotations: number } {
    return { bytes: this.#bytes, writes: this.#writes, rotations: this.#rotations };
  }

  /** Closes the file, after its bytes are on disk where `sync` asks for it. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await this.#rotation?.idle;
    if (file === undefined) return;
    try {
      if (this.#config.sync === "close" && this.#isRegular) {
        await file.syncData();
      }
    } finally {
      file.close();
    }
  }
}

/** Whether what was written can be taken back. */
async function isRegular(file: Deno.FsFile, path: string): Promise<boolean> {
  // Deno asks for permission to read, on a terminal with a prompt, before it says what an open file is.
  if (Deno.permissions.querySync({ name: "read", path }).state === "granted") return (await file.stat()).isFile;
  try {
    // A pipe or terminal has no position.
    await file.seek(0, Deno.SeekMode.Current);
    return true;
  } catch {
    return false;
  }
}
