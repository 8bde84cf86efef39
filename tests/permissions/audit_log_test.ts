import { assert, assertEquals, assertThrows } from "@std/assert";
import { auditKinds } from "../../permissions/audit_event.ts";
import { type AuditLogOptions, type AuditRecord, openAuditLog } from "../../permissions/audit_log.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";

async function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function records(folder: string, name = "audit.ndjson"): AuditRecord[] {
  return Deno.readTextFileSync(`${folder}/${name}`).trimEnd().split("\n").map((line) => JSON.parse(line));
}

function write(options: AuditLogOptions, count: number, plugin = "p"): void {
  using audit = openAuditLog(options);
  for (let n = 0; n < count; n++) audit.write({ kind: "stop", plugin, cause: `number ${n}` });
}

Deno.test("appends one numbered line for each event", () =>
  inFolder((folder) => {
    write({ folder, now: () => 0 }, 2);
    write({ folder, now: () => 0 }, 1);
    assertEquals(records(folder).map(({ sequence }) => sequence), [1, 2, 1]);
    assertEquals(records(folder)[0], {
      time: "1970-01-01T00:00:00.000Z",
      sequence: 1,
      pid: Deno.pid,
      kind: "stop",
      plugin: "p",
      cause: "number 0",
    });
  }));

Deno.test(
  "keeps the file from everybody but its owner",
  { ignore: Deno.build.os === "windows" },
  () =>
    inFolder((folder) => {
      write({ folder: `${folder}/audit` }, 1);
      assertEquals(Deno.statSync(`${folder}/audit/audit.ndjson`).mode! & 0o077, 0);
    }),
);

Deno.test("a text cannot forge a line, hide one or steer a terminal", () =>
  inFolder((folder) => {
    const cause = '\n{"kind":"approve","plugin":"evil"}\n\u001b[2J\u009b31m\u202e\u200b\u2028"}';
    {
      using audit = openAuditLog({ folder });
      audit.write({ kind: "crash", plugin: "p\u001b]0;x\u0007", code: "CAISSON_PLUGIN_CRASHED", cause });
    }
    const text = Deno.readTextFileSync(`${folder}/audit.ndjson`);
    assertEquals(text.split("\n").length, 2);
    assert(/^[\x20-\x7e\n]*$/.test(text), text);
    assertEquals((records(folder)[0] as unknown as { cause: string }).cause, cause);
  }));

Deno.test("no field replaces who wrote a line and what it is", () =>
  inFolder((folder) => {
    {
      using audit = openAuditLog({ folder, now: () => 0 });
      const forged = { kind: "stop", plugin: "p", cause: "", time: "never", sequence: 99, pid: 1 } as const;
      audit.write(forged);
    }
    const { time, sequence, pid } = records(folder)[0]!;
    assertEquals({ time, sequence, pid }, { time: "1970-01-01T00:00:00.000Z", sequence: 1, pid: Deno.pid });
  }));

Deno.test("shortens texts and lists", () =>
  inFolder((folder) => {
    {
      using audit = openAuditLog({ folder });
      const changes = Array.from({ length: 10_000 }, (_, n) => `${n}`);
      audit.write({ kind: "grant", plugin: "p", changes, file: "f" });
      audit.write({ kind: "crash", plugin: "p", code: "c", cause: "x".repeat(1 << 20) });
      audit.write({ kind: "grant", plugin: "p", changes: changes.map((each) => each.repeat(1000)), file: "f" });
    }
    for (const line of Deno.readTextFileSync(`${folder}/audit.ndjson`).split("\n")) assert(line.length < 20_000);
    assertEquals(records(folder).map(({ kind }) => kind), ["grant", "crash", "grant"]);
  }));

Deno.test("counts what a plugin floods it with, and what operators do always stays", () =>
  inFolder((folder) => {
    let time = 0;
    {
      using audit = openAuditLog({ folder, perMinute: 3, now: () => time });
      const deny = (plugin: string) => audit.write({ kind: "deny", plugin, code: "c", cause: "net" });
      for (let n = 0; n < 10; n++) deny("loud");
      deny("quiet");
      for (let n = 0; n < 10; n++) audit.write({ kind: "stop", plugin: "loud", cause: "revoked" });
      time = 61_000;
      deny("loud");
      for (let n = 0; n < 9; n++) deny("loud");
    }
    const count = (plugin: string, kind: string) =>
      records(folder).filter((each) => each.plugin === plugin && each.kind === kind).length;
    assertEquals(count("loud", "deny"), 6);
    assertEquals(count("quiet", "deny"), 1);
    assertEquals(count("loud", "stop"), 10);
    const left = records(folder).flatMap((each) => each.kind === "suppressed" ? [each.count] : []);
    assertEquals(left, [7, 7]);
  }));

Deno.test("begins a new file when one is full and keeps only so many", () =>
  inFolder((folder) => {
    write({ folder, maxBytes: 1000, keep: 2 }, 40);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(names, ["audit.1.ndjson", "audit.2.ndjson", "audit.ndjson"]);
    const all = ["audit.2.ndjson", "audit.1.ndjson", "audit.ndjson"].flatMap((name) =>
      records(folder, name).map(({ sequence }) => sequence)
    );
    assertEquals(all, Array.from(all, (_, n) => all[0]! + n));
    assertEquals(all.at(-1), 40);
  }));

Deno.test("two writers share the files and lose nothing when one begins a new one", () =>
  inFolder((folder) => {
    const options = { folder, maxBytes: 2000, keep: 50 };
    {
      using one = openAuditLog(options);
      using two = openAuditLog(options);
      for (let n = 0; n < 50; n++) {
        one.write({ kind: "stop", plugin: "one", cause: `${n}` });
        two.write({ kind: "stop", plugin: "two", cause: `${n}` });
      }
    }
    const all = [...Deno.readDirSync(folder)].flatMap(({ name }) => records(folder, name));
    assertEquals(all.length, 100);
  }));

Deno.test("goes on in a new file when somebody took the old one away", () =>
  inFolder((folder) => {
    using audit = openAuditLog({ folder });
    audit.write({ kind: "stop", plugin: "p", cause: "first" });
    Deno.removeSync(`${folder}/audit.ndjson`);
    audit.write({ kind: "stop", plugin: "p", cause: "second" });
    // The gap in the numbers tells.
    assertEquals(records(folder).map(({ sequence }) => sequence), [2]);
  }));

Deno.test("says that it cannot be written", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const error = assertThrows(() => openAuditLog({ folder: `${folder}/file/audit` }), CaissonError);
    assertEquals(error.code, "CAISSON_AUDIT_FAILED");
  }));

Deno.test("every kind is listed once", () => {
  assertEquals(new Set(auditKinds).size, auditKinds.length);
  assert(auditKinds.includes("revoke"));
});
