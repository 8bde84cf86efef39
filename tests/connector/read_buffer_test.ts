import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Connection, type Reading, type Socket } from "../../runtime/connector/builtin/socket/connection.ts";
import { ReadBuffer } from "../../runtime/connector/builtin/socket/read_buffer.ts";

const SMALLEST = 4096;
const READS_UNTIL_SMALLER = 256;

Deno.test("a buffer that reads fill grows to the size that was asked for", () => {
  const buffer = new ReadBuffer(1 << 16);
  const sizes: number[] = [];
  for (let read = 0; read < 4; read++) {
    const { byteLength } = buffer.bytes;
    sizes.push(byteLength);
    buffer.filled(byteLength);
  }
  assertEquals(sizes, [4096, 16384, 65536, 65536]);
});

Deno.test("a buffer whose reads leave room is used again", () => {
  const buffer = new ReadBuffer(1 << 16);
  const { bytes } = buffer;
  buffer.filled(bytes.byteLength - 1);
  assertStrictEquals(buffer.bytes, bytes);
});

Deno.test("a buffer shrinks after small reads in a row, by one size, and not below the least", () => {
  const buffer = new ReadBuffer(1 << 16);
  for (const length of [4096, 16384]) {
    assertEquals(buffer.bytes.byteLength, length);
    buffer.filled(length);
  }
  const sizes: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (let read = 0; read < READS_UNTIL_SMALLER; read++) {
      sizes[round] = buffer.bytes.byteLength;
      buffer.filled(700);
    }
  }
  assertEquals(sizes, [65536, 16384, 4096]);
  assertEquals(buffer.bytes.byteLength, SMALLEST);
});

Deno.test("one large read among small ones keeps a buffer as it is", () => {
  const buffer = new ReadBuffer(1 << 14);
  buffer.filled(buffer.bytes.byteLength);
  const { bytes } = buffer;
  for (let read = 0; read < READS_UNTIL_SMALLER * 4; read++) buffer.filled(read % 200 === 0 ? 5000 : 10);
  assertStrictEquals(buffer.bytes, bytes);
});

Deno.test("no buffer is larger than what was asked for, be it less than the least", () => {
  const buffer = new ReadBuffer(512);
  for (let read = 0; read < 3; read++) {
    assertEquals(buffer.bytes.byteLength, 512);
    buffer.filled(512);
  }
  const odd = new ReadBuffer(10_000);
  odd.filled(odd.bytes.byteLength);
  assertEquals(odd.bytes.byteLength, 10_000);
  for (let read = 0; read < READS_UNTIL_SMALLER; read++) odd.filled(1);
  assertEquals(odd.bytes.byteLength, SMALLEST);
});

Deno.test("a buffer that was let go is made anew", () => {
  const buffer = new ReadBuffer(512);
  const { bytes } = buffer;
  buffer.free();
  assert(buffer.bytes !== bytes);
});

/** Gives what it has, as much as the buffer takes. */
class FullSocket implements Socket {
  readonly asked: number[] = [];
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  read(bytes: Uint8Array): Promise<number | null> {
    this.asked.push(bytes.byteLength);
    const part = this.#rest.subarray(0, bytes.byteLength);
    this.#rest = this.#rest.subarray(part.byteLength);
    // What a read leaves behind must not be seen by whoever takes it later.
    bytes.fill(0xee).set(part);
    return Promise.resolve(part.byteLength === 0 ? null : part.byteLength);
  }

  write(): Promise<number> {
    return Promise.resolve(0);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

Deno.test("a connection hands over every byte while its buffer grows, taken in parts", async () => {
  const sent = Uint8Array.from({ length: 200_000 }, (_, index) => index * 31 % 251);
  const socket = new FullSocket(sent);
  const connection = new Connection(socket, 1, "t", 1 << 16);
  const got = new Uint8Array(sent.byteLength);
  let at = 0;
  const ended = Promise.withResolvers<void>();
  const reading: Reading = {
    onBytes: (from) => {
      // A part now, the rest later: until then nothing more is read.
      at += from.take(got.subarray(at, at + 1000));
      queueMicrotask(() => {
        while (from.available > 0) at += from.take(got.subarray(at, at + 3000));
      });
    },
    onEnd: () => ended.resolve(),
  };
  connection.read(reading);
  await ended.promise;
  assertEquals(at, sent.byteLength);
  assertEquals(got, sent);
  assertEquals(socket.asked.slice(0, 4), [4096, 16384, 65536, 65536]);
});
