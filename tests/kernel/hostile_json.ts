/** Random JSON events, valid and broken ones, from a seed. @module */

/** A generator of numbers from 0 up to 1, the same ones for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const NUMBERS = [
  ..."0 -0 -0.0 0.0 -0e5 1 -1 12.5 1e400 -1e400 1e-400 5e-324 1.7976931348623157e308 9007199254740991".split(" "),
  ..."9007199254740992 9007199254740993 9223372036854775807 9223372036854775808 18446744073709551615".split(" "),
  ..."18446744073709551616 123456789012345678901234567890 -9223372036854775808 -9223372036854775809 1e21 1e20".split(
    " ",
  ),
  ..."999999999999999900000 1e-6 1e-7 0.1 0.30000000000000004 1E5 1e+5 100e-2 4.35 2.2250738585072011e-308".split(" "),
  ..."0.1e1 123456.789 -0.000001234 -1.5e-9 3.0 1e2 0e999999999999 1e-999999999999".split(" "),
];
const BROKEN_NUMBERS = "01 1. .5 +1 -  1e 1e+ 0x10 NaN Infinity --1 1_000".split(" ");
const TEXTS = [
  '""',
  '"error"',
  '"info"',
  '"err\\u006fr"',
  '"a\\"b\\\\c\\/d\\b\\f\\n\\r\\t"',
  '"\\u0000\\u001f\\u007f"',
  '"ümlaut"',
  '"\\u00fc"',
  '"日本"',
  '"😀"',
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  '"\\ude00"',
  '"\\ud83dx\\ude00"',
  '"\\uFFFD"',
  '"\uffff"',
  '"\\ue000"',
  '"\u2028"',
  '"ABCdef"',
  '"12"',
  '" 12.5 "',
  '"__proto__"',
  '"İ"',
  '"\ufeff"',
];
const BROKEN_TEXTS = ['"\t"', '"\\x"', '"\\u12"', '"open', "'single'", '"\\ud8\\u00"', '"\u0000"'];
const KEYS = ["level", "n", "m", "user", "name", "id", "a", "b", "__proto__", "length", "0", "le\\u0076el", "ü", ""];
const SPACES = ["", "", "", " ", "\t", "\n", "\r\n", "  "];

/** Payloads of events that the kernel never has to hand back by themselves: objects of plain values. */
export function tameEvents(random: () => number, count: number): Uint8Array[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const encoder = new TextEncoder();
  return Array.from({ length: count }, () => {
    const event: Record<string, unknown> = {};
    for (const key of ["level", "n", "m", "name", "a", "ü"]) {
      const kind = random();
      if (kind < 0.3) {
        event[key] = pick(["error", "info", "ümlaut", "", `x${Math.floor(random() * 1e6)}`, "a".repeat(200)]);
      } else if (kind < 0.7) event[key] = pick([1, 2, 3, 12.5, -7, 1e21, Math.floor(random() * 1e9)]);
      else if (kind < 0.9) event[key] = pick([true, false, null]);
    }
    if (random() < 0.5) event["user"] = { name: pick(["ann", "bob"]), id: Math.floor(random() * 5) };
    return encoder.encode(JSON.stringify(event));
  });
}

/** Bytes in a text that are no UTF-8: overlong, surrogates, beyond the last character, cut off, out of place. */
const NO_UTF8: readonly (readonly number[])[] = [
  [0xc0, 0x80],
  [0xe0, 0x80, 0xaf],
  [0xf0, 0x80, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x98],
  [0x80],
  [0xff],
];

/** A number of any digits, where both sides have to round alike. */
function numeral(random: () => number): string {
  const digits = (most: number) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => Math.floor(random() * 10)).join("");
  const whole = random() < 0.3 ? "0" : digits(random() < 0.2 ? 40 : 19).replace(/^0+(?=.)/, "");
  const fraction = random() < 0.5 ? `.${digits(random() < 0.2 ? 60 : 20)}` : "";
  const exponent = random() < 0.4 ? `e${random() < 0.5 ? "-" : ""}${digits(3)}` : "";
  return `${random() < 0.3 ? "-" : ""}${whole}${fraction}${exponent}`;
}

/**
 * Payloads of events that stand across every boundary a parser may have: numbers of any digits, texts of any length with
 * characters of several bytes and escapes at any place, bytes that are no UTF-8, very many fields, and now and then a
 * mebibyte.
 */
export function wideEvents(random: () => number, count: number): Uint8Array[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const parts = [
    "a",
    "Z",
    "é",
    "日",
    "😀",
    "\\n",
    "\\u00e9",
    '\\"',
    "\\\\",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\u2029",
    " ",
  ];
  const text = (most: number) => {
    const length = Math.floor(random() * most);
    return `"${Array.from({ length }, () => random() < 0.7 ? "x" : pick(parts)).join("")}"`;
  };
  const value = (): string => {
    const kind = random();
    if (kind < 0.4) return numeral(random);
    if (kind < 0.8) return text(random() < 0.1 ? 600 : 70);
    return pick(["true", "false", "null", "{}", "[]", '["error",1]', '{"a":"error"}']);
  };
  const encoder = new TextEncoder();
  return Array.from({ length: count }, (_, index) => {
    const fields = Array.from({ length: Math.floor(random() * (random() < 0.05 ? 300 : 9)) }, (_, at) => {
      const key = random() < 0.6 ? pick(KEYS) : `${text(at % 7 === 0 ? 90 : 6).slice(1, -1)}`;
      return `"${key}":${value()}`;
    });
    if (index === count >> 1) fields.push(`"name":"${"é\\n".repeat(250_000)}"`, `"level":"error"`);
    const bytes = encoder.encode(`{${fields.join(",")}}`);
    if (random() > 0.05) return bytes;
    const at = Math.floor(random() * bytes.length);
    return new Uint8Array([...bytes.subarray(0, at), ...pick(NO_UTF8), ...bytes.subarray(at)]);
  });
}

/** What a test of this seed feeds: hostile events, wide ones, or tame ones, of which whole batches go one way. */
export function eventsOfSeed(seed: number, random: () => number, count: number): Uint8Array[] {
  if (seed % 7 === 6) return wideEvents(random, count);
  return seed % 3 === 0 ? tameEvents(random, count) : hostileEvents(random, count);
}

/** Payloads of events, one in eight of them broken in some way. */
export function hostileEvents(random: () => number, count: number): Uint8Array[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const space = () => pick(SPACES);
  const value = (depth: number): string => {
    const kind = random();
    if (kind < 0.4) return pick(NUMBERS);
    if (kind < 0.75) return pick(TEXTS);
    if (kind < 0.85) return pick(["true", "false", "null"]);
    if (kind < 0.87) return pick([...BROKEN_NUMBERS, ...BROKEN_TEXTS, "True", "nul", "undefined", ""]);
    if (depth > 3) return "[]";
    if (kind < 0.92) return `[${space()}${Array.from({ length: Math.floor(random() * 3) }, () => value(depth + 1))}]`;
    return object(depth + 1);
  };
  const object = (depth: number): string => {
    const members = Array.from(
      { length: Math.floor(random() * 7) },
      () => `${space()}"${pick(KEYS)}"${space()}:${space()}${value(depth)}${space()}`,
    );
    return `{${members.join(",")}}`;
  };
  const encoder = new TextEncoder();
  return Array.from({ length: count }, () => {
    const kind = random();
    if (kind < 0.01) return new Uint8Array();
    if (kind < 0.02) return encoder.encode(`${"[".repeat(2000)}${"]".repeat(2000)}`);
    if (kind < 0.03) return encoder.encode(`{"user":${'{"a":'.repeat(1500)}1${"}".repeat(1500)},"level":"error"}`);
    if (kind < 0.06) return encoder.encode(value(0));
    const bytes = encoder.encode(`${space()}${object(0)}${space()}`);
    if (kind < 0.08) return new Uint8Array([0xef, 0xbb, 0xbf, ...bytes]);
    if (kind < 0.09) return new Uint8Array([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, ...bytes]);
    if (kind < 0.11) return bytes.subarray(0, Math.floor(random() * bytes.length));
    if (kind < 0.15) {
      const changed = bytes.slice();
      changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
      return changed;
    }
    if (kind < 0.16) return encoder.encode(new TextDecoder().decode(bytes) + pick(["x", "{}", ",", "\0", "\ufeff"]));
    return bytes;
  });
}
