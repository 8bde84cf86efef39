/** The states of pipelines, each with its position in the source, in one SQLite file. @module */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import { CaissonError, messageOf } from "../../errors/caisson_error.ts";
import type { Snapshot } from "../operator.ts";

/** What was known of a pipeline at one moment. */
export interface StoredState {
  /** Events of the source that the state has taken in. */
  readonly position: number;
  /** What `Pipeline.snapshot` gave. */
  readonly state: Readonly<Record<string, Snapshot>>;
}

/** States by pipeline. A state and its position are written in one transaction: a crash leaves the old pair or the new. */
export class StateStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #load: StatementSync;
  readonly #save: StatementSync;

  /**
   * Opens the file, and makes it when it is not there.
   *
   * @throws {CaissonError} `CAISSON_STATE_UNREADABLE` when it cannot be opened or is no such file
   */
  constructor(path: string) {
    try {
      this.#database = new DatabaseSync(path);
      // FULL: what the source was told is delivered must survive a loss of power, too.
      this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
      this.#database.exec(
        "CREATE TABLE IF NOT EXISTS states (pipeline TEXT PRIMARY KEY, position INTEGER NOT NULL, state BLOB NOT NULL)",
      );
      this.#load = this.#database.prepare("SELECT position, state FROM states WHERE pipeline = ?");
      this.#save = this.#database.prepare("INSERT OR REPLACE INTO states (pipeline, position, state) VALUES (?, ?, ?)");
    } catch (error) {
      throw new CaissonError("CAISSON_STATE_UNREADABLE", { subject: path, found: messageOf(error), cause: error });
    }
  }

  /** The last state of a pipeline. */
  load(pipeline: string): StoredState | undefined {
    const row = this.#load.get(pipeline) as { readonly position: number; readonly state: Uint8Array } | undefined;
    return row === undefined ? undefined : { position: row.position, state: deserialize(row.state) };
  }

  /** Replaces the state of a pipeline. */
  save(pipeline: string, { position, state }: StoredState): void {
    this.#save.run(pipeline, position, serialize(state));
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}
