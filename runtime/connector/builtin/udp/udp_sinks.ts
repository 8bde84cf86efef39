/** The writing ends of `udp_server` and `udp_client`: each chunk is a datagram. @module */
import type { Socket } from "node:dgram";
import { CaissonError, messageOf } from "../../../errors/caisson_error.ts";
import type { ByteSinkPart, PartContext, StreamListener } from "../../contract.ts";
import { requireNet } from "../host_permission.ts";
import { hostAndPort } from "../socket/tcp.ts";
import { UdpPeers } from "./udp_peers.ts";
import { ready, sendDatagram, udpSocket } from "./udp_socket.ts";

function failure(subject: string, found: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_SINK_FAILED", { subject, found, cause });
}

/** Answers the sender an event came from. */
export class UdpServerSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  readonly #alias: string;
  readonly #peers: UdpPeers;

  /** Shares the socket with the source. */
  constructor(context: PartContext) {
    this.#alias = context.alias;
    this.#peers = UdpPeers.of(context);
  }

  /** Each sender has postprocessors of its own; datagrams have no end. */
  watchStreams(_listener: StreamListener): void {}

  /**
   * Sends each chunk.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED`
   */
  async write(chunks: readonly Uint8Array[], _events: number, stream = 0): Promise<void> {
    const peer = this.#peers.get(stream);
    const { socket } = this.#peers;
    if (peer === undefined || socket === undefined) {
      throw failure(this.#alias, "an event that came from no sender this connector still knows");
    }
    try {
      for (const chunk of chunks) await sendDatagram(socket, chunk, peer.port, peer.address);
    } catch (error) {
      throw failure(this.#alias, messageOf(error), error);
    }
  }

  /** The source closes the socket. */
  close(): void {}
}

/** Sends datagrams to one address. */
export class UdpClientSink implements ByteSinkPart {
  /** Framed bytes. */
  readonly accepts = "bytes";
  readonly #context: PartContext;
  #socket: Socket | undefined;
  #datagrams = 0;
  #bytesOut = 0;
  #lost = 0;

  /** Opens nothing before {@linkcode UdpClientSink.connect}. */
  constructor(context: PartContext) {
    this.#context = context;
  }

  /**
   * Looks the address up.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` or `CAISSON_CONNECT_FAILED`
   */
  async connect(): Promise<void> {
    const { alias, config } = this.#context;
    const host = config["host"] as string;
    const port = config["port"] as number;
    requireNet(alias, hostAndPort(host, port));
    this.close();
    const socket = udpSocket(host, 0);
    await ready(socket, alias, host, port, (done) => void socket.connect(port, host, done));
    // What a datagram met on its way is told later, if at all.
    socket.on("error", () => this.#lost++);
    this.#socket = socket;
  }

  /**
   * Sends each chunk. That it left is all that is known.
   *
   * @throws {CaissonError} `CAISSON_SINK_FAILED`, such as for a chunk larger than a datagram
   */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) throw failure(this.#context.alias, "a write before connect");
    for (const chunk of chunks) {
      try {
        await sendDatagram(socket, chunk);
      } catch (error) {
        throw failure(this.#context.alias, messageOf(error), error);
      }
      this.#datagrams++;
      this.#bytesOut += chunk.byteLength;
    }
  }

  /** Datagrams and bytes. */
  metrics(): Record<string, number> {
    return { datagrams: this.#datagrams, bytesOut: this.#bytesOut, refused: this.#lost };
  }

  /** Closes the socket. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}
