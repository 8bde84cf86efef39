/** The sink `kv`: events are commands to a table of keys and values. @module */
import type { VerdictEntry } from "../../../data/batch.ts";
import { CLASS_PERMANENT, DEADLETTER } from "../../../data/layout.ts";
import { CaissonError, messageOf } from "../../../errors/caisson_error.ts";
import type { Event } from "../../../flow/delivery.ts";
import { excerpt } from "../../../manifest/untrusted_text.ts";
import type { PartContext, ValueSinkPart, WriteResult } from "../../contract.ts";
import { Answers } from "../answers.ts";
import { openFailure, requirePath } from "../host_permission.ts";
import { type KvCommand, kvCommands, readKvCommand, runKvCommand } from "./kv_command.ts";
import { KvTable } from "./kv_table.ts";

/** Does what events say, one transaction for all that come together. */
export class KvSink implements ValueSinkPart {
  /** Decoded values. */
  readonly accepts = "values";
  readonly #context: PartContext;
  readonly #answers: Answers;
  #table: KvTable | undefined;
  #commands = 0;

  /** Opens nothing before {@linkcode KvSink.connect}. */
  constructor(context: PartContext) {
    this.#context = context;
    this.#answers = Answers.of(context.shared, context.config["max_answers"] as number);
    context.signal.addEventListener("abort", () => this.#answers.release(), { once: true });
  }

  /**
   * Opens the file.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  connect(): void {
    const { alias, config } = this.#context;
    const path = config["path"] as string;
    if (path !== ":memory:") {
      for (const use of ["read", "write"] as const) requirePath(alias, use, path);
    }
    this.close();
    try {
      this.#table = new KvTable({
        path,
        maxBytes: config["max_bytes"] as number,
        sync: config["sync"] as "full" | "normal",
      });
    } catch (error) {
      throw openFailure(alias, "write", path, error);
    }
  }

  /**
   * Does what the events say, in order; those that are no commands fail by themselves.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED`; nothing was done then
   */
  write(events: readonly Event[]): void | WriteResult | Promise<WriteResult | void> {
    const verdicts: VerdictEntry[] = [];
    const commands: KvCommand[] = [];
    let reason: CaissonError | undefined;
    for (const [index, { value }] of events.entries()) {
      const command = readKvCommand(value);
      if (command !== undefined) {
        commands.push(command);
        continue;
      }
      reason ??= this.#failure(excerpt(value), kvCommands);
      verdicts.push({ index, action: DEADLETTER, failureClass: CLASS_PERMANENT, code: 0, retryAfterMs: 0 });
    }
    const waiting = this.#run(commands);
    const result = verdicts.length === 0 ? undefined : { verdicts, reason };
    return waiting === undefined ? result : waiting.then(() => result);
  }

  #run(commands: readonly KvCommand[]): Promise<void> | undefined {
    const table = this.#table;
    if (table === undefined) throw this.#failure("a write before connect");
    let answers: readonly unknown[];
    try {
      answers = table.transact(() => commands.map((command) => runKvCommand(table, command)));
    } catch (error) {
      throw this.#failure(`${this.#context.config["path"]}: ${messageOf(error)}`, undefined, error);
    }
    this.#commands += commands.length;
    return this.#answers.add(answers);
  }

  #failure(found: string, allowed?: string, cause?: unknown): CaissonError {
    return new CaissonError("CAISSON_SINK_FAILED", {
      subject: this.#context.alias,
      found,
      ...(allowed === undefined ? {} : { allowed }),
      cause,
    });
  }

  /** Commands done so far. */
  metrics(): { commands: number } {
    return { commands: this.#commands };
  }

  /** Closes the file. */
  close(): void {
    this.#table?.close();
    this.#table = undefined;
  }
}
