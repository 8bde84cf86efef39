/** The sink `sqlite`: one row an event, one transaction a batch. @module */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { CLASS_PERMANENT, DEADLETTER } from "../../data/layout.ts";
import type { VerdictEntry } from "../../data/batch.ts";
import { CaissonError, messageOf } from "../../errors/caisson_error.ts";
import type { Event } from "../../flow/delivery.ts";
import { quote } from "../../manifest/untrusted_text.ts";
import type { PartContext, ValueSinkPart, WriteResult } from "../contract.ts";
import { openFailure, requirePath } from "./host_permission.ts";
import { columnsOf, identifier, type SqliteColumn, type SqlValue, sqlValue } from "./sqlite_columns.ts";

/** How long a write waits for another process's lock, milliseconds; the host's thread waits with it. */
const BUSY_MS = 250;
/** Primary result codes that concern one row only: too big, constraint, mismatch, range. */
const ROW_CODES: ReadonlySet<number> = new Set([18, 19, 20, 25]);

/** Inserts values into a table, which it creates when it is not there. */
export class SqliteSink implements ValueSinkPart {
  /** Decoded values. */
  readonly accepts = "values";
  readonly #alias: string;
  readonly #path: string;
  readonly #table: string;
  readonly #columns: readonly SqliteColumn[];
  readonly #key: readonly string[];
  readonly #row: SqlValue[];
  #database: DatabaseSync | undefined;
  #insert: StatementSync | undefined;
  #rows = 0;
  #refused = 0;

  /**
   * Reads the configuration; the database is opened by {@linkcode SqliteSink.connect}.
   *
   * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
   */
  constructor({ alias, config }: PartContext) {
    this.#alias = alias;
    this.#path = config["path"] as string;
    this.#table = config["table"] as string;
    this.#columns = columnsOf(config["columns"], `${alias}: columns`);
    const key = config["key"] ?? [];
    this.#key = Array.isArray(key) ? key as string[] : [key as string];
    this.#row = new Array(this.#columns.length).fill(null);
    const names = this.#columns.map(({ name }) => name);
    const unknown = this.#key.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw this.#invalid("key", quote(unknown), names.join(", "));
    }
    if (this.#table === "" || this.#table.includes("\0")) {
      throw this.#invalid(
        "table",
        quote(this.#table),
        "a name without NUL",
      );
    }
  }

  /**
   * Opens the database and prepares the table.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION`, `CAISSON_CONNECT_FAILED`, or `CAISSON_CONFIG_INVALID` when an
   * existing table does not fit
   */
  connect(): void {
    const path = this.#path;
    if (path !== ":memory:") {
      requirePath(this.#alias, "read", path);
      requirePath(this.#alias, "write", path);
    }
    this.close();
    try {
      const database = new DatabaseSync(path, { timeout: BUSY_MS });
      this.#database = database;
      // Readers do not block the flow. A crash of the host loses nothing; one of the machine may lose the last batches.
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      this.#prepareTable(database);
      const names = this.#columns.map(({ name }) => identifier(name));
      const marks = names.map(() => "?");
      this.#insert = database.prepare(
        `INSERT ${this.#key.length > 0 ? "OR REPLACE " : ""}INTO ${identifier(this.#table)} (${
          names.join(", ")
        }) VALUES (${marks.join(", ")})`,
      );
    } catch (error) {
      this.close();
      if (error instanceof CaissonError) throw error;
      throw openFailure(this.#alias, "write", path, error);
    }
  }

  #prepareTable(database: DatabaseSync): void {
    const table = identifier(this.#table);
    const definitions = this.#columns.map(({ name, type }) => `${identifier(name)} ${type}`.trim());
    if (this.#key.length > 0) {
      definitions.push(
        `PRIMARY KEY (${this.#key.map(identifier).join(", ")})`,
      );
    }
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (${definitions.join(", ")})`,
    );
    const existing = database.prepare(`PRAGMA table_info(${table})`).all() as unknown as { name: string; pk: number }[];
    const names = existing.map(({ name }) => name.toLowerCase());
    const missing = this.#columns.find(({ name }) => !names.includes(name.toLowerCase()));
    if (missing !== undefined) {
      throw this.#invalid(
        "columns",
        `${quote(missing.name)}, which the existing table has not`,
        existing.map(({ name }) => name).join(", "),
      );
    }
    // Without a matching key, OR REPLACE would replace nothing and every replay would double the rows.
    const key = existing.filter(({ pk }) => pk > 0).map(({ name }) => name.toLowerCase());
    const wanted = this.#key.map((name) => name.toLowerCase());
    if (
      wanted.length > 0 &&
      (key.length !== wanted.length ||
        wanted.some((name) => !key.includes(name)))
    ) {
      throw this.#invalid(
        "key",
        this.#key.join(", "),
        key.length === 0
          ? "none: the existing table has no primary key"
          : `the existing table's primary key: ${key.join(", ")}`,
      );
    }
  }

  /**
   * Writes all events in one transaction. An event that does not decode or does not fit gets a verdict of its own.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED` when the transaction failed; nothing of it is in the table then
   */
  write(events: readonly Event[]): void | WriteResult {
    const database = this.#database;
    const insert = this.#insert;
    if (database === undefined || insert === undefined) {
      throw this.#failure(new Error("a write before connect"));
    }
    const verdicts: VerdictEntry[] = [];
    let reason: CaissonError | undefined;
    try {
      database.exec("BEGIN IMMEDIATE");
      for (let index = 0; index < events.length; index++) {
        const refusal = this.#writeRow(insert, events[index]!);
        if (refusal === undefined) continue;
        reason ??= refusal;
        verdicts.push({
          index,
          action: DEADLETTER,
          failureClass: CLASS_PERMANENT,
          code: 0,
          retryAfterMs: 0,
        });
      }
      database.exec("COMMIT");
    } catch (error) {
      // Some failures have ended the transaction already.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw this.#failure(error);
    }
    this.#rows += events.length - verdicts.length;
    this.#refused += verdicts.length;
    if (verdicts.length > 0) {
      return {
        verdicts,
        reason,
      };
    }
  }

  /** Why the event cannot be a row; throws what ends the whole transaction. */
  #writeRow(insert: StatementSync, event: Event): CaissonError | undefined {
    let row: SqlValue[];
    try {
      row = this.#rowOf(event.value);
    } catch (error) {
      return error instanceof CaissonError ? error : this.#failure(error);
    }
    try {
      insert.run(...row);
    } catch (error) {
      // A trigger may have ended the transaction; what came next would be committed row by row.
      if (!concernsOneRow(error) || !this.#database?.isTransaction) throw error;
      return this.#failure(error);
    }
  }

  #rowOf(value: unknown): SqlValue[] {
    const row = this.#row;
    for (let index = 0; index < row.length; index++) {
      const { name, read } = this.#columns[index]!;
      row[index] = sqlValue(read(value), name);
    }
    return row;
  }

  #failure(error: unknown): CaissonError {
    return new CaissonError("CAISSON_SINK_FAILED", {
      subject: this.#alias,
      found: `${this.#path}: ${messageOf(error)}`,
      cause: error,
    });
  }

  #invalid(option: string, found: string, allowed: string): CaissonError {
    return new CaissonError("CAISSON_CONFIG_INVALID", {
      subject: `${this.#alias}: ${option}`,
      found,
      allowed,
    });
  }

  /** Rows written and events refused so far. */
  metrics(): { rows: number; refused: number } {
    return { rows: this.#rows, refused: this.#refused };
  }

  /** Closes the database. */
  close(): void {
    const database = this.#database;
    this.#insert = undefined;
    this.#database = undefined;
    database?.close();
  }
}

/** Whether the other events of the transaction may still be written. */
function concernsOneRow(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" &&
    ROW_CODES.has(error.errcode & 0xff);
}
