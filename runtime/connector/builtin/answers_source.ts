/** The source of `kv` and `http_client`: answers to what the sink of the same connector was asked. @module */
import type { Batch } from "../../data/batch.ts";
import type { PartContext, PollResult, SourcePart } from "../contract.ts";
import { Answers } from "./answers.ts";

/** How soon it looks again when there is no answer, milliseconds. */
const LOOK_MS = 2;

/** Sources that only tell of what others have brought. */
const FOLLOWING = /^(builtin:)?(metrics|kv|http_client)$/;

/** Hands over answers, one event each, in the order of the commands. */
export class AnswersSource implements SourcePart {
  /** Whole payloads. */
  readonly produces = "events";
  /** Answers are JSON. */
  readonly codec = "json";
  readonly #context: PartContext;
  readonly #answers: Answers;
  readonly #name: string;

  /** Shares the answers with the sink. */
  constructor(context: PartContext) {
    this.#context = context;
    this.#answers = Answers.of(context.shared, context.config["max_answers"] as number);
    this.#answers.hasSource = true;
    this.#name = context.alias.slice(context.alias.indexOf("/") + 1);
  }

  /** Hands over what is there; it ends when every other source has, and nothing is left to answer. */
  poll(batch: Batch, max: number): PollResult {
    for (let taken = 0; taken < max && this.#answers.first !== undefined; taken++) {
      if (!batch.appendBytes(this.#answers.first, Date.now())) break;
      this.#answers.shift();
    }
    if (batch.count > 0) return { state: "filled" };
    return this.#isOver() ? { state: "ended" } : { state: "idle", retryAfterMs: LOOK_MS };
  }

  #isOver(): boolean {
    const { flow, signal } = this.#context;
    if (signal.aborted || flow === undefined) return signal.aborted;
    return !flow.nodes().some(({ name, role, type }) =>
      role === "source" && name !== this.#name && !FOLLOWING.test(type) && flow.isReading(name)
    );
  }

  /** Nothing to free. */
  close(): void {
    this.#answers.hasSource = false;
    this.#answers.release();
  }
}
