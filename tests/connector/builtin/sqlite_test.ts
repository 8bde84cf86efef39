import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { createCodec } from "../../../runtime/codec/codecs.ts";
import type { ValueSinkPart, WriteResult } from "../../../runtime/connector/contract.ts";
import { Batch } from "../../../runtime/data/batch.ts";
import { CaissonError } from "../../../runtime/errors/caisson_error.ts";
import { Event } from "../../../runtime/flow/delivery.ts";
import { firstAttempt, TemporaryFolder, valueSinkOf } from "./part_context.ts";

const json = createCodec("json");

function made(...values: unknown[]): Event[] {
  return values.map((value) => Event.made(value, json, 0));
}

async function fill(sink: ValueSinkPart, ...values: unknown[]): Promise<void | WriteResult> {
  await sink.connect!(firstAttempt);
  const result = await sink.write(made(...values));
  await sink.close();
  return result;
}

function select(path: string, sql: string): Record<string, unknown>[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare(sql).all().map((row) => ({ ...row }));
}

async function refusal(act: () => unknown): Promise<CaissonError> {
  return await assertRejects(async () => await act(), CaissonError);
}

Deno.test("the sqlite sink creates the table and stores each kind of value", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  const sink = valueSinkOf("sqlite", {
    path,
    table: "events",
    columns: { v: "v", city: { field: "user.address.city", type: "TEXT" }, n: { type: "INTEGER" } },
  });
  const values = [1.5, 7, "text", true, false, null, undefined, { a: [1] }, ["x"], 2n ** 60n, new Date(0)];
  const bytes = new Uint8Array([1, 0, 255]);
  await fill(sink, ...[...values, bytes].map((v, n) => ({ v, n, user: { address: { city: "Turin" } } })));
  assertEquals(
    select(path, "select typeof(v) as type, cast(v as text) as text from events where n <> 11 order by n")
      .map(({ type, text }) => `${type} ${text}`),
    [
      "real 1.5",
      "integer 7",
      "text text",
      "integer 1",
      "integer 0",
      "null null",
      "null null",
      'text {"a":[1]}',
      'text ["x"]',
      "integer 1152921504606846976",
      "text 1970-01-01T00:00:00.000Z",
    ],
  );
  assertEquals(select(path, "select v from events where n = 11"), [{ v: bytes }]);
  assertEquals(select(path, "select distinct city from events"), [{ city: "Turin" }]);
  assertEquals(
    select(path, "select name, type from pragma_table_info('events')"),
    [{ name: "v", type: "" }, { name: "city", type: "TEXT" }, { name: "n", type: "INTEGER" }],
  );
});

Deno.test("the sqlite sink takes a list of fields as columns and adds to a table that is there", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  const config = { path, table: "t", columns: ["a", "b.c"] };
  await fill(valueSinkOf("sqlite", config), { a: 1, "b.c": 2, b: { c: 3 } });
  await fill(valueSinkOf("sqlite", config), { a: 4 });
  assertEquals(select(path, 'select a, "b.c" as bc from t'), [{ a: 1, bc: 2 }, { a: 4, bc: null }]);
});

Deno.test("the sqlite sink replaces the row with the same key", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  const config = { path, table: "counts", columns: ["path", "status", "count"], key: ["path", "status"] };
  const sink = valueSinkOf("sqlite", config);
  await fill(sink, { path: "/", status: 200, count: 1 }, { path: "/", status: 404, count: 1 }, {
    path: "/",
    status: 200,
    count: 2,
  });
  assertEquals(select(path, "select * from counts order by status"), [
    { path: "/", status: 200, count: 2 },
    { path: "/", status: 404, count: 1 },
  ]);
  assertEquals(sink.metrics!(), { rows: 3, refused: 0 });
});

Deno.test("no name or value can break out of its statement", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  const names = [
    'a"); DROP TABLE "victim"; --',
    "b'); DROP TABLE victim; --",
    "c`[]; DELETE FROM victim",
    '"',
    '""',
    "order",
    "ü 🦕",
    "?1",
    ":x",
  ];
  await fill(valueSinkOf("sqlite", { path, table: "victim", columns: ["v"] }), { v: "alive" });
  for (const table of names) {
    const sink = valueSinkOf("sqlite", { path, table, columns: names, key: names[0] });
    const row = Object.fromEntries(names.map((name) => [name, `${name}'); DROP TABLE victim; --`]));
    assertEquals(await fill(sink, row), undefined);
    const quoted = `"${table.replaceAll('"', '""')}"`;
    assertEquals(select(path, `select * from ${quoted}`), [row]);
  }
  assertEquals(select(path, "select * from victim"), [{ v: "alive" }]);
  assertEquals(select(path, "select count(*) as n from sqlite_schema where type = 'table'"), [{ n: 1 + names.length }]);
});

Deno.test("one event that cannot be a row fails alone, whatever is wrong with it", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  {
    using database = new DatabaseSync(path);
    database.exec("create table t (id integer primary key, v not null check (v <> 'bad'))");
  }
  const sink = valueSinkOf("sqlite", { path, table: "t", columns: { id: "id", v: "v" } });
  await sink.connect!(firstAttempt);
  const batch = Batch.allocate();
  for (const text of ['{"id":1,"v":"first"}', "{broken", '{"id":20,"v":"last"}']) {
    batch.appendBytes(new TextEncoder().encode(text), 0);
  }
  const [first, broken, last] = [0, 1, 2].map((index) => Event.raw(batch, index, json));
  const circle: unknown[] = [];
  circle.push(circle);
  const events = [
    first!,
    broken!,
    ...made(
      { id: 2, v: null },
      { id: 3, v: "bad" },
      { id: 1, v: "same key" },
      { id: "no integer", v: 1 },
      { id: 4, v: 2n ** 63n },
      { id: 5, v: NaN },
      { id: 6, v: () => 1 },
      { id: 7, v: circle },
      { id: 8, v: new Date(NaN) },
      { id: 9, v: Symbol("x") },
    ),
    last!,
  ];
  const result = await sink.write(events) as WriteResult;
  await sink.close();
  assertEquals(result.verdicts.map(({ index }) => index), events.map((_, index) => index).slice(1, -1));
  assertEquals((result.reason as CaissonError).code, "CAISSON_CODEC_DECODE");
  assertEquals(select(path, "select * from t"), [{ id: 1, v: "first" }, { id: 20, v: "last" }]);
  assertEquals(sink.metrics!(), { rows: 2, refused: events.length - 2 });
});

Deno.test("a transaction that fails leaves nothing behind, and the next one works", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  const sink = valueSinkOf("sqlite", { path, table: "t", columns: ["a"] });
  await sink.connect!(firstAttempt);
  {
    using other = new DatabaseSync(path);
    other.exec("begin immediate; insert into t values (0)");
    const error = assertThrows(() => sink.write(made({ a: 1 })), CaissonError);
    assertEquals(error.code, "CAISSON_SINK_FAILED");
    assert(error.found.includes("locked"), error.found);
    other.exec("rollback");
  }
  {
    using other = new DatabaseSync(path);
    other.exec(`create trigger stop before insert on t when new.a = 3 begin select raise(rollback, 'stop'); end`);
  }
  const result = await sink.write(made({ a: 4 }));
  assertEquals(result, undefined);
  await refusal(() => sink.write(made({ a: 2 }, { a: 3 }, { a: 5 })));
  await sink.write(made({ a: 6 }));
  await sink.close();
  assertEquals(select(path, "select a from t"), [{ a: 4 }, { a: 6 }]);
});

Deno.test("the sqlite sink goes on when a table that was dropped is there again", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  const sink = valueSinkOf("sqlite", { path, table: "t", columns: ["a"] });
  await sink.connect!(firstAttempt);
  using other = new DatabaseSync(path);
  other.exec("drop table t");
  const error = await refusal(() => sink.write(made({ a: 1 })));
  assert(error.found.includes("no such table"), error.found);
  other.exec("create table t (a)");
  assertEquals(await sink.write(made({ a: 2 })), undefined);
  await sink.close();
  assertEquals(select(path, "select a from t"), [{ a: 2 }]);
});

Deno.test("the sqlite sink refuses a configuration that cannot work", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  const invalid = [
    { path, table: "t", columns: {} },
    { path, table: "t", columns: ["a", "A"] },
    { path, table: "t", columns: { "": "a" } },
    { path, table: "t", columns: ["a\0b"] },
    { path, table: "t\0", columns: ["a"] },
    { path, table: "t", columns: ["a"], key: "b" },
  ];
  for (const config of invalid) {
    const error = assertThrows(() => valueSinkOf("sqlite", config), CaissonError);
    assertEquals(error.code, "CAISSON_CONFIG_INVALID", JSON.stringify(config));
  }
  const dotted = assertThrows(
    () => valueSinkOf("sqlite", { path, table: "t", columns: { a: "b..c" } }),
    CaissonError,
  );
  assertEquals(dotted.subject, "test/part: columns.a[1]");
});

Deno.test("the sqlite sink refuses a table that does not fit and says what is there", async () => {
  await using folder = new TemporaryFolder();
  const path = folder.file("out.db");
  {
    using database = new DatabaseSync(path);
    database.exec("create table plain (a, b); create table keyed (a primary key, b)");
  }
  const cases = [
    [{ table: "plain", columns: ["a", "c"] }, "a, b"],
    [{ table: "plain", columns: ["a"], key: "a" }, "none: the existing table has no primary key"],
    [{ table: "keyed", columns: ["a", "b"], key: ["b"] }, "the existing table's primary key: a"],
    [{ table: "keyed", columns: ["a", "b"], key: ["a", "b"] }, "the existing table's primary key: a"],
  ] as const;
  for (const [config, allowed] of cases) {
    const sink = valueSinkOf("sqlite", { path, ...config });
    const error = await refusal(() => sink.connect!(firstAttempt));
    assertEquals([error.code, error.allowed], ["CAISSON_CONFIG_INVALID", allowed]);
    assertThrows(() => sink.write([]), CaissonError, "before connect");
    await sink.close();
  }
  await fill(valueSinkOf("sqlite", { path, table: "KEYED", columns: ["A"], key: "A" }), { A: 1 });
  assertEquals(select(path, "select a from keyed"), [{ a: 1 }]);
});

Deno.test("the sqlite sink says why a database cannot be opened", async () => {
  await using folder = new TemporaryFolder();
  await Deno.writeTextFile(folder.file("no.db"), "this is no database, it is a text of some length".repeat(100));
  for (const name of ["no.db", "absent/out.db"]) {
    const error = await refusal(() =>
      valueSinkOf("sqlite", { path: folder.file(name), table: "t", columns: ["a"] }).connect!(firstAttempt)
    );
    assertEquals(error.code, "CAISSON_CONNECT_FAILED");
    assert(error.found.startsWith(folder.file(name)), error.found);
  }
});
