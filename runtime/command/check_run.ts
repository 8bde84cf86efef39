/** `caisson check --run PLUGIN_DIR`. @module */
import { resolve } from "@std/path";
import type { PluginIsolation } from "../../permissions/grants.ts";
import { availableIsolations } from "../../permissions/isolation.ts";
import { checkConformance } from "../conformance/check_conformance.ts";
import type { ConformanceCheck } from "../conformance/conformance_report.ts";
import { discover } from "../manifest/discover.ts";
import { formatColumns } from "./columns.ts";
import type { Invocation, Outcome } from "./command.ts";
import { escapeControls } from "./escape_controls.ts";
import { type HostNeed, readNeed, requireNeeds } from "./host_need.ts";
import { usage } from "./parse_words.ts";
import { commandCache, nativeNeeds, processNeeds, runnerNeeds, workerNeeds } from "./plan.ts";

/** Runs the conformance kit over a plugin. */
export async function executeRun(invocation: Invocation): Promise<Outcome> {
  const folder = resolve(invocation.positionals[0]!);
  const isolations = invocation.list("isolation").map(isolationNamed);
  const cacheFolder = commandCache(invocation);
  const { program, words } = invocation;
  requireNeeds([readNeed(folder, "the plugin")], { program, words, first: true });
  const { packages } = await discover({ plugins: [folder] });
  const native = packages[0]?.manifest.native !== undefined;
  const asks = (isolation: PluginIsolation): boolean =>
    native === (isolation === "runner") && (isolations.length === 0 || isolations.includes(isolation));
  const needs: HostNeed[] = [
    readNeed(folder, "the plugin"),
    { key: "net", value: "127.0.0.1", reason: "the server that conformance.json calls {{http}}" },
    ...native ? await nativeNeeds(cacheFolder, program) : workerNeeds(program),
    ...asks("guard") || asks("runner") ? await processNeeds(cacheFolder, program, !native) : [],
    ...asks("runner") ? await runnerNeeds(cacheFolder, program) : [],
  ];
  requireNeeds(needs, { program, words, workers: !native });
  const quiet = invocation.flag("json");
  const report = await checkConformance({
    folder,
    isolations,
    cacheFolder,
    onCheck: (check) => {
      if (!quiet) invocation.note(lineOf(check));
    },
  });
  const failed = report.checks.filter(({ ok }) => !ok);
  const where = report.isolations.join(", ") || "no isolation";
  const count = `${report.checks.length - failed.length} of ${report.checks.length} checks passed in ${where}`;
  return {
    exit: report.ok ? 0 : 3,
    text: [`${report.plugin} ${report.version}: ${count}`, ...failed.length === 0 ? [] : ["", tableOf(failed)]].join(
      "\n",
    ),
    document: report,
  };
}

function lineOf({ component, isolation, check, ok, detail }: ConformanceCheck): string {
  const line = `${(ok ? "ok" : "FAILED").padEnd(6)}  ${component}  ${isolation.padEnd(6)}  ${check}`;
  // What went wrong stands in the table at the end.
  return escapeControls(ok && detail !== "" ? `${line}: ${detail}` : line).replaceAll("\n", " ");
}

function tableOf(failed: readonly ConformanceCheck[]): string {
  return formatColumns(
    ["component", "isolation", "check", "found"],
    failed.map(({ component, isolation, check, detail }) => [component, isolation, check, detail]),
  );
}

function isolationNamed(name: string): PluginIsolation {
  const found = availableIsolations.find((each) => each === name);
  if (found !== undefined) return found;
  throw usage({ name: "check" }, `--isolation ${name}`, availableIsolations.join(", "));
}
