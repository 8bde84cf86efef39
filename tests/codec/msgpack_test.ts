import { assert, assertEquals, assertThrows } from "@std/assert";
import { encode } from "@msgpack/msgpack";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { MAX_DEPTH } from "../../runtime/codec/msgpack_shape.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";
import { bytes, integer, seeded } from "../data/random.ts";

const msgpack = createCodec("msgpack");

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

function refusal(code: string, act: () => unknown): CaissonError {
  const error = assertThrows(act, CaissonError);
  assertEquals(error.code, code);
  return error;
}

/** A value as a generator makes it, nested at most `depth` deep. */
function randomValue(random: () => number, depth: number): unknown {
  switch (integer(random, depth > 0 ? 12 : 9)) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return integer(random, 300) - 150;
    case 3:
      return integer(random, Number.MAX_SAFE_INTEGER) * (random() < 0.5 ? -1 : 1);
    case 4:
      return random() * 1e9 + 0.5;
    case 5:
      return BigInt.asUintN(64, (1n << 63n) + BigInt(integer(random, 1e9)));
    case 6:
      return "aß漢🦕".repeat(integer(random, 40));
    case 7:
      return bytes(random, integer(random, 300));
    case 8:
      return new Date(integer(random, 4e12));
    case 9:
      return Array.from({ length: integer(random, 20) }, () => randomValue(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: integer(random, 20) }, (_, n) => [`k${n}`, randomValue(random, depth - 1)]),
      );
  }
}

Deno.test("msgpack reads every format of the specification", () => {
  const cases: [string, unknown][] = [
    ["c0", null],
    ["c2", false],
    ["c3", true],
    ["00", 0],
    ["7f", 127],
    ["e0", -32],
    ["cc ff", 255],
    ["cd ffff", 65535],
    ["ce ffffffff", 4294967295],
    ["cf 0000000000000001", 1],
    ["d0 80", -128],
    ["d1 8000", -32768],
    ["d2 80000000", -2147483648],
    ["d3 ffffffffffffffff", -1],
    ["ca 3fc00000", 1.5],
    ["cb 3ff8000000000000", 1.5],
    ["a0", ""],
    ["a2 c3bc", "ü"],
    ["d9 01 61", "a"],
    ["da 0001 61", "a"],
    ["db 00000001 61", "a"],
    ["c4 02 00ff", hex("00ff")],
    ["c5 0001 07", hex("07")],
    ["c6 00000001 07", hex("07")],
    ["90", []],
    ["92 01 c0", [1, null]],
    ["dc 0001 01", [1]],
    ["dd 00000001 01", [1]],
    ["80", {}],
    ["82 a161 01 05 91c3", { a: 1, 5: [true] }],
    ["de 0001 a161 01", { a: 1 }],
    ["df 00000001 a161 01", { a: 1 }],
    ["d6 ff 00000001", new Date(1000)],
    ["d7 ff 0000000000000002", new Date(2000)],
    ["c7 0c ff 00000000 ffffffffffffffff", new Date(-1000)],
  ];
  for (const [text, value] of cases) assertEquals(msgpack.decode(hex(text)), value, text);
});

Deno.test("msgpack makes a bigint of an integer exactly where a number would not hold it", () => {
  const cases: [string, unknown][] = [
    ["cf 001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["cf 0020000000000000", 2n ** 53n],
    ["cf ffffffffffffffff", 2n ** 64n - 1n],
    ["d3 001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["d3 0020000000000000", 2n ** 53n],
    ["d3 ffe0000000000001", Number.MIN_SAFE_INTEGER],
    ["d3 ffe0000000000000", -(2n ** 53n)],
    ["d3 8000000000000000", -(2n ** 63n)],
    ["93 cf0020000000000000 cf0000000000000007 81 a161 d3ffffffffffffff85", [2n ** 53n, 7, { a: -123 }]],
  ];
  for (const [text, value] of cases) {
    assertEquals(msgpack.decode(hex(text)), value, text);
    assertEquals(msgpack.decode(msgpack.encode(value)), value, text);
  }
  // Beside a bigint, numbers stay integers on the wire.
  assertEquals(msgpack.encode([2n ** 63n, 2 ** 40, 1]), hex("93 cf8000000000000000 cf0000010000000000 01"));
});

Deno.test("msgpack keeps extensions it does not know byte for byte", () => {
  for (const text of ["d4 05 aa", "d8 7f 000102030405060708090a0b0c0d0e0f", "c7 03 80 010203"]) {
    assertEquals(msgpack.encode(msgpack.decode(hex(text))), hex(text));
  }
});

Deno.test("msgpack leaves out undefined members, as JSON does, and refuses what it cannot express", () => {
  assertEquals(msgpack.encode({ a: undefined, b: 1 }), hex("81 a162 01"));
  const circle: unknown[] = [];
  circle.push(circle);
  const big: unknown[] = [1n];
  big.push(big);
  const deep = (levels: number): unknown => levels === 0 ? 1 : [deep(levels - 1)];
  const values = [undefined, () => 1, Symbol("x"), circle, big, 2n ** 64n, [-(2n ** 63n) - 1n], new Date(NaN)];
  for (const value of [...values, deep(MAX_DEPTH + 1)]) {
    refusal("CAISSON_CODEC_ENCODE", () => msgpack.encode(value));
  }
  assertEquals(msgpack.decode(msgpack.encode(deep(MAX_DEPTH))), deep(MAX_DEPTH));
});

Deno.test("msgpack refuses hostile lengths and depth before it allocates", () => {
  const started = performance.now();
  const rss = Deno.memoryUsage().rss;
  const cases: [string, string][] = [
    ["dd ffffffff", "4294967295 entries"],
    ["df ffffffff 00", "8589934590 entries"],
    ["db ffffffff", "4294967295 bytes"],
    ["c6 7fffffff 00", "2147483647 bytes"],
    ["c9 ffffffff 00", "4294967296 bytes"],
    ["91".repeat(200_000), `more than ${MAX_DEPTH} levels`],
    ["81a161".repeat(100_000), `more than ${MAX_DEPTH} levels`],
    ["91".repeat(MAX_DEPTH), "0 bytes are left"],
    ["c1", "0xc1"],
    ["", "no bytes"],
    ["01 02", "behind the value"],
    ["a2 c328", "not UTF-8"],
    [`d9 28 ${"61".repeat(39)}ff`, "not UTF-8"],
  ];
  for (const [text, found] of cases) {
    const error = refusal("CAISSON_CODEC_DECODE", () => msgpack.decode(hex(text)));
    assert(error.found.includes(found), error.found);
  }
  // What only the decoder itself knows.
  for (
    const text of [
      "81 c0 01",
      "81 91 01 02",
      "81 a9 5f5f70726f746f5f5f 80",
      "d5 ff 0000",
      "c7 0c ff 00000000 7fffffffffffffff",
    ]
  ) {
    refusal("CAISSON_CODEC_DECODE", () => msgpack.decode(hex(text)));
  }
  assert(performance.now() - started < 2000);
  assert(Deno.memoryUsage().rss - rss < 200 << 20);
});

Deno.test("msgpack: what random values encode to decodes to them, whole only, also in shared memory", () => {
  const random = seeded(20261122);
  for (let round = 0; round < 300; round++) {
    const value = randomValue(random, 4);
    const encoded = msgpack.encode(value);
    const shared = new Uint8Array(new SharedArrayBuffer(encoded.byteLength + 3)).subarray(3);
    shared.set(encoded);
    assertEquals(msgpack.decode(shared), value);
    const cut = integer(random, encoded.byteLength);
    refusal("CAISSON_CODEC_DECODE", () => msgpack.decode(encoded.subarray(0, cut)));
  }
});

Deno.test("msgpack: damaged and random bytes give a value or CAISSON_CODEC_DECODE, nothing else", () => {
  const random = seeded(7);
  const started = performance.now();
  let decoded = 0;
  let refused = 0;
  const attempt = (payload: Uint8Array): void => {
    try {
      msgpack.decode(payload);
      decoded++;
    } catch (error) {
      assert(error instanceof CaissonError && error.code === "CAISSON_CODEC_DECODE", String(error));
      refused++;
    }
  };
  for (let round = 0; round < 5000; round++) attempt(bytes(random, integer(random, 64)));
  for (let round = 0; round < 500; round++) {
    const good = msgpack.encode(randomValue(random, 3));
    for (let damage = 0; damage < 8; damage++) {
      const damaged = good.slice();
      damaged[integer(random, damaged.length)] = integer(random, 256);
      attempt(damaged);
    }
  }
  assert(decoded > 500 && refused > 500, `${decoded} decoded, ${refused} refused`);
  assert(performance.now() - started < 10_000);
});

Deno.test("msgpack reads log lines that another encoder wrote as JSON has them", () => {
  const lines = [
    {
      id: "5f1",
      index: 0,
      isActive: false,
      balance: "$1,9",
      latitude: -12.25,
      tags: ["a", "ü"],
      nested: { deep: [{}] },
    },
    { about: "x".repeat(457), registered: "2016-01-01T00:00:00 -01:00", picture: null, n: 4294967296 },
  ];
  for (const line of lines) {
    assertEquals(msgpack.decode(encode(line)), JSON.parse(JSON.stringify(line)));
  }
});
