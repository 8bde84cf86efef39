/** The sink `exit`: an event ends the flow. @module */
import type { VerdictEntry } from "../../data/batch.ts";
import { CLASS_PERMANENT, DEADLETTER } from "../../data/layout.ts";
import { CaissonError } from "../../errors/caisson_error.ts";
import type { Event } from "../../flow/delivery.ts";
import { excerpt } from "../../manifest/untrusted_text.ts";
import type { PartContext, ValueSinkPart, WriteResult } from "../contract.ts";

/** Options of the sink; an event may have members of the same names. */
interface ExitConfig {
  readonly "delay_ms": number;
  readonly graceful: boolean;
  readonly "drain_ms": number;
}

/** Most an event may ask for, milliseconds: an hour. */
const LONGEST_DELAY_MS = 3_600_000;

/** Ends its flow when an event says so; what was read before is drained first, unless it says otherwise. */
export class ExitSink implements ValueSinkPart {
  /** Decoded values. */
  readonly accepts = "values";
  readonly #context: PartContext;
  readonly #config: ExitConfig;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = false;

  /** Ends nothing before the first event. */
  constructor(context: PartContext) {
    this.#context = context;
    this.#config = context.config as unknown as ExitConfig;
  }

  /** Takes the first event that says how to end; later ones are delivered and change nothing. Others fail. */
  write(events: readonly Event[]): void | WriteResult {
    const verdicts: VerdictEntry[] = [];
    let reason: CaissonError | undefined;
    for (const [index, { value }] of events.entries()) {
      const asked = this.#read(value);
      if (asked === undefined) {
        reason ??= this.#refusal(value);
        verdicts.push({ index, action: DEADLETTER, failureClass: CLASS_PERMANENT, code: 0, retryAfterMs: 0 });
      } else if (!this.#asked) {
        this.#asked = true;
        // The event that asks is settled before the flow ends: it must not come again at the next start.
        this.#timer = setTimeout(() => {
          this.#context.flow?.end({ exitCode: asked.code, deadlineMs: asked.graceful ? this.#config.drain_ms : 0 });
        }, asked.delayMs);
      }
    }
    if (verdicts.length > 0) return { verdicts, reason };
  }

  #read(value: unknown): { readonly code: number; readonly delayMs: number; readonly graceful: boolean } | undefined {
    const { exit: code, delay_ms: delayMs = this.#config.delay_ms, graceful = this.#config.graceful } =
      (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
    if (!isWithin(code, 255) || !isWithin(delayMs, LONGEST_DELAY_MS) || typeof graceful !== "boolean") return undefined;
    return { code, delayMs, graceful };
  }

  #refusal(value: unknown): CaissonError {
    return new CaissonError("CAISSON_SINK_FAILED", {
      subject: this.#context.alias,
      found: excerpt(value),
      allowed: '{"exit": 0 to 255}, with "delay_ms" up to an hour and "graceful" true or false if you like',
      action: "Select what is sent here, and give it a member exit.",
    });
  }

  /** Whether the end was asked for. */
  metrics(): { asked: boolean } {
    return { asked: this.#asked };
  }

  /** An end that was still to come does not: the flow ends for another reason. */
  close(): void {
    clearTimeout(this.#timer);
  }
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}
