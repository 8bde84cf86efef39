/** The reading end of `http_server`: every request is a stream, its body the only piece of it. @module */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "../../../codec/json.ts";
import type { Batch } from "../../../data/batch.ts";
import type { PartContext, PollResult, SourcePart, StreamNotice } from "../../contract.ts";
import { requireNet } from "../host_permission.ts";
import { addressFailure, hostAndPort, readPem } from "../socket/tcp.ts";
import { Exchange } from "./exchange.ts";
import { Exchanges } from "./exchanges.ts";
import { BodyTooLarge, readBody, requestValue } from "./request.ts";

const FILLED: PollResult = { state: "filled" };

/** A request that was read. */
interface Arrival {
  readonly exchange: Exchange;
  readonly bytes: Uint8Array;
}

/** Listens for requests. */
export class HttpServerSource implements SourcePart {
  /** Each request is one. */
  readonly severalStreams = true;
  /** A body may hold several events. */
  readonly produces = "chunks";
  /** Settling looks at records only. */
  readonly settlesCopies = true;
  readonly #context: PartContext;
  readonly #exchanges: Exchanges;
  #server: Server | undefined;
  #port = 0;
  #arrived: Arrival[] = [];
  #wake: (() => void) | undefined;
  #requests = 0;
  #bytesIn = 0;

  /** Listens to nothing before {@linkcode HttpServerSource.connect}. */
  constructor(context: PartContext) {
    this.#context = context;
    this.#exchanges = Exchanges.of(context);
    context.signal.addEventListener("abort", () => this.#rouse(), { once: true });
  }

  /**
   * Listens.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    if (this.#server !== undefined) return;
    const { alias, config } = this.#context;
    const host = config["host"] as string;
    const port = config["port"] as number;
    const tls = config["tls"] as { readonly cert: string; readonly key: string } | undefined;
    requireNet(alias, hostAndPort(host, port));
    const options = {
      headersTimeout: config["header_timeout_ms"] as number,
      requestTimeout: config["request_timeout_ms"] as number,
      keepAliveTimeout: config["idle_timeout_ms"] as number,
      maxHeaderSize: config["max_header_bytes"] as number,
      connectionsCheckingInterval: Math.min(1000, (config["header_timeout_ms"] as number) / 2),
    };
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => void this.#take(request, response);
    const server = tls === undefined ? createServer(options, onRequest) : createTlsServer(
      { ...options, cert: readPem(alias, tls.cert), key: readPem(alias, tls.key) },
      onRequest,
    );
    server.maxConnections = config["max_connections"] as number;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(addressFailure(alias, hostAndPort(host, port), error)));
      server.listen(port, host, resolve);
    });
    server.on("error", (error) => this.#context.log("warning", error.message));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { alias, config, signal } = this.#context;
    const exchange = new Exchange(this.#exchanges.number(), request, response, {
      alias,
      answerMs: config["answer_timeout_ms"] as number,
      writeMs: config["write_timeout_ms"] as number,
    }, (over) => this.#exchanges.remove(over));
    this.#exchanges.add(exchange);
    if (signal.aborted) return exchange.refuse(503, "the flow has stopped");
    try {
      const body = await readBody(request, config["max_body_bytes"] as number);
      if (signal.aborted) return exchange.refuse(503, "the flow has stopped");
      const bytes = config["as"] === "request" ? json.encode(requestValue(request, body)) : body;
      this.#requests++;
      this.#bytesIn += body.byteLength;
      this.#arrived.push({ exchange, bytes });
      this.#rouse();
    } catch (error) {
      if (error instanceof BodyTooLarge) exchange.refuse(413, `at most ${config["max_body_bytes"]} bytes`);
      else exchange.abort();
    }
  }

  #rouse(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Hands over the requests that have come, or waits for one. */
  poll(batch: Batch): PollResult | Promise<PollResult> {
    if (this.#arrived.length > 0) return this.#hand(batch);
    if (this.#context.signal.aborted) return FILLED;
    return new Promise<void>((resolve) => this.#wake = resolve).then(() => this.#hand(batch));
  }

  #hand(batch: Batch): PollResult {
    const now = performance.timeOrigin + performance.now();
    const streams: StreamNotice[] = [];
    let taken = 0;
    for (const { exchange, bytes } of this.#arrived) {
      if (batch.count >= batch.capacity) break;
      if (bytes.byteLength > 0) {
        if (!batch.appendBytes(bytes, now)) {
          if (batch.count > 0) break;
          batch.append(batch.addSegment(bytes), 0, bytes.byteLength, now);
        }
        batch.setPartition(batch.count - 1, exchange.stream);
        exchange.unsettled++;
      }
      streams.push({ stream: exchange.stream, state: "ended" });
      taken++;
    }
    this.#arrived.splice(0, taken);
    return { state: "filled", streams };
  }

  /** Notes what became of requests; one that is settled whole is answered. */
  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    for (let index = 0; index < batch.count; index++) {
      const exchange = this.#exchanges.get(batch.partition(index));
      if (exchange === undefined) continue;
      if (failures.has(index)) exchange.failed = true;
      exchange.unsettled--;
      this.#finishSettled(exchange);
    }
  }

  /** What preprocessors still held of a request is settled. */
  streamEnded(stream: number, failures: ReadonlyMap<number, unknown>): void {
    const exchange = this.#exchanges.get(stream);
    if (exchange === undefined) return;
    if (failures.size > 0) exchange.failed = true;
    exchange.ended = true;
    this.#finishSettled(exchange);
  }

  #finishSettled(exchange: Exchange): void {
    if (exchange.ended && exchange.unsettled === 0) void this.#finish(exchange);
  }

  async #finish(exchange: Exchange): Promise<void> {
    try {
      await this.#exchanges.listener?.ended(exchange.stream);
    } catch {
      exchange.failed = true;
    }
    exchange.finish();
  }

  /** Requests and bytes, and where it listens. */
  metrics(): Record<string, number> {
    return { requests: this.#requests, open: this.#exchanges.size, bytesIn: this.#bytesIn, port: this.#port };
  }

  /** Stops listening; requests that were not answered break off. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const { exchange } of this.#arrived.splice(0)) exchange.refuse(503, "the flow has stopped");
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    this.#exchanges.close();
    server.closeAllConnections();
    await closed;
  }
}
