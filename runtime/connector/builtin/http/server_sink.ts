/** The writing end of `http_server`: answers. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { ByteSinkPart, PartContext, StreamListener } from "../../contract.ts";
import { answerOf } from "./answer_value.ts";
import type { Exchange } from "./exchange.ts";
import { Exchanges } from "./exchanges.ts";

/** Writes the answer of the request an event came from. */
export class HttpServerSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  readonly #context: PartContext;
  readonly #exchanges: Exchanges;

  /** Shares the requests with the source. */
  constructor(context: PartContext) {
    this.#context = context;
    this.#exchanges = Exchanges.of(context);
  }

  /** Each answer has postprocessors of its own. */
  watchStreams(listener: StreamListener): void {
    this.#exchanges.listener = listener;
  }

  /**
   * Adds to one answer.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED` without a request to answer, `CAISSON_CONNECTION_LOST` when the peer has left
   */
  write(chunks: readonly Uint8Array[], _events: number, stream = 0): Promise<void> {
    const { alias } = this.#context;
    const exchange = this.#exchanges.get(stream);
    if (exchange !== undefined) return this.#answer(exchange, chunks);
    throw new CaissonError("CAISSON_SINK_FAILED", {
      subject: alias,
      found: stream === 0
        ? "an event that came from no request of this connector"
        : "an answer to a request that is over",
      action: stream === 0
        ? "Link only events to it that its own source has read."
        : "Raise answer_timeout_ms where answers take that long.",
    });
  }

  async #answer(exchange: Exchange, chunks: readonly Uint8Array[]): Promise<void> {
    const { alias, config } = this.#context;
    const status = config["status"] as number;
    const contentType = config["content_type"] as string;
    if (config["answer"] === "body") {
      return await exchange.write(chunks, { status, headers: { "content-type": contentType } });
    }
    const [first, ...more] = chunks;
    if (first === undefined) return;
    if (exchange.begun || more.length > 0) {
      throw new CaissonError("CAISSON_SINK_FAILED", {
        subject: `${alias} answer`,
        found: "a second event for one request",
        allowed: "one event, which is the whole answer",
        action: 'Make one event of a request, or let answers be made of pieces: "answer": "body".',
      });
    }
    const answer = answerOf(first, { alias, status, contentType });
    await exchange.write([answer.body], answer);
  }

  /** The source closes the connections. */
  close(): void {}
}
