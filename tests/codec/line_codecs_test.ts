// Vectors: facts of the tests of tremor-runtime (Apache-2.0), transcribed.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { CodecConfig } from "../../runtime/codec/codec_config.ts";
import { createCodec } from "../../runtime/codec/codecs.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

function decode(codec: CodecConfig, line: string, timestampMs?: number): unknown {
  return createCodec(codec).decode(utf8.encode(line), timestampMs);
}

function encode(codec: CodecConfig, value: unknown): string {
  return text.decode(createCodec(codec).encode(value));
}

function refusesToDecode(codec: CodecConfig, ...lines: readonly string[]): void {
  for (const line of lines) {
    const error = assertThrows(() => decode(codec, line), CaissonError, undefined, line);
    assertEquals(error.code, "CAISSON_CODEC_DECODE", line);
  }
}

function refusesToEncode(codec: CodecConfig, ...values: readonly unknown[]): void {
  for (const value of values) {
    const error = assertThrows(() => encode(codec, value), CaissonError);
    assertEquals(error.code, "CAISSON_CODEC_ENCODE");
  }
}

function goesBothWays(codec: CodecConfig, line: string, value: unknown): void {
  assertEquals(decode(codec, line), value);
  assertEquals(encode(codec, value), line);
}

Deno.test("statsd reads and writes its vectors", () => {
  goesBothWays("statsd", "gorets:1|c", { type: "c", metric: "gorets", value: 1 });
  goesBothWays("statsd", "glork:320|ms", { type: "ms", metric: "glork", value: 320 });
  goesBothWays("statsd", "gaugor:333|g", { type: "g", metric: "gaugor", value: 333 });
  goesBothWays("statsd", "uniques:765|s", { type: "s", metric: "uniques", value: 765 });
  goesBothWays("statsd", "horst:42.23|h", { type: "h", metric: "horst", value: 42.23 });
  goesBothWays("statsd", "sam:7|c|@0.1", { type: "c", metric: "sam", value: 7, sample_rate: 0.1 });
  goesBothWays("statsd", "addy:+123|g", { type: "g", metric: "addy", value: 123, action: "add" });
  goesBothWays("statsd", "subastian:-234|g", { type: "g", metric: "subastian", value: 234, action: "sub" });
});

Deno.test("statsd refuses what is no measurement", () => {
  refusesToDecode(
    "statsd",
    "",
    "a",
    "a:1",
    "a:|c",
    ":1|c",
    "a:1|x",
    "a:1|c|0.1",
    "a:1|c|@2",
    "a:+-1|g",
    "a:1|c|@1|x",
    "a:x|c",
  );
  refusesToEncode(
    "statsd",
    1,
    null,
    {},
    { type: "g", metric: "a:b", value: 1 },
    { type: "g", metric: "a", value: -1 },
    {
      type: "c",
      metric: "a",
      value: 1,
      action: "add",
    },
  );
});

Deno.test("dogstatsd reads and writes its vectors", () => {
  goesBothWays("dogstatsd", "dog:111:222:333:4.44|g|@0.5|#foo:bar,fizz:buzz|c:123abc", {
    metric: {
      metric: "dog",
      values: [111, 222, 333, 4.44],
      type: "g",
      sample_rate: 0.5,
      tags: ["foo:bar", "fizz:buzz"],
      container_id: "123abc",
    },
  });
  goesBothWays(
    "dogstatsd",
    "_e{21,36}:An exception occurred|Cannot parse CSV file from 10.0.0.17|t:warning|#err_type:bad_file",
    {
      event: {
        title: "An exception occurred",
        text: "Cannot parse CSV file from 10.0.0.17",
        type: "warning",
        tags: ["err_type:bad_file"],
      },
    },
  );
  goesBothWays("dogstatsd", "_sc|Redis connection|2|d:1663016695|#env:dev|m:timed out", {
    service_check: {
      name: "Redis connection",
      status: 2,
      timestamp: 1663016695,
      tags: ["env:dev"],
      message: "timed out",
    },
  });
  goesBothWays("dogstatsd", "_e{2,6}:ü|a|b\\nc", { event: { title: "ü", text: "a|b\nc" } });
});

Deno.test("dogstatsd refuses what is none of the three", () => {
  refusesToDecode(
    "dogstatsd",
    ...["", "dog:111", "dog|g", "dog:|g", "dog:1|x", "dog:1|g|?", "dog:1|g|@1|@1", "_sc|x", "_sc|x|4"],
    ...["_e{1,1}:ab|c", "_e{1,9}:a|b", "_e{1,1}:ü|b", "_e{999999,999999}:a|b"],
  );
  refusesToEncode("dogstatsd", {}, { metric: { metric: "a", values: [], type: "g" } }, {
    metric: { metric: "a", values: [1], type: "g", colour: "red" },
  }, { metric: { metric: "a", values: [1], type: "g", tags: ["a|b"] } });
});

Deno.test("graphite keeps nanoseconds, and -1 is when the event came in", () => {
  const value = { metric: "beep.boop", value: 7, timestamp: 1620649445000000000n };
  goesBothWays("graphite-plaintext", "beep.boop 7 1620649445", value);
  const now = decode("graphite-plaintext", "beep.boop 320.0 -1", 1_234_000);
  assertEquals(now, { metric: "beep.boop", value: 320, timestamp: 1234000000000n });
  assertEquals(encode("graphite-plaintext", now), "beep.boop 320 1234");
  refusesToDecode(
    "graphite-plaintext",
    "",
    "a",
    "a 1",
    "a b 1",
    "a 1 b",
    "a 1 2 3",
    "a 1 -2",
    "a 1 99999999999999999999",
  );
  refusesToEncode("graphite-plaintext", {}, { metric: "a b", value: 1 }, { metric: "a", value: NaN });
});

Deno.test("csv reads and writes one record", () => {
  assertEquals(decode("csv", "a,b,c,123"), ["a", "b", "c", "123"]);
  assertEquals(encode("csv", ["a", "b", "c", 123]), "a,b,c,123");
  goesBothWays("csv", '"a ""b""",,"c,d","e\nf"', ['a "b"', "", "c,d", "e\nf"]);
  goesBothWays({ name: "csv", config: { separator: "\t" } }, "a\tb,c", ["a", "b,c"]);
  for (const separator of ["]", "^", "-", "\\", ";"]) {
    const codec = { name: "csv", config: { separator } };
    assertEquals(decode(codec, encode(codec, ["a", separator, "b"])), ["a", separator, "b"]);
  }
  assertEquals(encode("csv", [null, true, 2n ** 60n]), ",true,1152921504606846976");
  assertEquals(decode("csv", encode("csv", [""])), [""]);
  assertEquals(decode("csv", "a,b\r\n"), ["a", "b"]);
  refusesToDecode("csv", '"a', '"a"b', 'a,"');
  refusesToEncode("csv", [], {}, "a", [{}], [() => 1]);
});

const weather = { measurement: "weather", tags: { location: "us-midwest" } };
const timestamp = 1465839830100400200n;

Deno.test("influx keeps every nanosecond, and integers apart from floats", () => {
  const line = "weather,location=us-midwest temperature=82 1465839830100400200";
  goesBothWays("influx", line, { ...weather, fields: { temperature: 82 }, timestamp });
  goesBothWays("influx", line.replace("82", "82i"), { ...weather, fields: { temperature: 82n }, timestamp });
  goesBothWays("influx", line.replace("82", "18446744073709551615u"), {
    ...weather,
    fields: { temperature: 18446744073709551615n },
    timestamp,
  });
  const plain = { name: "influx", config: { integers: "number" } };
  assertEquals(decode(plain, line.replace("82", "82i")), { ...weather, fields: { temperature: 82 }, timestamp });
  assertEquals(decode("influx", "weather temperature=82", 1234.5), {
    measurement: "weather",
    tags: {},
    fields: { temperature: 82 },
    timestamp: 1234500000n,
  });
});

Deno.test("influx reads every form of its booleans, escapes and texts", () => {
  const fields = (line: string) => (decode("influx", line) as { fields: unknown }).fields;
  for (const word of ["t", "T", "true", "True", "TRUE"]) assertEquals(fields(`w hot=${word} 1`), { hot: true });
  for (const word of ["f", "F", "false", "False", "FALSE"]) assertEquals(fields(`w hot=${word} 1`), { hot: false });
  assertEquals(fields('w a="too \\"hot\\"",b="x,y z=1",c="hot\\cold",d="hot\\\\cold" 1'), {
    a: 'too "hot"',
    b: "x,y z=1",
    c: "hot\\cold",
    d: "hot\\cold",
  });
  assertEquals(decode("influx", "wea\\,th\\ er,location\\ place=us\\,midwest temp\\=rature=82 1"), {
    measurement: "wea,th er",
    tags: { "location place": "us,midwest" },
    fields: { "temp=rature": 82 },
    timestamp: 1n,
  });
  const bag = {
    measurement: "wea,\\ ther",
    tags: { "a=b": "c d", 'e"f': "\\" },
    fields: { 'too \\\\"hot"': true, s: 'a"\\b\nc', i: -1n, f: -1.5e-7 },
    timestamp: -1n,
  };
  assertEquals(decode("influx", encode("influx", bag)), bag);
});

Deno.test("influx takes blank lines and comments for no events", () => {
  const { skips } = createCodec("influx");
  for (const line of ["", "   ", "\r\n", "# comment", "  # comment"]) assert(skips!(utf8.encode(line)), line);
  assert(!skips!(utf8.encode("w a=1")));
  refusesToDecode(
    "influx",
    ...[
      "",
      "# x",
      "w",
      "w ",
      "w,",
      "w,a b=1",
      "w a",
      "w a=",
      "w a=1i2",
      "w a=1x",
      'w a="b',
      "w a=1 x",
      "w a=1 1 1",
      ",a=b c=1",
    ],
    ...["w a=99999999999999999999i", "w a=1,", "w a=1 99999999999999999999"],
  );
  refusesToEncode("influx", {}, { ...weather, fields: {} }, { ...weather, fields: { a: NaN } }, {
    measurement: "a\nb",
    fields: { a: 1 },
  }, { ...weather, fields: { a: null } });
});

Deno.test("syslog reads and writes RFC 3164", () => {
  const line = "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8";
  const value = decode("syslog", line, Date.UTC(2021, 5));
  assertEquals(value, {
    severity: "crit",
    facility: "auth",
    timestamp: BigInt(Date.UTC(2021, 9, 11, 22, 14, 15)) * 1_000_000n,
    hostname: "mymachine",
    appname: "su",
    msg: "'su root' failed for lonvick on /dev/pts/8",
    protocol: "RFC3164",
  });
  assertEquals(encode("syslog", value), line);
  assertEquals(encode("syslog", decode("syslog", "Use the BFG!", 0)), "<13>Jan  1 00:00:00 - : Use the BFG!");
  const tagged = "<13>Feb  5 17:32:18 10.0.0.99 sshd[123]: hello: world";
  assertEquals((decode("syslog", tagged) as { procid: string }).procid, "123");
  assertEquals(encode("syslog", decode("syslog", tagged)), tagged);
  for (const odd of ["<192>x", "<13>Foo 99 00:00:00 a b", "<13>", ""]) {
    assertEquals((decode("syslog", odd, 0) as { protocol: string }).protocol, "RFC3164");
  }
});

Deno.test("syslog reads the examples of RFC 5424 and writes their times in UTC", () => {
  const examples = [
    [
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF'su root' failed",
      "\uFEFF",
      "",
      "Z",
      "+00:00",
    ],
    [
      "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
      "05:14:15.000003-07:00",
      "12:14:15.000003+00:00",
    ],
    [
      '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] An application event',
      "Z",
      "+00:00",
    ],
    [
      '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3"][examplePriority@32473 class="high"]',
      "Z",
      "+00:00",
    ],
  ] as const;
  for (const [line, ...changes] of examples) {
    let expected: string = line;
    for (let index = 0; index < changes.length; index += 2) {
      expected = expected.replace(changes[index]!, changes[index + 1]!);
    }
    assertEquals(encode("syslog", decode("syslog", line)), expected);
  }
  assertEquals(decode("syslog", examples[2][0]), {
    severity: "notice",
    facility: "local4",
    timestamp: 1065910455003000000n,
    hostname: "mymachine.example.com",
    appname: "evntslog",
    msgid: "ID47",
    structured_data: { "exampleSDID@32473": [{ iut: "3" }, { eventSource: "Application" }, { eventID: "1011" }] },
    msg: "An application event",
    protocol: "RFC5424",
    protocol_version: 1,
  });
  goesBothWays("syslog", '<0>1 - - - - - [a b="\\"\\\\\\]"] x', {
    severity: "emerg",
    facility: "kern",
    structured_data: { a: [{ b: '"\\]' }] },
    msg: "x",
    protocol: "RFC5424",
    protocol_version: 1,
  });
  refusesToDecode(
    "syslog",
    ...[
      "<0>1 ",
      "<0>1 x - - - - -",
      "<0>1 - - - - -",
      "<0>1 - - - - - x",
      "<0>1 - - - - - [a",
      '<0>1 - - - - - [a b="c]',
      "<0>1 - - - - - -x",
    ],
    ...["<0>1 2003-02-30T00:00:00Z - - - - -", "<0>1 2003-10-11T22:14:15 - - - - -", "<0>1 - - - - - [a][a]"],
  );
  refusesToEncode("syslog", {}, { severity: "emerg", facility: "x", msg: "" }, {
    severity: "emerg",
    facility: "kern",
    hostname: "a b",
    msg: "",
  });
});

Deno.test("null is nothing, whatever comes", () => {
  assertEquals(decode("null", "x"), null);
  assertEquals(encode("null", { a: 1 }), "");
});

Deno.test("yaml reads and writes a document, with integers beyond 2^53", () => {
  assertEquals(decode("yaml", "a: 1\nb: [x, 1.5, true, null]\nc: 1465839830100400200\n"), {
    a: 1,
    b: ["x", 1.5, true, null],
    c: timestamp,
  });
  const value = { a: "no", b: [1, { c: -(2n ** 60n) }], d: "", e: "1", f: "x\ny: z" };
  assertEquals(decode("yaml", encode("yaml", value)), value);
  refusesToDecode("yaml", "a: [", "a: b: c", "--- 1\n--- 2\n", "&a [*a]".repeat(3));
  refusesToDecode({ name: "yaml", config: { max_bytes: 4 } }, "12345");
  refusesToEncode("yaml", undefined, () => 1);
});

Deno.test("yaml refuses a few lines that mean gigabytes", () => {
  const lines = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (let index = 1; index < 12; index++) {
    const [own, last] = [String.fromCharCode(97 + index), String.fromCharCode(96 + index)];
    lines.push(`${own}: &${own} [${Array(9).fill(`*${last}`).join(",")}]`);
  }
  refusesToDecode("yaml", lines.join("\n"));
});

Deno.test("json can sort members, and keep the digits of long integers", () => {
  const sorted = { name: "json", config: { mode: "sorted" } };
  assertEquals(
    encode(sorted, { b: [{ d: 1, c: 2n }], a: new Date(0) }),
    '{"a":"1970-01-01T00:00:00.000Z","b":[{"c":2,"d":1}]}',
  );
  assertEquals(encode("json", { a: timestamp, b: [-1n] }), '{"a":1465839830100400200,"b":[-1]}');
  const wide = { name: "json", config: { integers: "bigint" } };
  goesBothWays(wide, '{"a":1465839830100400200,"b":1.5,"c":12}', { a: timestamp, b: 1.5, c: 12 });
  assertEquals(decode("json", "1465839830100400200"), 1465839830100400200);
  assertEquals(createCodec("json"), createCodec({ name: "json", config: { mode: "unsorted" } }));
  assert(createCodec(sorted).name !== createCodec("json").name);
});

Deno.test("a codec's configuration is checked", () => {
  for (
    const named of [
      { name: "json", config: { mode: "shuffled" } },
      { name: "json", config: { mod: "sorted" } },
      { name: "csv", config: { separator: '"' } },
      { name: "string", config: { a: 1 } },
    ]
  ) {
    const error = assertThrows(() => createCodec(named, "flow/in: codec"), CaissonError);
    assertEquals(error.code, "CAISSON_CONFIG_INVALID");
    assert(error.subject.startsWith("flow/in: codec"), error.subject);
  }
});

Deno.test("members that a payload calls __proto__ stay members", () => {
  const value = decode("influx", "w,__proto__=x __proto__=1 1") as { tags: object; fields: object };
  assertEquals(Object.keys(value.tags), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(value.fields), Object.prototype);
  const yaml = decode("yaml", "__proto__: {a: 1}") as object;
  assertEquals(Object.getPrototypeOf(yaml), Object.prototype);
});
