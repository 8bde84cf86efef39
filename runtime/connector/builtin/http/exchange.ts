/** One request to an HTTP server and its answer. @module */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { AnswerHead } from "./answer_value.ts";

/** What answers have in common. */
export interface AnswerOptions {
  /** `flow/connector`. */
  readonly alias: string;
  /** How long the flow may take, milliseconds. */
  readonly answerMs: number;
  /** How long the peer may take nothing of the answer, milliseconds. */
  readonly writeMs: number;
}

/** A request that waits for its answer. */
export class Exchange {
  /** Number of its stream. */
  readonly stream: number;
  /** Records of it that are not settled yet. */
  unsettled = 0;
  /** Whether any event of it failed. */
  failed = false;
  /** Whether everything its end flushed is settled. */
  ended = false;
  readonly #options: AnswerOptions;
  readonly #response: ServerResponse;
  readonly #late: ReturnType<typeof setTimeout>;
  #over = false;

  /** Starts the clock. */
  constructor(
    stream: number,
    request: IncomingMessage,
    response: ServerResponse,
    options: AnswerOptions,
    onOver: (exchange: Exchange) => void,
  ) {
    this.stream = stream;
    this.#options = options;
    this.#response = response;
    this.#late = setTimeout(() => this.refuse(504, `no answer within ${options.answerMs} ms`), options.answerMs);
    response.on("close", () => {
      this.#over = true;
      clearTimeout(this.#late);
      onOver(this);
    });
    // Without a listener an error of the connection would end the process; `close` follows.
    response.on("error", () => {});
    request.on("error", () => {});
  }

  /** Whether it was answered, or the peer has left. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether something of its answer was written. */
  get begun(): boolean {
    return this.#response.headersSent;
  }

  /**
   * Adds to the answer; the first call sends its head.
   *
   * @throws {CaissonError} `CAISSON_CONNECTION_LOST`
   */
  async write(chunks: readonly Uint8Array[], { status, headers }: AnswerHead): Promise<void> {
    const response = this.#response;
    if (this.#over || response.writableEnded) throw this.#lost("the peer left before its answer");
    if (!response.headersSent) response.writeHead(status, headers as OutgoingHttpHeaders);
    for (const chunk of chunks) {
      // The response keeps what it cannot send at once; the payload's memory is used again after this write.
      if (!response.write(chunk.slice())) await this.#drained();
    }
  }

  #drained(): Promise<void> {
    const { writeMs } = this.#options;
    return new Promise((resolve, reject) => {
      const over = (error?: CaissonError): void => {
        clearTimeout(timer);
        this.#response.off("drain", onDrain);
        this.#response.off("close", onClose);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onDrain = (): void => over();
      const onClose = (): void => over(this.#lost("the peer left while it was answered"));
      const timer = setTimeout(() => {
        over(this.#lost(`a peer that takes nothing for ${writeMs} ms`));
        this.#response.destroy();
      }, writeMs);
      this.#response.on("drain", onDrain);
      this.#response.on("close", onClose);
    });
  }

  /** All events are settled: ends the answer. Without one it is 204, or 503 where an event failed. */
  finish(): void {
    const response = this.#response;
    if (this.#over || response.writableEnded) return;
    if (this.failed && response.headersSent) return void response.destroy();
    if (this.failed) return this.refuse(503, "the event was not delivered; try again");
    if (!response.headersSent) response.writeHead(204);
    response.end();
  }

  /** Answers with an error. */
  refuse(status: number, reason: string): void {
    const response = this.#response;
    if (this.#over || response.writableEnded) return;
    if (response.headersSent) return void response.destroy();
    response.writeHead(status, { "content-type": "text/plain", connection: "close" });
    response.end(`${reason}\n`);
  }

  /** Gives up on the peer. */
  abort(): void {
    this.#response.destroy();
  }

  #lost(found: string): CaissonError {
    return new CaissonError("CAISSON_CONNECTION_LOST", { subject: this.#options.alias, found });
  }
}
