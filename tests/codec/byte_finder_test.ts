import { assertEquals } from "@std/assert";
import { ByteFinder } from "../../runtime/codec/byte_finder.ts";

function all(next: (start: number) => number): number[] {
  const found: number[] = [];
  for (let at = next(0); at >= 0; at = next(at + 1)) found.push(at);
  return found;
}

function compare(chunk: Uint8Array, byte: number): void {
  const finder = new ByteFinder(byte);
  // What was looked for before must not show.
  finder.begin(new Uint8Array(1000).fill(byte));
  finder.next(0);
  finder.begin(chunk);
  assertEquals(all((start) => finder.next(start)), all((start) => chunk.indexOf(byte, start)));
}

Deno.test("a byte is found where it is, whatever stands around it", () => {
  const strange = [[0xc3, 0xa4], [0xff], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xef, 0xbf, 0xbd], [0xc3], [0]];
  for (const length of [0, 1, 511, 512, 70_000, 200_000]) {
    const plain = new Uint8Array(length).map((_, index) => index % 97 === 0 ? 10 : 32 + index % 90);
    compare(plain, 10);
    compare(plain, 0xff);
    for (const bytes of strange) {
      for (const at of [0, 600, 65_530, 65_535, 131_071, length - bytes.length]) {
        if (at < 0 || at + bytes.length > length) continue;
        const chunk = plain.slice();
        chunk.set(bytes, at);
        compare(chunk, 10);
        compare(chunk, bytes[0]!);
      }
    }
  }
});

Deno.test("a byte is found in shared memory and across pieces without any", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(300_000)).fill(120);
  shared[3] = 10;
  shared[299_999] = 10;
  compare(shared, 10);
  compare(shared.subarray(4), 10);
});
