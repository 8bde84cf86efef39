// What `@std` promises and this project relies on. By their bare names, so that
// the same tests run against the stand-ins here and the originals elsewhere.
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";
import {
  basename,
  dirname,
  extname,
  fromFileUrl,
  isAbsolute,
  join,
  normalize,
  relative,
  resolve,
  SEPARATOR,
  toFileUrl,
} from "@std/path";
import { mergeReadableStreams, TextLineStream, toBytes, toJson, toText } from "@std/streams";

class Point {
  constructor(x: number) {
    this.x = x;
  }
  readonly x: number;
}

const cyclic: Record<string, unknown> = { a: 1 };
cyclic["self"] = cyclic;
const alsoCyclic: Record<string, unknown> = { a: 1 };
alsoCyclic["self"] = alsoCyclic;

const EQUAL: [unknown, unknown][] = [
  [0, -0],
  [NaN, NaN],
  [[1, [2]], [1, [2]]],
  [{ a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }],
  [Object.create(null), {}],
  [new Date(5), new Date(5)],
  [/a/g, /a/g],
  [new URL("http://a/"), new URL("http://a/")],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new Uint8Array([1]).buffer, new Uint8Array([1]).buffer],
  [new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])],
  [new Map([[{ a: 1 }, [1]]]), new Map([[{ a: 1 }, [1]]])],
  [new Point(1), new Point(1)],
  [cyclic, alsoCyclic],
  [10n, 10n],
];

const UNEQUAL: [unknown, unknown][] = [
  [1, "1"],
  [null, undefined],
  [[1, 2], [2, 1]],
  [[1], [1, 2]],
  [{ a: undefined }, {}],
  [{}, []],
  [{ x: 1 }, new Point(1)],
  [new Point(1), new Point(2)],
  [new Date(5), new Date(6)],
  [/a/g, /a/i],
  [new URL("http://a/"), new URL("http://b/")],
  [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  [new Uint8Array([1]), new Int8Array([1])],
  [new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  [new Set([1]), new Set([2])],
  [new Map([[1, 2]]), new Map([[1, 3]])],
  [new Error("a"), new Error("b")],
  [() => 1, () => 1],
];

Deno.test("assertEquals and assertNotEquals compare deeply", () => {
  for (const [left, right] of EQUAL) {
    assertEquals(left, right);
    assertThrows(() => assertNotEquals(left, right), AssertionError);
  }
  for (const [left, right] of UNEQUAL) {
    assertNotEquals(left, right);
    assertThrows(() => assertEquals(left, right), AssertionError);
  }
});

Deno.test("a failed assertEquals shows both values and the note", () => {
  const error = assertThrows(
    () => assertEquals({ a: 1, b: "left" }, { a: 1, b: "right" }, "the note"),
    AssertionError,
    "the note",
  );
  assertStringIncludes(error.message, "left");
  assertStringIncludes(error.message, "right");
});

Deno.test("assertStrictEquals compares as Object.is does", () => {
  assertStrictEquals(NaN, NaN);
  assertThrows(() => assertStrictEquals(0, -0), AssertionError);
  assertThrows(() => assertStrictEquals({}, {}), AssertionError);
});

Deno.test("assertThrows returns what was thrown", () => {
  const error = new RangeError("out of reach");
  const throwing = () => {
    throw error;
  };
  assertStrictEquals(assertThrows(throwing), error);
  assertStrictEquals(assertThrows(throwing, RangeError, "reach"), error);
  assertThrows(() => assertThrows(throwing, TypeError), AssertionError);
  assertThrows(
    () => assertThrows(throwing, RangeError, "elsewhere"),
    AssertionError,
  );
  assertThrows(() => assertThrows(() => {}), AssertionError);
});

Deno.test("assertRejects resolves to what was rejected", async () => {
  const error = new RangeError("out of reach");
  const rejecting = () => Promise.reject(error);
  assertStrictEquals(await assertRejects(rejecting), error);
  assertStrictEquals(await assertRejects(rejecting, RangeError, "reach"), error);
  await assertRejects(
    () => assertRejects(rejecting, TypeError),
    AssertionError,
  );
  await assertRejects(
    () => assertRejects(rejecting, RangeError, "elsewhere"),
    AssertionError,
  );
  await assertRejects(
    () => assertRejects(() => Promise.resolve(1)),
    AssertionError,
  );
  await assertRejects(
    () =>
      assertRejects(() => {
        throw error;
      }),
    AssertionError,
  );
});

Deno.test("the small assertions pass and fail", () => {
  const cases: [() => void, () => void][] = [
    [() => assert(1), () => assert(0)],
    [() => assertFalse(0), () => assertFalse(1)],
    [() => assertExists(0), () => assertExists(null)],
    [() => assertInstanceOf([], Array), () => assertInstanceOf({}, Array)],
    [
      () => assertStringIncludes("abc", "b"),
      () => assertStringIncludes("abc", "d"),
    ],
    [() => assertMatch("abc", /b/), () => assertMatch("abc", /d/)],
    [() => assertAlmostEquals(1, 1 + 1e-9), () => assertAlmostEquals(1, 1.1)],
    [
      () => assertAlmostEquals(1, 1.1, 0.2),
      () => assertAlmostEquals(1, 1.1, 0.05),
    ],
    [() => assertGreater(2, 1), () => assertGreater(1, 1)],
    [() => assertGreaterOrEqual(1, 1), () => assertGreaterOrEqual(0, 1)],
    [() => assertLess(1, 2), () => assertLess(1, 1)],
    [() => assertLessOrEqual(1, 1), () => assertLessOrEqual(2, 1)],
    [() => {}, () => fail("always")],
  ];
  for (const [passes, fails] of cases) {
    passes();
    assertThrows(fails, AssertionError);
  }
});

Deno.test("paths are taken apart and put together", () => {
  assertEquals(join("a", "..", "b", "c.ts"), ["b", "c.ts"].join(SEPARATOR));
  assertEquals(dirname(join("a", "b.ts")), "a");
  assertEquals(basename(join("a", "b.ts")), "b.ts");
  assertEquals(basename(join("a", "b.ts"), ".ts"), "b");
  assertEquals(extname("a.b.ts"), ".ts");
  assertEquals(normalize("a//b/./c/.."), join("a", "b"));
  assertEquals(relative(join("a", "b"), join("a", "c")), join("..", "c"));
  assertEquals(isAbsolute(resolve("a")), true);
  assertEquals(isAbsolute("a"), false);
  const path = resolve("a b", "ä#?.ts");
  assertEquals(fromFileUrl(toFileUrl(path)), path);
  assertEquals(join(toFileUrl(resolve("a")), "b"), resolve("a", "b"));
  assertThrows(() => toFileUrl("a"), TypeError);
  assertThrows(() => fromFileUrl("http://a/"), TypeError);
});

function streamOf(...chunks: string[]): ReadableStream<string> {
  return ReadableStream.from(chunks);
}

Deno.test("streams become text, JSON and bytes", async () => {
  const bytes = () => streamOf('{"a":', '"ä"}').pipeThrough(new TextEncoderStream());
  assertEquals(await toText(bytes()), '{"a":"ä"}');
  assertEquals(await toText(streamOf("a", "b")), "ab");
  assertEquals(await toJson(bytes()), { a: "ä" });
  assertEquals(await toBytes(bytes()), new TextEncoder().encode('{"a":"ä"}'));
});

async function lines(
  chunks: string[],
  options?: { allowCR: boolean },
): Promise<string[]> {
  return await Array.fromAsync(
    streamOf(...chunks).pipeThrough(new TextLineStream(options)),
  );
}

Deno.test("TextLineStream cuts lines across chunks", async () => {
  assertEquals(await lines(["a\nb", "c\r\n", "\nd"]), ["a", "bc", "", "d"]);
  assertEquals(await lines(["a\r", "\nb\n"]), ["a", "b"]);
  assertEquals(await lines(["a\rb\n"]), ["a\rb"]);
  assertEquals(await lines(["a\rb\r", "\nc\r"], { allowCR: true }), [
    "a",
    "b",
    "c",
  ]);
});

Deno.test("mergeReadableStreams yields everything, and fails if one does", async () => {
  const merged = mergeReadableStreams(streamOf("a", "b"), streamOf("c"));
  assertEquals((await Array.fromAsync(merged)).sort(), ["a", "b", "c"]);
  const failing = new ReadableStream<string>({
    pull: () => Promise.reject(new RangeError("broken")),
  });
  await assertRejects(
    () => Array.fromAsync(mergeReadableStreams(streamOf("a"), failing)),
    RangeError,
    "broken",
  );
});
