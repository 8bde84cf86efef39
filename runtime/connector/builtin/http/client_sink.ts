/** The sink `http_client`: sends events as requests. @module */
import { CaissonError, messageOf } from "../../../errors/caisson_error.ts";
import type { ByteSinkPart, PartContext } from "../../contract.ts";
import { Answers } from "../answers.ts";
import { requireNet } from "../host_permission.ts";
import { readPem } from "../socket/tcp.ts";
import { bodyValue, joinPieces } from "./request.ts";
import { hostOfUrl } from "./url.ts";

/** A server has answered, and does not take this request. */
class Refusal extends CaissonError {}

/** Sends each event, or each batch of events, as the body of a request, one after the other. */
export class HttpClientSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  /** A request for each event: one that is refused fails by itself. */
  readonly writeEach?: (chunks: readonly Uint8Array[]) => Promise<readonly unknown[]>;
  readonly #context: PartContext;
  readonly #answers: Answers;
  #client: Deno.HttpClient | undefined;
  #requests = 0;
  #bytesOut = 0;

  /** Connects to nothing before the first write. */
  constructor(context: PartContext) {
    this.#context = context;
    if (context.config["per"] === "event") this.writeEach = (chunks) => this.#sendEach(chunks);
    this.#answers = Answers.of(context.shared, context.config["max_answers"] as number);
    context.signal.addEventListener("abort", () => this.#answers.release(), { once: true });
  }

  /**
   * Checks what it may do; a connection is opened by the first request, and kept.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  connect(): void {
    const { alias, config } = this.#context;
    requireNet(alias, hostOfUrl(config["url"] as string));
    const ca = config["ca"] as string | undefined;
    this.#client?.close();
    this.#client = Deno.createHttpClient(ca === undefined ? {} : { caCerts: [readPem(alias, ca)] });
  }

  /**
   * Sends the chunks.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED` when the server refuses one or does not answer in time
   */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#context.config["per"] !== "event") {
      return await this.#send(joinPieces(chunks, chunks.reduce((length, chunk) => length + chunk.byteLength, 0)));
    }
    for (const reason of await this.#sendEach(chunks)) if (reason !== undefined) throw reason;
  }

  /** What a server refuses is the matter of that event; where none answers, the rest need not be tried. */
  async #sendEach(chunks: readonly Uint8Array[]): Promise<readonly unknown[]> {
    const reasons: unknown[] = [];
    for (const chunk of chunks) {
      try {
        await this.#send(chunk);
        reasons.push(undefined);
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) return [...reasons, ...Array(chunks.length - reasons.length).fill(thrown)];
        reasons.push(thrown);
      }
    }
    return reasons;
  }

  async #send(chunk: Uint8Array): Promise<void> {
    const { config, signal } = this.#context;
    const url = config["url"] as string;
    const limit = AbortSignal.timeout(config["timeout_ms"] as number);
    let status: number;
    let answer: Readonly<Record<string, unknown>> | undefined;
    try {
      const response = await fetch(url, {
        method: config["method"] as string,
        headers: { "content-type": config["content_type"] as string, ...config["headers"] as Record<string, string> },
        body: new Uint8Array(chunk),
        redirect: "error",
        client: this.#client!,
        signal: AbortSignal.any([signal, limit]),
      });
      status = response.status;
      if (this.#answers.hasSource) answer = await this.#read(response);
      else await response.body?.cancel();
    } catch (error) {
      throw this.#failure(limit.aborted ? `no answer within ${config["timeout_ms"]} ms` : messageOf(error), error);
    }
    if (status >= 300 && config["accept"] === "success") {
      throw new Refusal("CAISSON_SINK_FAILED", { subject: this.#context.alias, found: `${url}: status ${status}` });
    }
    this.#requests++;
    this.#bytesOut += chunk.byteLength;
    if (answer !== undefined) await this.#answers.add([answer]);
  }

  async #read(response: Response): Promise<Readonly<Record<string, unknown>>> {
    const most = this.#context.config["max_answer_bytes"] as number;
    const pieces: Uint8Array[] = [];
    let length = 0;
    // Leaving the loop early cancels the body.
    for await (const piece of response.body ?? []) {
      length += piece.byteLength;
      if (length > most) throw new RangeError(`an answer of more than ${most} bytes`);
      pieces.push(piece);
    }
    const body = bodyValue(joinPieces(pieces, length), response.headers.get("content-type") ?? "");
    return { status: response.status, headers: Object.fromEntries(response.headers), ...body };
  }

  #failure(found: string, cause?: unknown): CaissonError {
    const { alias, config } = this.#context;
    return new CaissonError("CAISSON_SINK_FAILED", { subject: alias, found: `${config["url"]}: ${found}`, cause });
  }

  /** Requests and bytes. */
  metrics(): Record<string, number> {
    return { requests: this.#requests, bytesOut: this.#bytesOut };
  }

  /** Closes the connections. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
