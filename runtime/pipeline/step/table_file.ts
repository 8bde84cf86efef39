/** A table in a file, for `enrich`: read before the first event, and anew when it has changed. @module */
import { CaissonError, messageOf } from "../../errors/caisson_error.ts";
import { invalid } from "../invalid.ts";
import type { TableFileDefinition } from "./step_definition.ts";
import { parseTable, type TableFormat } from "./table_text.ts";

const MAX_BYTES = 64 << 20;

/** What says that a file has changed. */
type Stamp = string;

/** The entries of a file by their keys. */
export class TableFile {
  readonly #definition: TableFileDefinition;
  readonly #format: TableFormat;
  readonly #path: string;
  #entries: ReadonlyMap<string, unknown> = new Map();
  #stamp: Stamp = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /**
   * Checks the definition; the file is not touched.
   *
   * @param path of the definition in its flow
   * @throws {CaissonError} `CAISSON_FLOW_INVALID` for what cannot be
   */
  constructor(definition: TableFileDefinition, path: string) {
    this.#definition = definition;
    this.#path = path;
    const format = definition.format ?? /\.(csv|json|ndjson)$/.exec(definition.path)?.[1] as TableFormat | undefined;
    if (format === undefined) {
      throw invalid(`${path}.path`, JSON.stringify(definition.path), ".csv, .json or .ndjson at its end, or a format");
    }
    if (definition.key === undefined && format !== "json") {
      throw invalid(path, `no key, and the format ${format}`, "the field of the records that is the key");
    }
    if (definition.numbers !== undefined && format !== "csv") {
      throw invalid(
        `${path}.numbers`,
        `the format ${format}`,
        "numbers in a csv file: in others they are numbers already",
      );
    }
    this.#format = format;
  }

  /** The entry of a key; `undefined` when there is none. */
  get(key: string): unknown {
    return this.#entries.get(key);
  }

  /**
   * Reads the file, and from then on looks whether it has changed.
   *
   * @param tell told about a later change that cannot be read
   * @throws {CaissonError} `CAISSON_TABLE_UNREADABLE`
   */
  async open(tell: (error: CaissonError) => void): Promise<void> {
    this.#closed = false;
    await this.#read();
    const { everyMs } = this.#definition;
    if (everyMs !== undefined && !this.#closed) this.#watch(everyMs, tell);
  }

  #watch(everyMs: number, tell: (error: CaissonError) => void): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.#read();
      } catch (error) {
        if (!this.#closed) tell(error as CaissonError);
      }
      if (!this.#closed) this.#watch(everyMs, tell);
    }, everyMs);
  }

  /** Reads it when it is not what was read last. One that is wrong is told once, until it changes again. */
  async #read(): Promise<void> {
    const { path, maxBytes = MAX_BYTES } = this.#definition;
    let bytes: Uint8Array;
    try {
      // To look is a matter of microseconds, and leaves nothing under way when the flow ends.
      const { size, mtime, ino, isFile } = Deno.statSync(path);
      if (!isFile) throw this.#refused("no regular file", "a file");
      const stamp = `${ino} ${size} ${mtime?.getTime()}`;
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      if (size > maxBytes) throw this.#refused(`${size} bytes`, `at most ${maxBytes} bytes`);
      using file = await Deno.open(path);
      bytes = await readAll(file, size);
    } catch (error) {
      if (error instanceof CaissonError) throw error;
      // Another error than before is told, the same one is not.
      const stamp = messageOf(error);
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      throw this.#refused(stamp, "a file that the host may read", error);
    }
    this.#entries = parseTable(bytes, this.#format, this.#definition, this.#path);
  }

  #refused(found: string, allowed: string, cause?: unknown): CaissonError {
    const subject = `${this.#path}: ${this.#definition.path}`;
    return new CaissonError("CAISSON_TABLE_UNREADABLE", { subject, found, allowed, cause });
  }

  /** Looks no more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}

/** What the file held when its size was taken; one that grows meanwhile is read anew later. */
async function readAll(file: Deno.FsFile, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}
