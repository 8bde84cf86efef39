/** One connection of a socket connector: reads a piece at a time, writes in order, knows how long it has been quiet. @module */
import { CaissonError, messageOf } from "../../../errors/caisson_error.ts";
import { Gatherer } from "../gather.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { type Read, unrecordedRead } from "./unrecorded_read.ts";

/** The part of a connection of Deno's that is used. */
export interface Socket {
  /** Reads at most as many bytes as fit; `null` at the end. */
  read(bytes: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that nothing more will be written. */
  closeWrite(): Promise<void>;
  /** Frees it; what is under way fails. */
  close(): void;
  /** Instead of `read`, for a socket of messages: the next one, valid until the next call; `null` at the end. */
  receive?(): Promise<Uint8Array | null>;
  /** Whether each chunk that is written is a message, and not to be joined with others. @default {false} */
  readonly wholeWrites?: boolean;
  /** When the peer gave its last sign of life, `performance.now()`, where that may be something that is not read. */
  readonly heard?: number;
}

/** What came of a read. */
export interface Reading {
  /** Bytes are there: {@linkcode Connection.take} them. */
  onBytes(connection: Connection): void;
  /** Nothing more will come; the reason where it broke off. */
  onEnd(connection: Connection, lost: unknown): void;
}

/** What is written at once, where chunks are small. */
const GATHER_BYTES = 1 << 16;

/** One connection. */
export class Connection {
  /** Number of its stream. */
  readonly stream: number;
  /** Bytes read. */
  bytesIn = 0;
  /** Bytes written. */
  bytesOut = 0;
  /** Pieces handed to the flow that are not settled yet. */
  unsettled = 0;
  /** Whether nothing more will be read, and whether the events of its end are settled. */
  ended: "no" | "read" | "settled" = "no";
  /** When the wait for the peer that is under way began, `performance.now()`; 0 while nothing is awaited of it. */
  readingSince = 0;
  /** The same for a write. */
  writingSince = 0;
  /** Told that a write failed, and that the connection is closed now, before whoever wrote is. */
  onWriteFailed: ((connection: Connection, lost: CaissonError) => void) | undefined;
  readonly #socket: Socket;
  readonly #alias: string;
  readonly #read: Read;
  readonly #room: ReadBuffer;
  /** What the last read filled. */
  #buffer: Uint8Array | undefined;
  #gatherer: Gatherer | undefined;
  #start = 0;
  #end = 0;
  #reading: Reading | undefined;
  #failure: unknown;
  #closed = false;
  // Made once: a read is not to cost two functions.
  readonly #onLength = (length: number | null): void => {
    if (length === null || length === 0) return this.#came(null);
    this.#room.filled(length);
    this.#came(length);
  };
  readonly #onError = (error: unknown): void => this.#broke(error);
  readonly #onWriteError = (error: unknown): never => {
    this.writingSince = 0;
    const lost = this.lost(this.#failure ?? error);
    this.close(lost);
    this.onWriteFailed?.(this, lost);
    throw lost;
  };
  /** The one piece that is being written. */
  #piece: Uint8Array | undefined;
  readonly #onWritten = (written: number): void | Promise<void> => {
    const piece = this.#piece!;
    this.#piece = undefined;
    this.bytesOut += written;
    this.writingSince = 0;
    if (written < piece.byteLength) return this.#writeAll([piece], written);
  };

  /** Takes over an open socket; a read asks for at most `readBytes`. */
  constructor(socket: Socket, stream: number, alias: string, readBytes: number) {
    this.#socket = socket;
    this.#read = unrecordedRead(socket);
    this.stream = stream;
    this.#alias = alias;
    this.#room = new ReadBuffer(readBytes);
  }

  /** When the peer gave its last sign of life, as far as the socket knows. */
  get heard(): number {
    return this.#socket.heard ?? 0;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Starts reading; a piece is not followed by the next before it was taken whole. */
  read(reading: Reading): void {
    this.#reading = reading;
    this.#readNext();
  }

  #readNext(): void {
    this.readingSince = performance.now();
    if (this.#socket.receive !== undefined) {
      this.#buffer = undefined;
      this.#socket.receive().then((message) => {
        if (message !== null) this.#buffer = message;
        this.#came(message?.byteLength ?? null);
      }, this.#onError);
      return;
    }
    this.#buffer = this.#room.bytes;
    this.#read(this.#buffer).then(this.#onLength, this.#onError);
  }

  #came(length: number | null): void {
    this.readingSince = 0;
    if (this.#closed) return this.#broke(this.#failure);
    if (length === null) {
      this.#free();
      this.ended = "read";
      return this.#reading!.onEnd(this, undefined);
    }
    this.bytesIn += length;
    this.#start = 0;
    this.#end = length;
    this.#reading!.onBytes(this);
  }

  #broke(error: unknown): void {
    this.readingSince = 0;
    this.#free();
    const reason = this.#failure ?? error;
    this.close();
    this.#reading!.onEnd(this, reason);
  }

  #free(): void {
    this.#buffer = undefined;
    this.#room.free();
  }

  /** Bytes that came and were not taken. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** Copies what came to `target`, from `at` on, as much as fits, and reads on when all of it was taken. */
  take(target: Uint8Array, at = 0): number {
    const length = Math.min(target.byteLength - at, this.available);
    target.set(this.#buffer!.subarray(this.#start, this.#start + length), at);
    this.#start += length;
    if (this.#start === this.#end) this.#readNext();
    return length;
  }

  /**
   * Writes all chunks.
   *
   * @throws {CaissonError} `CAISSON_CONNECTION_LOST`
   */
  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) return Promise.reject(this.lost(this.#failure));
    const only = chunks[0];
    if (only === undefined || chunks.length > 1 || only.byteLength === 0 || this.#piece !== undefined) {
      return this.#writeAll(chunks, 0);
    }
    // Nearly every write: one piece, taken at once.
    this.writingSince = performance.now();
    this.#piece = only;
    return this.#socket.write(only).then(this.#onWritten, this.#onWriteError);
  }

  /** Leaves out the first `at` bytes of the first chunk. */
  async #writeAll(chunks: readonly Uint8Array[], at: number): Promise<void> {
    const isReady = chunks.length === 1 || this.#socket.wholeWrites === true;
    const pieces = isReady ? chunks : (this.#gatherer ??= new Gatherer(GATHER_BYTES)).gather(chunks);
    let skipped = at;
    try {
      for (const piece of pieces) {
        for (let sent = skipped; sent < piece.byteLength;) {
          // From one byte that the peer took to the next: a slow peer that takes some is waited for.
          this.writingSince = performance.now();
          const written = await this.#socket.write(sent === 0 ? piece : piece.subarray(sent));
          sent += written;
          this.bytesOut += written;
        }
        skipped = 0;
      }
      this.writingSince = 0;
    } catch (error) {
      this.#onWriteError(error);
    }
  }

  /** The error of a use after the loss. */
  lost(reason: unknown): CaissonError {
    if (reason instanceof CaissonError) return reason;
    return new CaissonError("CAISSON_CONNECTION_LOST", {
      subject: this.#alias,
      found: reason === undefined ? "a connection that was closed" : messageOf(reason),
      cause: reason,
    });
  }

  /** Says that nothing more will be written, then frees it. */
  async finish(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#socket.closeWrite();
    } catch {
      // The peer was faster: there is nobody left to tell.
    }
    this.close();
  }

  /** Frees it; a read or write under way fails with the reason. */
  close(reason?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = reason;
    this.#socket.close();
  }
}
