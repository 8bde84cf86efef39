/** The audit log: the host's own file, append only. Plugins never write to it, and nothing of it goes to a terminal. @module */
import { dirname, join } from "@std/path";
import { CaissonError, messageOf } from "../runtime/errors/caisson_error.ts";
import { readRefused } from "../runtime/manifest/read_json.ts";
import type { AuditEvent, AuditKind } from "./audit_event.ts";
import { auditLine } from "./audit_line.ts";

export type { AuditEvent, AuditKind, AuditRecord } from "./audit_event.ts";

/** Name of the file that is written; older ones are `audit.1.ndjson`, `audit.2.ndjson`, the larger the older. */
export const auditName = "audit.ndjson";

/** Takes what has to be accounted for. */
export interface AuditLog extends Disposable {
  /**
   * Records one event. It is in the file when this returns.
   *
   * @throws {CaissonError} `CAISSON_AUDIT_FAILED`: what cannot be recorded should not go on
   */
  write(event: AuditEvent): void;
}

/** How an audit log is kept. */
export interface AuditLogOptions {
  /** Folder of the files, the host's alone; it is created. */
  readonly folder: string;
  /** Size at which a new file is begun, bytes. @default {8 MiB} */
  readonly maxBytes?: number;
  /** Full files that are kept besides the one that is written. @default {8} */
  readonly keep?: number;
  /** Events a plugin can cause by itself, a minute and plugin; the rest is counted. @default {120} */
  readonly perMinute?: number;
  /** The time, milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
}

/** What a plugin can cause as often as it likes. */
const floods: ReadonlySet<AuditKind> = new Set<AuditKind>(["deny", "crash", "kill", "restart"]);

interface Minute {
  start: number;
  count: number;
  left: number;
}

/**
 * Opens the audit log. Several processes may write to one folder at a time.
 *
 * @throws {CaissonError} `CAISSON_AUDIT_FAILED` or `CAISSON_HOST_PERMISSION`
 *
 * @example
 * ```ts
 * import { openAuditLog } from "./audit_log.ts";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   using audit = openAuditLog({ folder });
 *   audit.write({ kind: "stop", plugin: "@acme/clicks", cause: "revoked" });
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function openAuditLog(options: AuditLogOptions): AuditLog {
  return new FileAuditLog(options);
}

/** A log that keeps nothing: for hosts that embed the runtime and account for plugins in a way of their own. */
export const noAuditLog: AuditLog = { write() {}, [Symbol.dispose]() {} };

class FileAuditLog implements AuditLog {
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #minutes = new Map<string, Minute>();
  #sequence = 0;
  #open: Deno.FsFile | undefined;

  constructor({ folder, maxBytes = 8 << 20, keep = 8, perMinute = 120, now = Date.now }: AuditLogOptions) {
    this.#file = join(folder, auditName);
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    this.#perMinute = perMinute;
    this.#now = now;
    this.#attempt(() => {
      // Private itself, and not what it lies in: the store lies there too, and plugins' users read that.
      if (statOf(folder) === undefined) {
        Deno.mkdirSync(folder, { recursive: true });
        if (Deno.build.os !== "windows") Deno.chmodSync(folder, 0o700);
      }
      this.#open = openForAppend(this.#file);
    });
  }

  write(event: AuditEvent): void {
    const now = this.#now();
    if (floods.has(event.kind)) {
      if (!this.#mayWrite(event.plugin, now)) return;
    }
    this.#append(event, now);
  }

  /** Whether the plugin's share of this minute lasts; what was left out in the last one is said first. */
  #mayWrite(plugin: string, now: number): boolean {
    const minute = this.#minutes.get(plugin);
    if (minute === undefined || now - minute.start >= 60_000) {
      if (minute !== undefined) this.#tellSuppressed(plugin, minute, now);
      this.#minutes.set(plugin, { start: now, count: 1, left: 0 });
      return true;
    }
    minute.count += 1;
    if (minute.count <= this.#perMinute) return true;
    minute.left += 1;
    return false;
  }

  #tellSuppressed(plugin: string, minute: Minute, now: number): void {
    if (minute.left > 0) this.#append({ kind: "suppressed", plugin, count: minute.left }, now);
    minute.left = 0;
  }

  #append(event: AuditEvent, now: number): void {
    this.#sequence += 1;
    const { kind, plugin, ...rest } = event;
    const head = { time: new Date(now).toISOString(), sequence: this.#sequence, pid: Deno.pid, kind, plugin };
    // Named twice: first in the line, and no field can replace them.
    const line = auditLine({ ...head, ...rest, ...head } as Parameters<typeof auditLine>[0]);
    const bytes = new TextEncoder().encode(`${line}\n`);
    this.#attempt(() => {
      const file = this.#current(bytes.length);
      // A lock, because a write to a full disk can stop half-way and be continued.
      file.lockSync(true);
      try {
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      } finally {
        file.unlockSync();
      }
    });
  }

  /** The file under its name, a new one when it is full, gone, or another process began a new one. */
  #current(more: number): Deno.FsFile {
    const at = statOf(this.#file);
    const held = this.#open?.statSync();
    if (this.#open === undefined || at === undefined || held?.ino !== at.ino || held.dev !== at.dev) {
      this.#open?.close();
      this.#open = openForAppend(this.#file);
    }
    const { size } = this.#open.statSync();
    if (size > 0 && size + more > this.#maxBytes) {
      // Whoever holds the full file's lock moves it; the others find it moved.
      this.#open.lockSync(true);
      try {
        if (statOf(this.#file)?.ino === this.#open.statSync().ino) this.#rotate();
      } finally {
        this.#open.unlockSync();
        this.#open.close();
        this.#open = openForAppend(this.#file);
      }
    }
    return this.#open;
  }

  #rotate(): void {
    const name = (number: number) => join(dirname(this.#file), `audit.${number}.ndjson`);
    for (let number = this.#keep; number >= 1; number--) {
      const from = number === 1 ? this.#file : name(number - 1);
      if (statOf(from) !== undefined) Deno.renameSync(from, name(number));
    }
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) throw readRefused(dirname(this.#file), cause, "write");
      throw new CaissonError("CAISSON_AUDIT_FAILED", { subject: this.#file, found: messageOf(cause), cause });
    }
  }

  [Symbol.dispose](): void {
    for (const [plugin, minute] of this.#minutes) this.#tellSuppressed(plugin, minute, this.#now());
    this.#open?.close();
    this.#open = undefined;
  }
}

function openForAppend(file: string): Deno.FsFile {
  return Deno.openSync(file, { append: true, create: true, read: true, mode: 0o600 });
}

function statOf(file: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
