/** The file of a connector `kv`: the same table that the step `enrich` looks things up in. @module */
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** How long a write waits for another process's lock, milliseconds; the host's thread waits with it. */
const BUSY_MS = 250;
const PAGE_BYTES = 4096;

/** A key and its value. */
export interface KvEntry {
  /** The key. */
  readonly key: string;
  /** What JSON can hold. */
  readonly value: unknown;
}

/** How a {@linkcode KvTable} is opened. */
export interface KvTableOptions {
  /** Path of the file, or `:memory:`. */
  readonly path: string;
  /** Largest size of the file; what would make it larger is refused. */
  readonly maxBytes: number;
  /** Survive the loss of power, or only the death of the process. */
  readonly sync: "full" | "normal";
}

/** Keys in the order of their bytes, with values of JSON. */
export class KvTable {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #scan: StatementSync;

  /** Opens the file, and makes it when it is not there. */
  constructor({ path, maxBytes, sync }: KvTableOptions) {
    const database = this.#database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${sync}`);
      const { page_size: pageBytes } = database.prepare("PRAGMA page_size").get() as { page_size: number };
      database.exec(`PRAGMA max_page_count = ${Math.max(2, Math.floor(maxBytes / pageBytes))}`);
      database.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
      this.#get = database.prepare("SELECT value FROM entries WHERE key = ?");
      this.#put = database.prepare("INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)");
      this.#delete = database.prepare("DELETE FROM entries WHERE key = ?");
      this.#scan = database.prepare(
        "SELECT key, value FROM entries WHERE key >= ? AND (? IS NULL OR key < ?) ORDER BY key LIMIT ?",
      );
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Everything `work` does is on disk when this returns, or none of it when it throws. */
  transact<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // A full file has ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** The value of a key; `undefined` when there is none. */
  get(key: string): unknown {
    const row = this.#get.get(key) as { readonly value: string } | undefined;
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  /** Sets the value of a key. */
  put(key: string, value: unknown): void {
    this.#put.run(key, JSON.stringify(value));
  }

  /** Forgets a key. */
  delete(key: string): void {
    this.#delete.run(key);
  }

  /** At most `limit` entries from `start` on, up to but without `end`. */
  scan(start: string, end: string | undefined, limit: number): KvEntry[] {
    const to = end ?? null;
    const rows = this.#scan.all(start, to, to, limit) as unknown as { readonly key: string; readonly value: string }[];
    return rows.map(({ key, value }) => ({ key, value: JSON.parse(value) }));
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }
}
