/** The file behind a durable buffer: an SQLite database in WAL mode, held by one process at a time. @module */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { openFailure, requirePath } from "../connector/builtin/host_permission.ts";
import type { Batch } from "../data/batch.ts";
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { checksum, decodeEntry } from "./buffer_entry.ts";

/** Marks the file as ours: "Cais". */
const APPLICATION = 0x43616973;
const VERSION = 2;
/** Primary result codes of SQLite that say that the file itself is broken: corrupt, not a database. */
const BROKEN: ReadonlySet<number> = new Set([11, 26]);
const BUSY = 5;
/** Entries of many events are long: a quarter of the calls and of the work of 4 KiB pages. Only new files have it. */
const PAGE_BYTES = 16_384;
/** 32 MiB of log: pages of entries that come and go are copied into the database once, not once in every 4 MiB. */
const CHECKPOINT_PAGES = (32 << 20) / PAGE_BYTES;

/** An entry as it lies in the file. */
export interface StoredEntry {
  /** Grows with every entry. */
  readonly id: number;
  /** Deliveries that failed so far. */
  readonly attempts: number;
  /** Its events, see {@linkcode decodeEntry}. */
  readonly data: Uint8Array;
}

/** An event that was given up. */
export interface SetAside {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Its key, empty when it has none. */
  readonly key: Uint8Array;
  /** Its metadata, empty when it has none. */
  readonly metadata: Uint8Array;
  /** When it entered the system, milliseconds since 1970. */
  readonly timestamp: number;
  /** Deliveries that failed. */
  readonly attempts: number;
  /** Why the last one did. */
  readonly reason: string;
}

/** What one transaction changes. */
export interface BufferChanges {
  /** New entries, in order. */
  readonly appended: readonly { readonly data: Uint8Array; readonly events: number }[];
  /** Entries that were delivered. */
  readonly removed: readonly number[];
  /** Entries of which only these events are still to be delivered. */
  readonly retried: readonly (StoredEntry & { readonly events: number })[];
  /** Events that are kept but not tried again. */
  readonly setAside: readonly SetAside[];
}

/** What was in the file when it was opened. */
export interface Recovery {
  /** Entries that will be delivered. */
  readonly entries: number;
  /** Events in them. */
  readonly events: number;
  /** Bytes of everything that is kept. */
  readonly bytes: number;
  /** Entries whose checksum was wrong; they lie in the table `damaged`. */
  readonly damaged: number;
  /** Events that an earlier run gave up; they lie in the table `set_aside`. */
  readonly setAside: number;
}

/** The entries of one buffer. */
export class BufferStore {
  /** What was there. */
  readonly recovery: Recovery;
  readonly #alias: string;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #append: StatementSync;
  readonly #remove: StatementSync;
  readonly #retry: StatementSync;
  readonly #setAside: StatementSync;
  readonly #next: StatementSync;
  readonly #get: StatementSync;
  #bytes = 0;

  /**
   * Opens or makes the file and checks every entry.
   *
   * @param sync `full` survives the loss of power, `normal` only the death of the process
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION`, `CAISSON_BUFFER_IN_USE`, `CAISSON_BUFFER_BROKEN` or
   * `CAISSON_CONNECT_FAILED`
   */
  constructor(alias: string, path: string, sync: "full" | "normal") {
    this.#alias = alias;
    this.#path = path;
    requirePath(alias, "read", path);
    requirePath(alias, "write", path);
    let database: DatabaseSync | undefined;
    try {
      database = this.#database = new DatabaseSync(path, { timeout: 0 });
      // Two flows on one file would deliver the same events twice, so the lock is held until the file is closed.
      // Prepared, because errors of `exec` carry no result code.
      database.prepare("PRAGMA locking_mode = EXCLUSIVE").get();
      database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
      database.prepare("PRAGMA journal_mode = WAL").get();
      database.exec(
        `PRAGMA synchronous = ${sync === "full" ? "FULL" : "NORMAL"}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
      );
      this.#prepare(database);
      this.recovery = this.#recover(database);
      this.#bytes = this.recovery.bytes;
      this.#append = database.prepare("INSERT INTO entries (events, attempts, checksum, data) VALUES (?, 0, ?, ?)");
      this.#remove = database.prepare("DELETE FROM entries WHERE id = ? RETURNING length(data) AS bytes");
      this.#retry = database.prepare(
        "UPDATE entries SET events = ?, attempts = ?, checksum = ?, data = ? WHERE id = ?",
      );
      this.#setAside = database.prepare(
        "INSERT INTO set_aside (timestamp_ms, attempts, reason, data, key, metadata) VALUES (?, ?, ?, ?, ?, ?)",
      );
      this.#next = database.prepare("SELECT id, attempts, data FROM entries WHERE id > ? ORDER BY id LIMIT 1");
      this.#get = database.prepare("SELECT id, attempts, data FROM entries WHERE id = ?");
    } catch (error) {
      database?.close();
      throw this.#openError(error);
    }
  }

  #prepare(database: DatabaseSync): void {
    database.prepare("BEGIN IMMEDIATE").run();
    const application = pragma(database, "application_id");
    const version = pragma(database, "user_version");
    const isNew = application === 0 && version === 0 &&
      database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!["n"] === 0;
    if (!isNew && (application !== APPLICATION || version !== VERSION)) {
      database.exec("ROLLBACK");
      throw new CaissonError("CAISSON_BUFFER_BROKEN", {
        subject: this.#alias,
        found: application === APPLICATION
          ? `${this.#path}, a buffer of version ${version}`
          : `${this.#path}, which is no buffer`,
        allowed: `a buffer of version ${VERSION}, or a file that is not there yet`,
      });
    }
    database.exec(`
      PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${VERSION};
      CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY AUTOINCREMENT, events INTEGER NOT NULL,
        attempts INTEGER NOT NULL, checksum INTEGER NOT NULL, data BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS set_aside (id INTEGER PRIMARY KEY, timestamp_ms REAL NOT NULL,
        attempts INTEGER NOT NULL, reason TEXT NOT NULL, data BLOB NOT NULL, key BLOB, metadata BLOB);
      CREATE TABLE IF NOT EXISTS damaged (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
      COMMIT`);
  }

  #recover(database: DatabaseSync): Recovery {
    const broken: number[] = [];
    let entries = 0;
    let events = 0;
    for (const row of database.prepare("SELECT id, events, checksum, data FROM entries ORDER BY id").iterate()) {
      const data = row["data"] as Uint8Array;
      const found = checksum(data) === row["checksum"] ? decodeEntry(data)?.count : undefined;
      if (found === undefined || found !== row["events"]) broken.push(row["id"] as number);
      else {
        entries++;
        events += found;
      }
    }
    if (broken.length > 0) {
      database.exec("BEGIN IMMEDIATE");
      const move = database.prepare("INSERT INTO damaged (data) SELECT data FROM entries WHERE id = ?");
      const remove = database.prepare("DELETE FROM entries WHERE id = ?");
      for (const id of broken) {
        move.run(id);
        remove.run(id);
      }
      database.exec("COMMIT");
    }
    const kept = database.prepare(`SELECT
      (SELECT total(length(data)) FROM entries) + (SELECT total(length(data)) FROM set_aside) +
      (SELECT total(length(data)) FROM damaged) AS bytes, (SELECT count(*) FROM set_aside) AS aside`).get()!;
    return {
      entries,
      events,
      bytes: kept["bytes"] as number,
      damaged: broken.length,
      setAside: kept["aside"] as number,
    };
  }

  #openError(error: unknown): CaissonError {
    if (error instanceof CaissonError) return error;
    const code = resultCode(error);
    if (code !== BUSY && !BROKEN.has(code)) return openFailure(this.#alias, "write", this.#path, error);
    return new CaissonError(code === BUSY ? "CAISSON_BUFFER_IN_USE" : "CAISSON_BUFFER_BROKEN", {
      subject: this.#alias,
      found: `${this.#path}: ${messageOf(error)}`,
      cause: error,
    });
  }

  /** Bytes of everything that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Makes all changes, or none.
   *
   * @returns numbers of the appended entries
   * @throws {CaissonError} `CAISSON_BUFFER_FAILED`
   */
  commit({ appended, removed, retried, setAside }: BufferChanges): readonly number[] {
    const database = this.#database;
    let bytes = this.#bytes;
    const ids: number[] = [];
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const { data, events } of appended) {
        ids.push(Number(this.#append.run(events, checksum(data), data).lastInsertRowid));
        bytes += data.byteLength;
      }
      for (const { id, attempts, events, data } of retried) {
        bytes += data.byteLength - (this.get(id)?.data.byteLength ?? 0);
        this.#retry.run(events, attempts, checksum(data), data, id);
      }
      for (const { bytes: data, key, metadata, timestamp, attempts, reason } of setAside) {
        this.#setAside.run(timestamp, attempts, reason, data, orNull(key), orNull(metadata));
        bytes += data.byteLength;
      }
      for (const id of removed) bytes -= (this.#remove.get(id)?.["bytes"] as number | undefined) ?? 0;
      database.exec("COMMIT");
    } catch (error) {
      // Some failures have ended the transaction already.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw new CaissonError("CAISSON_BUFFER_FAILED", {
        subject: this.#alias,
        found: `${this.#path}: ${messageOf(error)}`,
        cause: error,
      });
    }
    this.#bytes = bytes;
    return ids;
  }

  /** Number of the newest entry, 0 when there is none. */
  get newest(): number {
    return this.#database.prepare("SELECT coalesce(max(id), 0) AS id FROM entries").get()!["id"] as number;
  }

  /** The first entry after `id`. */
  next(id: number): StoredEntry | undefined {
    return this.#next.get(id) as unknown as StoredEntry | undefined;
  }

  /** An entry. */
  get(id: number): StoredEntry | undefined {
    return this.#get.get(id) as unknown as StoredEntry | undefined;
  }

  /** Moves an entry that cannot be read to the table `damaged`. */
  setDamaged(id: number): void {
    this.#database.exec("BEGIN IMMEDIATE");
    this.#database.prepare("INSERT INTO damaged (data) SELECT data FROM entries WHERE id = ?").run(id);
    this.#database.prepare("DELETE FROM entries WHERE id = ?").run(id);
    this.#database.exec("COMMIT");
  }

  /** Lets go of the file. */
  close(): void {
    this.#database.close();
  }
}

/** What is given up of an event of a batch. */
export function setAsideOf(batch: Batch, index: number, attempts: number, reason: unknown): SetAside {
  return {
    bytes: batch.payload(index),
    key: batch.key(index),
    metadata: batch.metadata(index),
    timestamp: batch.timestampMs(index),
    attempts,
    reason: messageOf(reason),
  };
}

function orNull(bytes: Uint8Array): Uint8Array | null {
  return bytes.byteLength === 0 ? null : bytes;
}

function pragma(database: DatabaseSync, name: string): number {
  return database.prepare(`PRAGMA ${name}`).get()![name] as number;
}

function resultCode(error: unknown): number {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : 0;
}
