/** The writing end of `http_server`: answers. @module */
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { ByteSinkPart, PartContext, StreamListener } from "../../contract.ts";
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
    const { alias, config } = this.#context;
    const exchange = this.#exchanges.get(stream);
    if (exchange !== undefined) {
      return exchange.write(chunks, config["status"] as number, config["content_type"] as string);
    }
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

  /** The source closes the connections. */
  close(): void {}
}
