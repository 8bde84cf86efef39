import { assertEquals, assertRejects } from "@std/assert";
import { Connection, type Socket } from "../../runtime/connector/builtin/socket/connection.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";

/** Takes at most `most` bytes of each write, when told to. */
class SlowSocket implements Socket {
  readonly taken: number[] = [];
  closed = false;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  read(): Promise<number | null> {
    return new Promise(() => {});
  }

  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.slice(0, this.#most);
    return new Promise((resolve, reject) =>
      this.#waiting.push(() => {
        if (this.closed) return reject(new Deno.errors.BrokenPipe("gone"));
        this.taken.push(...part);
        resolve(part.byteLength);
      })
    );
  }

  /** Lets writes through until none waits. */
  async flow(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#waiting.shift()!();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }
}

Deno.test("a piece the peer takes in parts is written whole, and so is what is written before that is over", async () => {
  const socket = new SlowSocket(3);
  const connection = new Connection(socket, 1, "t", 64);
  const one = connection.write([Uint8Array.of(1, 2, 3, 4, 5, 6, 7)]);
  const two = connection.write([Uint8Array.of(11, 12)]);
  const three = connection.write([Uint8Array.of(21), Uint8Array.of(22)]);
  await socket.flow();
  await Promise.all([one, two, three]);
  for (const piece of [[1, 2, 3, 4, 5, 6, 7], [11, 12], [21, 22]]) {
    assertEquals(socket.taken.filter((byte) => piece.includes(byte)), piece);
  }
  assertEquals([connection.bytesOut, connection.writingSince], [11, 0]);
  const next = connection.write([Uint8Array.of(31)]);
  await socket.flow();
  await next;
  assertEquals(socket.taken.at(-1), 31);
});

Deno.test("who is told of failed writes hears of one, once, when the connection is closed already", async () => {
  for (const piece of [new Uint8Array(2), new Uint8Array(9)]) {
    const socket = new SlowSocket(4);
    const connection = new Connection(socket, 1, "t", 64);
    const told: unknown[] = [];
    connection.onWriteFailed = (from, lost) => told.push(from === connection && from.closed && lost.code);
    const writing = assertRejects(() => connection.write([piece]), CaissonError, "gone");
    if (piece.byteLength > 4) {
      // The first part is taken.
      const flowing = socket.flow();
      await Promise.resolve();
      socket.close();
      await flowing;
    } else socket.close();
    await socket.flow();
    await writing;
    assertEquals(told, ["CAISSON_CONNECTION_LOST"]);
    await assertRejects(() => connection.write([piece]), CaissonError);
    assertEquals(told.length, 1);
  }
});
