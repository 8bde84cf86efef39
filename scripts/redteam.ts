// deno-lint-ignore-file no-console -- the terminal is where it reports
// Attacks the runtime and says what came of it:
//
//   deno task redteam [--write] [ID…]
//
// With --write, docs/security.md gets the table. IDs run only attacks that start so.
import { fromFileUrl, join } from "@std/path";
import { type CampaignReport, runCampaign } from "../tests/redteam/campaign.ts";
import { withOutcomes } from "../tests/redteam/outcome_table.ts";

const SIGNS = { refused: "refused", escaped: "ESCAPED", gap: "gap    " } as const;

function machine(): string {
  return `${Deno.build.os} ${Deno.osRelease()}, ${Deno.build.arch}, Deno ${Deno.version.deno}`;
}

async function writePage({ outcomes }: CampaignReport): Promise<void> {
  const file = join(fromFileUrl(new URL("..", import.meta.url)), "docs", "security.md");
  await Deno.writeTextFile(file, withOutcomes(await Deno.readTextFile(file), outcomes, machine()));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file] }).output();
}

async function main(args: readonly string[]): Promise<number> {
  const starts = args.filter((word) => !word.startsWith("--"));
  const report = await runCampaign({
    only: (id) => starts.length === 0 || starts.some((start) => id.startsWith(start)),
    onOutcome: ({ state, place, id, by, works }) =>
      console.log(`${SIGNS[state]} ${place.padEnd(6)} ${id.padEnd(26)} ${works ? "" : "(shows nothing here) "}${by}`),
  });
  if (args.includes("--write")) await writePage(report);
  const { refused, escaped, gaps, shownNothing } = report;
  console.log(`\n${gaps} known gaps of worker, asserted; ${shownNothing} came to nothing without protection, too`);
  console.log(`${refused} refused, ${escaped} escaped`);
  return escaped === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
