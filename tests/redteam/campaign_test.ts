import { assert, assertEquals } from "@std/assert";
import { runCampaign } from "./campaign.ts";
import { withOutcomes } from "./outcome_table.ts";

/** One of each way in; tests/long runs them all. */
const SAMPLE: readonly string[] = [
  "file-computed-import",
  "file-shipped-link",
  "net-connect",
  "net-unix-node",
  "run-spawn-hidden",
  "kill-victim-node",
  "host-fatal",
  "read-open",
  "rename-out",
  "connect-tcp",
  "connect-unix",
  "run-fork",
  "kill-victim",
  "trace-victim",
  "use-io-uring",
];

Deno.test({
  name: "a sample of attacks succeeds without protection and is refused with it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { outcomes, escaped, shownNothing } = await runCampaign({ only: (id) => SAMPLE.includes(id) });
    assertEquals(outcomes.filter(({ state }) => state === "escaped"), []);
    assertEquals(outcomes.filter(({ works }) => works !== true), []);
    assertEquals([escaped, shownNothing], [0, 0]);
    // What a Worker cannot refuse: when this changes, Deno has changed, and docs/security.md has to.
    const gaps = outcomes.filter(({ state }) => state === "gap").map(({ id, place }) => `${place} ${id}`);
    assertEquals(gaps, ["worker file-shipped-link", "worker host-fatal"]);
  },
});

Deno.test("attacks with files are refused, each by a code of its own kind", async () => {
  const files = /^(?:manifest|module|package|store|lock|update|grants|audit)-/;
  const { outcomes, escaped } = await runCampaign({ only: (id) => files.test(id) });
  assert(outcomes.length >= 30);
  assertEquals(outcomes.filter(({ works }) => works !== true), []);
  assertEquals(escaped, 0);
});

Deno.test("the page keeps what stands around the table", () => {
  const outcome = { id: "x", title: "a | b", place: "guard", state: "refused", by: "E", works: true } as const;
  const once = withOutcomes("# Page\n\ntext\n", [outcome], "here");
  const twice = withOutcomes(`${once}\nafter\n`, [{ ...outcome, id: "y" }], "there");
  assert(twice.startsWith("# Page\n\ntext\n"));
  assert(twice.endsWith("\nafter\n"));
  assert(twice.includes("| `y` | a \\| b | refused | E |"));
  assert(!twice.includes("| `x` |"));
});
