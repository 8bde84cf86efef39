/** The red team's part of docs/security.md. @module */
import type { Outcome, Place } from "./attack.ts";

const PLACES: readonly Place[] = ["guard", "worker", "runner", "host"];
const HEADINGS: Readonly<Record<Place, string>> = {
  guard: "In a guard",
  worker: "In a Worker",
  runner: "In a runner",
  host: "With files: manifests, packages, grants, locks",
};
const START = "<!-- red team: written by deno task redteam -->";
const END = "<!-- end of red team -->";

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*").replaceAll("_", "\\_");
}

function verdict({ state, works }: Outcome): string {
  if (state === "refused") return works ? "refused" : "refused (shows nothing here)";
  return state === "gap" ? "**known gap**" : "**ESCAPED**";
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) =>
    `| \`${outcome.id}\` | ${cell(outcome.title)} | ${verdict(outcome)} | ${cell(outcome.by)} |`
  );
  return ["| attack | what is tried | outcome | by |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** The page with the outcomes in place of the last ones. */
export function withOutcomes(page: string, outcomes: readonly Outcome[], machine: string): string {
  const parts = PLACES.map((place) => {
    const here = outcomes.filter((outcome) => outcome.place === place);
    return here.length === 0 ? "" : `### ${HEADINGS[place]}\n\n${table(here)}\n`;
  });
  const text = `${START}\n\nOn ${machine}. Each attack was seen to succeed without the protection first.\n\n${
    parts.join("\n")
  }\n${END}`;
  const from = page.indexOf(START);
  const to = page.indexOf(END);
  if (from < 0 || to < 0) return `${page.trimEnd()}\n\n## The red team\n\n${text}\n`;
  return page.slice(0, from) + text + page.slice(to + END.length);
}
