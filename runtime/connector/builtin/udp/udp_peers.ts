/** Senders of datagrams a UDP server may answer, the latest ones. @module */
import type { Socket } from "node:dgram";
import type { PartContext } from "../../contract.ts";

const KEY = "udp peers";

/** Where a stream's answers go. */
export interface UdpPeer {
  /** Address of the sender. */
  readonly address: string;
  /** Its port. */
  readonly port: number;
}

/** Numbers senders; the one that was silent longest is forgotten when there are too many. */
export class UdpPeers {
  /** The bound socket. */
  socket: Socket | undefined;
  readonly #most: number;
  readonly #streams = new Map<string, number>();
  readonly #peers = new Map<number, UdpPeer>();
  #forgotten: number[] = [];
  #next = 1;

  /** Use {@linkcode UdpPeers.of}. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Those of a connector; both of its ends get the same. */
  static of({ config, shared }: PartContext): UdpPeers {
    const known = shared?.get(KEY);
    if (known instanceof UdpPeers) return known;
    const made = new UdpPeers(config["max_peers"] as number);
    shared?.set(KEY, made);
    return made;
  }

  /** Senders known. */
  get size(): number {
    return this.#peers.size;
  }

  /** The number of a sender. */
  streamOf(address: string, port: number): number {
    const key = `${address} ${port}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= this.#most) this.#forgetOldest();
      stream = this.#next;
      this.#next = stream === 0xffffffff ? 1 : stream + 1;
      this.#peers.set(stream, { address, port });
    } else {
      this.#streams.delete(key);
    }
    // Maps keep the order of insertion: the first is the one that was silent longest.
    this.#streams.set(key, stream);
    return stream;
  }

  #forgetOldest(): void {
    for (const [key, stream] of this.#streams) {
      this.#streams.delete(key);
      this.#peers.delete(stream);
      this.#forgotten.push(stream);
      return;
    }
  }

  /** Numbers forgotten since the last call. */
  takeForgotten(): readonly number[] {
    if (this.#forgotten.length === 0) return [];
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    return forgotten;
  }

  /** Where a stream's answers go. */
  get(stream: number): UdpPeer | undefined {
    return this.#peers.get(stream);
  }
}
