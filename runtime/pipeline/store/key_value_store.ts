/** What operators keep beyond themselves: a table of keys and values, in memory or in SQLite. @module */
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** A table of keys and values; values are what JSON can hold. */
export interface KeyValueStore {
  /** The value of a key; `undefined` when there is none. */
  get(key: string): unknown;
  /** Sets the value of a key. */
  set(key: string, value: unknown): void;
  /** Forgets a key. */
  delete(key: string): void;
  /** Lets go of what is open. */
  close?(): void;
}

/** A {@linkcode KeyValueStore} in a SQLite file, which other processes may read at the same time. */
export class SqliteStore implements KeyValueStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #delete: StatementSync;

  /**
   * Opens the file, and makes it when it is not there.
   *
   * @param path of the file; `:memory:` for none
   */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000");
    this.#database.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    this.#get = this.#database.prepare("SELECT value FROM entries WHERE key = ?");
    this.#set = this.#database.prepare("INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)");
    this.#delete = this.#database.prepare("DELETE FROM entries WHERE key = ?");
  }

  get(key: string): unknown {
    const row = this.#get.get(key) as { readonly value: string } | undefined;
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  set(key: string, value: unknown): void {
    this.#set.run(key, JSON.stringify(value));
  }

  delete(key: string): void {
    this.#delete.run(key);
  }

  close(): void {
    this.#database.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}
