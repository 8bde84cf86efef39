import { type Finding, lineAt } from "../finding.ts";

// Written in pieces, so that this file does not name them itself.
const FOLDERS = ["work", "root", "home/\\w+", "Users/\\w+"];
const HOSTS = [
  ["jsr", "io"],
  ["registry", "npmjs", "org"],
  ["crates", "io"],
  ["deb", "debian", "org"],
];

/** Paths of the machine something was written on. */
const MACHINE_PATH = new RegExp(`(?<![\\w.~$})/-])/(?:${FOLDERS.join("|")})/\\w`, "g");

/** Registries: an address there belongs into a user's settings. */
const REGISTRY_HOST = new RegExp(
  `\\b(?:${HOSTS.map((parts) => parts.join("\\.")).join("|")})\\b`,
  "g",
);

/** Where a text names a machine's own folder or a registry's host. */
export function findTraces(path: string, text: string): Finding[] {
  const findings: Finding[] = [];
  for (
    const [pattern, what] of [
      [MACHINE_PATH, "a path of one machine"],
      [REGISTRY_HOST, "the host of a registry"],
    ] as const
  ) {
    for (const match of text.matchAll(pattern)) {
      findings.push({
        path,
        line: lineAt(text, match.index),
        severity: "error",
        message: `names ${what}: ${match[0]}`,
      });
    }
  }
  return findings;
}
