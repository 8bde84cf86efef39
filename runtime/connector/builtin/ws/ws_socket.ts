/** A socket that speaks WebSocket: whole messages in, whole messages out, over a connection that was upgraded. @module */
import { isUtf8 } from "node:buffer";
import { CaissonError } from "../../../errors/caisson_error.ts";
import type { Socket } from "../socket/connection.ts";
import { type Read, unrecordedRead } from "../socket/unrecorded_read.ts";
import { isCloseCode, mask, MAX_CONTROL, MAX_HEAD, OPCODE, writeFrame } from "./frame.ts";

/** What one end of a connection is held to. */
export interface WsOptions {
  /** `flow/connector`, for errors. */
  readonly alias: string;
  /** A client masks what it sends and takes nothing masked, a server the other way round. */
  readonly role: "client" | "server";
  /** Most bytes of a message. */
  readonly maxMessageBytes: number;
  /** How often the peer is asked for a sign of life, milliseconds; 0: never. */
  readonly pingMs: number;
  /** Whether what is UTF-8 goes out as text. */
  readonly text: boolean;
}

const INPUT_BYTES = 1 << 14;
/** A longer message goes out in fragments, so that a peer that takes some of it is seen to, and pongs come in between. */
const FRAGMENT_BYTES = 1 << 16;
/** How long a goodbye may take, milliseconds. */
const CLOSE_MS = 1000;
const EMPTY = new Uint8Array(0);

/** One upgraded connection. A flow that takes no message reads none, and TCP slows the peer. */
export class WsSocket implements Socket {
  /** A chunk is a message, never joined with others. */
  readonly wholeWrites = true;
  /** When bytes came last, `performance.now()`: a pong is a sign of life. */
  heard: number = performance.now();
  readonly #inner: Socket;
  readonly #read: Read;
  readonly #options: WsOptions;
  readonly #input = new Uint8Array(INPUT_BYTES);
  #start = 0;
  #end = 0;
  #output = new Uint8Array(1024);
  #tail: Promise<unknown> = Promise.resolve();
  #sending = 0;
  #continuing = false;
  #closeSent = false;
  readonly #peerClosed = Promise.withResolvers<void>();
  #closeCode: number | undefined;
  #receiving = false;
  readonly #ping: ReturnType<typeof setInterval> | undefined;

  /** @param rest bytes that came behind the handshake, at most as many as its head may have */
  constructor(inner: Socket, rest: Uint8Array, options: WsOptions) {
    this.#inner = inner;
    this.#read = unrecordedRead(inner);
    this.#options = options;
    this.#input.set(rest);
    this.#end = rest.byteLength;
    if (options.pingMs > 0) this.#ping = setInterval(() => this.#askForLife(), options.pingMs);
  }

  #askForLife(): void {
    // A peer that takes nothing needs no ping to be found out: the write's own limit does it.
    if (this.#sending > 0 || this.#closeSent) return;
    this.#send(OPCODE.ping, true, EMPTY).catch(() => {
      // The connection is gone, which its reading end reports.
    });
  }

  /** The next message, valid until the next call; `null` when the peer has said goodbye. */
  async receive(): Promise<Uint8Array | null> {
    this.#receiving = true;
    try {
      return await this.#receive();
    } finally {
      this.#receiving = false;
    }
  }

  async #receive(): Promise<Uint8Array | null> {
    const { role, maxMessageBytes } = this.#options;
    const input = this.#input;
    let message: Uint8Array<ArrayBuffer> = new Uint8Array(0);
    let length = 0;
    let kind: number | undefined;
    while (true) {
      await this.#need(2);
      const [first, second] = [input[this.#start]!, input[this.#start + 1]!];
      const opcode = first & 15;
      const last = (first & 0x80) !== 0;
      if ((first & 0x70) !== 0) return await this.#refuse(1002, "a frame with reserved bits");
      if ((second >= 0x80) !== (role === "server")) {
        return await this.#refuse(1002, role === "server" ? "a frame without a mask" : "a frame with a mask");
      }
      const short = second & 127;
      const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
      const head = 2 + lengthBytes + (role === "server" ? 4 : 0);
      await this.#need(head);
      const view = new DataView(input.buffer, this.#start, head);
      const size = short === 127 ? Number(view.getBigUint64(2)) : short === 126 ? view.getUint16(2) : short;
      const key = input.slice(this.#start + head - 4, this.#start + head);
      if (opcode >= 8) {
        if (!last || size > MAX_CONTROL) {
          return await this.#refuse(1002, "a control frame that is too long or in pieces");
        }
        await this.#need(head + size);
        const payload = this.#take(head, size, key);
        if (opcode === OPCODE.close) return await this.#goodbye(payload);
        if (opcode === OPCODE.ping) {
          if (!this.#closeSent) await this.#send(OPCODE.pong, true, payload.slice());
        } else if (opcode !== OPCODE.pong) return await this.#refuse(1002, `a frame of unknown kind ${opcode}`);
        continue;
      }
      if (opcode > 2 || (opcode === OPCODE.continuation) !== (kind !== undefined)) {
        return await this.#refuse(1002, "a frame that does not follow the one before it");
      }
      if (length + size > maxMessageBytes) return await this.#refuse(1009, `a message over ${maxMessageBytes} bytes`);
      if (kind === undefined && last && head + size <= INPUT_BYTES) {
        await this.#need(head + size);
        const payload = this.#take(head, size, key);
        if (opcode === OPCODE.text && !isUtf8(payload)) return await this.#refuse(1007, "a text that is not UTF-8");
        if (size > 0) return payload;
        continue;
      }
      kind ??= opcode;
      this.#start += head;
      // Grown by what has come, not by what a head announces: a peer pays for the memory it takes.
      for (let phase = 0; phase < size;) {
        if (this.#start === this.#end) await this.#need(1);
        const count = Math.min(this.#end - this.#start, size - phase);
        if (length + count > message.byteLength) {
          const grown = new Uint8Array(
            Math.min(maxMessageBytes, Math.max(2 * message.byteLength, INPUT_BYTES, length + count)),
          );
          grown.set(message.subarray(0, length));
          message = grown;
        }
        const piece = message.subarray(length, length + count);
        piece.set(input.subarray(this.#start, this.#start + count));
        if (role === "server") mask(piece, key, phase);
        this.#start += count;
        length += count;
        phase += count;
      }
      if (!last) continue;
      const whole = message.subarray(0, length);
      if (kind === OPCODE.text && !isUtf8(whole)) return await this.#refuse(1007, "a text that is not UTF-8");
      if (length > 0) return whole;
      kind = undefined;
    }
  }

  /** The payload of a frame that is in the input whole. */
  #take(head: number, size: number, key: Uint8Array): Uint8Array {
    const payload = this.#input.subarray(this.#start + head, this.#start + head + size);
    if (this.#options.role === "server") mask(payload, key);
    this.#start += head + size;
    return payload;
  }

  /** Reads until as many bytes are there. */
  async #need(count: number): Promise<void> {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    while (this.#end - this.#start < count) {
      if (this.#start + count > INPUT_BYTES) {
        this.#input.copyWithin(0, this.#start, this.#end);
        this.#end -= this.#start;
        this.#start = 0;
      }
      const length = await this.#read(this.#input.subarray(this.#end));
      if (length === null || length === 0) throw this.#lost("a connection that ended without a close frame");
      this.heard = performance.now();
      this.#end += length;
    }
  }

  async #goodbye(payload: Uint8Array): Promise<null> {
    const code = payload.byteLength >= 2 ? payload[0]! << 8 | payload[1]! : 1005;
    if (payload.byteLength === 1 || payload.byteLength >= 2 && (!isCloseCode(code) || !isUtf8(payload.subarray(2)))) {
      return await this.#refuse(1002, "a close frame that is malformed");
    }
    // Answered when the flow has answered everything: nothing may be sent behind a close frame.
    this.#closeCode = code === 1005 ? 1000 : code;
    this.#peerClosed.resolve();
    return null;
  }

  async #refuse(code: number, found: string): Promise<never> {
    await this.#sendClose(code);
    throw this.#lost(found);
  }

  #lost(found: string): CaissonError {
    return new CaissonError("CAISSON_CONNECTION_LOST", { subject: this.#options.alias, found });
  }

  /** Messages are received whole. */
  read(): Promise<number | null> {
    throw this.#lost("a read of bytes from a connection of messages");
  }

  /** Sends a message, or its next fragment: whoever writes goes on behind what was taken. */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#closeSent) throw this.#lost("a connection that is being closed");
    const opcode = this.#continuing
      ? OPCODE.continuation
      : this.#options.text && isUtf8(bytes)
      ? OPCODE.text
      : OPCODE.binary;
    const last = bytes.byteLength <= FRAGMENT_BYTES;
    const part = last ? bytes : bytes.subarray(0, FRAGMENT_BYTES);
    this.#continuing = !last;
    await this.#send(opcode, last, part);
    return part.byteLength;
  }

  /** One frame after the other: a pong must not land in the middle of a message's bytes. */
  #send(opcode: number, last: boolean, payload: Uint8Array): Promise<void> {
    this.#sending++;
    const sent = this.#tail.then(() => this.#put(opcode, last, payload)).finally(() => this.#sending--);
    this.#tail = sent.catch(() => {
      // Whoever sent it is told.
    });
    return sent;
  }

  async #put(opcode: number, last: boolean, payload: Uint8Array): Promise<void> {
    const most = payload.byteLength + MAX_HEAD;
    if (this.#output.byteLength < most) this.#output = new Uint8Array(Math.max(most, 2 * this.#output.byteLength));
    const length = writeFrame(this.#output, opcode, last, payload, this.#options.role === "client");
    for (let at = 0; at < length;) at += await this.#inner.write(this.#output.subarray(at, length));
  }

  async #sendClose(code: number): Promise<void> {
    if (this.#closeSent) return;
    this.#closeSent = true;
    await this.#within(this.#send(OPCODE.close, true, new Uint8Array([code >> 8, code & 255])));
  }

  /** Waits for the end of something, but not for a peer that lets it hang. */
  async #within(waiting: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, CLOSE_MS);
    try {
      await Promise.race([waiting, late.promise]);
    } catch {
      // The peer was faster: there is nobody left to tell.
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says goodbye, or answers the peer's, and waits a moment for its own. */
  async closeWrite(): Promise<void> {
    await this.#sendClose(this.#closeCode ?? (this.#options.role === "server" ? 1001 : 1000));
    if (this.#receiving && this.#closeCode === undefined) await this.#within(this.#peerClosed.promise);
    await this.#inner.closeWrite();
  }

  /** Frees it without a word. */
  close(): void {
    clearInterval(this.#ping);
    this.#peerClosed.resolve();
    this.#inner.close();
  }
}
