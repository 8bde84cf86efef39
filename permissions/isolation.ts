/** Where a plugin's code runs: what it can bear, what the operator chose, what this host offers. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import type { Manifest } from "../runtime/manifest/manifest.ts";
import type { Grant, PluginIsolation } from "./grants.ts";

/** Isolations this version offers. */
export const availableIsolations: readonly PluginIsolation[] = [
  "guard",
  "worker",
  "native",
  "runner",
];

/** What an operator should know before choosing it. */
const meanings: Readonly<Record<PluginIsolation, string>> = {
  worker:
    "a Deno Worker in this process: it may touch only what is granted, but it can end or hang the host, so review the plugin first",
  guard: "a Deno process of its own, in the sandbox: it may touch only what is granted, and the host survives its end",
  native: "loaded into this process: no permission binds it and a crash ends the host, so review the plugin first",
  runner:
    "a small C program of its own, in the sandbox: it may touch only what is granted, and the host survives its end",
};

function isOwnProcess(isolation: PluginIsolation): boolean {
  return isolation === "guard" || isolation === "runner";
}

/** Isolations made for the language a plugin is written in; the default comes first. */
function isolationsFor(manifest: Manifest): readonly PluginIsolation[] {
  return manifest.native === undefined ? ["guard", "worker"] : ["runner", "native"];
}

/** Whether the manifest says the plugin can bear it. */
function canBear(manifest: Manifest, isolation: PluginIsolation): boolean {
  const { isolation: bears = "either" } = manifest;
  return bears === "either" ||
    isOwnProcess(isolation) === (bears === "own-process");
}

/** The isolation an operator could choose for a plugin on this host, or `undefined` when there is none. */
export function possibleIsolation(
  manifest: Manifest,
  available: readonly PluginIsolation[] = availableIsolations,
): PluginIsolation | undefined {
  return isolationsFor(manifest).find((each) => available.includes(each) && canBear(manifest, each));
}

/**
 * Chooses the isolation of a plugin. A weaker one is never taken by itself: the operator has to name it.
 *
 * @param file the grant file, for the message
 * @throws {CaissonError} `CAISSON_ISOLATION_REFUSED` with the line to add, where one helps
 */
export function chooseIsolation(
  manifest: Manifest,
  grant: Grant | undefined,
  file: string,
  available: readonly PluginIsolation[] = availableIsolations,
): PluginIsolation {
  const fitting = isolationsFor(manifest);
  const bearable = fitting.filter((each) => canBear(manifest, each));
  const wanted = grant?.isolation ?? bearable[0]!;
  const language = manifest.native === undefined ? "TypeScript" : "native";
  const problem = !fitting.includes(wanted)
    ? `${wanted} is not for ${language} plugins`
    : !canBear(manifest, wanted)
    ? `its manifest says it runs ${manifest.isolation}, which ${wanted} is not`
    : !available.includes(wanted)
    ? `${wanted} is not available in this version`
    : undefined;
  if (problem === undefined) {
    if (grant?.isolation !== undefined || isOwnProcess(wanted)) return wanted;
    // The manifest allows only the host process, which is the operator's decision and not the author's.
    throw refused(manifest, "no isolation is named in the grant", file, [
      wanted,
    ]);
  }
  throw refused(
    manifest,
    problem,
    file,
    bearable.filter((each) => available.includes(each)),
  );
}

function refused(
  manifest: Manifest,
  found: string,
  file: string,
  possible: readonly PluginIsolation[],
): CaissonError {
  const choice = possible[0];
  return new CaissonError("CAISSON_ISOLATION_REFUSED", {
    subject: manifest.name,
    found,
    allowed: possible.length === 0
      ? "nothing this host offers"
      : possible.map((each) => `"${each}" (${meanings[each]})`).join(", "),
    action: choice === undefined
      ? "Use a host that offers an isolation this plugin can bear."
      : `If that is acceptable, set "isolation": "${choice}" for ${JSON.stringify(manifest.name)} in ${file}: ${
        JSON.stringify(manifest.name)
      }: { "isolation": "${choice}" }`,
  });
}
