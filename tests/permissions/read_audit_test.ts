import { assertEquals, assertThrows } from "@std/assert";
import { openAuditLog } from "../../permissions/audit_log.ts";
import { type AuditLine, parseSince, readAudit, readAuditSince } from "../../permissions/read_audit.ts";
import { CaissonError } from "../../runtime/errors/caisson_error.ts";

const causes = (lines: readonly AuditLine[]) =>
  lines.map((line) => "record" in line && line.record.kind === "stop" ? line.record.cause : "damaged");

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("reads all files, the oldest line first, and goes on where it was, also over a new file", () =>
  inFolder(async (folder) => {
    using audit = openAuditLog({ folder, maxBytes: 600, keep: 50 });
    const write = (from: number, to: number) => {
      for (let n = from; n < to; n++) audit.write({ kind: "stop", plugin: n % 2 ? "odd" : "even", cause: `${n}` });
    };
    write(0, 20);
    const all = await readAudit(folder);
    assertEquals(causes(all.lines), Array.from({ length: 20 }, (_, n) => `${n}`));
    write(20, 21);
    const more = await readAuditSince(folder, all.place);
    assertEquals(causes(more.lines), ["20"]);
    let { place } = more;
    const seen: string[] = [];
    for (let n = 21; n < 40; n++) {
      write(n, n + 1);
      const next = await readAuditSince(folder, place);
      seen.push(...causes(next.lines));
      place = next.place;
    }
    assertEquals(seen, Array.from({ length: 19 }, (_, n) => `${n + 21}`));
    assertEquals(causes((await readAudit(folder, { plugin: "odd" })).lines).length, 20);
  }));

Deno.test("filters by kind and moment, and shows lines the host did not write", () =>
  inFolder(async (folder) => {
    let now = 1_000;
    using audit = openAuditLog({ folder, now: () => now });
    audit.write({ kind: "stop", plugin: "p", cause: "old" });
    now = 10_000;
    audit.write({ kind: "stop", plugin: "p", cause: "new" });
    audit.write({ kind: "restart", plugin: "p", cause: "new" });
    assertEquals(causes((await readAudit(folder, { since: 5_000, kinds: ["stop"] })).lines), ["new"]);
    for (
      const forged of ["[]", "null", '{"kind":"approve"}', '{"time":"x","plugin":"p","kind":"toString"}', "{", "x"]
    ) {
      await Deno.writeTextFile(`${folder}/audit.ndjson`, `${forged}\n`, { append: true });
    }
    assertEquals(
      causes((await readAudit(folder, { kinds: ["stop"] })).lines).filter((each) => each === "damaged").length,
      6,
    );
  }));

Deno.test("a folder that is not there holds nothing", async () => {
  assertEquals((await readAudit("/nowhere/at/all")).lines, []);
});

Deno.test("reads moments as people write them", () => {
  assertEquals(parseSince("2h", 10_000_000), 2_800_000);
  assertEquals(parseSince("1970-01-01T00:00:10Z"), 10_000);
  for (const text of ["", "yesterday", "-1h", "1x"]) assertThrows(() => parseSince(text), CaissonError);
});
