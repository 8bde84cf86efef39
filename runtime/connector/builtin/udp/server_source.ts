/** The reading end of `udp_server`: each datagram is whole, each sender a stream. @module */
import type { Socket } from "node:dgram";
import type { Batch } from "../../../data/batch.ts";
import type { PartContext, PollResult, SourcePart } from "../../contract.ts";
import { requireNet } from "../host_permission.ts";
import { hostAndPort } from "../socket/tcp.ts";
import { UdpPeers } from "./udp_peers.ts";
import { ready, udpSocket } from "./udp_socket.ts";

const FILLED: PollResult = { state: "filled" };

interface Datagram {
  readonly bytes: Uint8Array;
  readonly stream: number;
  readonly at: number;
}

/**
 * Receives datagrams. The network drops what nobody takes in time, so this does too, and counts it: at most `max_waiting`
 * wait for the flow.
 */
export class UdpServerSource implements SourcePart {
  /** Each peer is one. */
  readonly severalStreams = true;
  /** Preprocessors apply. */
  readonly produces = "chunks";
  /** Nothing of one datagram is glued to the next, unless a preprocessor puts parts together. */
  readonly wholeRecords: boolean;
  readonly #context: PartContext;
  readonly #peers: UdpPeers;
  #socket: Socket | undefined;
  #waiting: Datagram[] = [];
  #wake: (() => void) | undefined;
  #datagrams = 0;
  #bytesIn = 0;
  #dropped = 0;
  #failure: Error | undefined;

  /** Binds nothing before {@linkcode UdpServerSource.connect}. */
  constructor(context: PartContext) {
    this.#context = context;
    this.wholeRecords = context.config["datagrams"] === "whole";
    this.#peers = UdpPeers.of(context);
    context.signal.addEventListener("abort", () => this.#rouse(), { once: true });
  }

  /**
   * Binds the socket.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    if (this.#socket !== undefined) return;
    const { alias, config } = this.#context;
    const host = config["host"] as string;
    const port = config["port"] as number;
    requireNet(alias, hostAndPort(host, port));
    const socket = udpSocket(host, config["receive_buffer_bytes"] as number);
    await ready(socket, alias, host, port, (done) => void socket.bind(port, host, done));
    socket.on("message", (bytes, { address, port }) => this.#came(bytes, address, port));
    socket.on("error", (error) => {
      this.#failure = error;
      this.#rouse();
    });
    this.#socket = this.#peers.socket = socket;
  }

  #came(bytes: Uint8Array, address: string, port: number): void {
    const { config, signal } = this.#context;
    if (signal.aborted || this.#waiting.length >= (config["max_waiting"] as number)) {
      this.#dropped++;
      return;
    }
    this.#datagrams++;
    this.#bytesIn += bytes.byteLength;
    const at = performance.timeOrigin + performance.now();
    const stream = config["datagrams"] === "whole" ? this.#peers.streamOf(address, port) : 0;
    this.#waiting.push({ bytes, stream, at });
    this.#rouse();
  }

  #rouse(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Hands over datagrams that have come, or waits for one. */
  poll(batch: Batch): PollResult | Promise<PollResult> {
    if (this.#waiting.length > 0 || this.#failure !== undefined) return this.#hand(batch);
    if (this.#context.signal.aborted) return FILLED;
    return new Promise<void>((resolve) => this.#wake = resolve).then(() => this.#hand(batch));
  }

  #hand(batch: Batch): PollResult {
    let taken = 0;
    const forgotten = this.#peers.takeForgotten();
    for (const { bytes, stream, at } of this.#waiting) {
      if (batch.count >= batch.capacity) break;
      if (!batch.appendBytes(bytes, at)) {
        if (batch.count > 0) break;
        batch.append(batch.addSegment(bytes), 0, bytes.byteLength, at);
      }
      batch.setPartition(batch.count - 1, stream);
      taken++;
    }
    this.#waiting.splice(0, taken);
    if (taken === 0 && this.#failure !== undefined) throw this.#failure;
    return forgotten.length === 0
      ? FILLED
      : { state: "filled", streams: forgotten.map((stream) => ({ stream, state: "lost" as const })) };
  }

  /** Datagrams and bytes, and where it is bound. */
  metrics(): Record<string, number> {
    return {
      datagrams: this.#datagrams,
      bytesIn: this.#bytesIn,
      dropped: this.#dropped,
      peers: this.#peers.size,
      port: this.#socket?.address().port ?? 0,
    };
  }

  /** Closes the socket. */
  close(): void {
    this.#socket?.close();
    this.#socket = this.#peers.socket = undefined;
  }
}
