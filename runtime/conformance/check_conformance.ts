/** The conformance kit: runs a plugin in every isolation it can bear and checks that it keeps to the contract. @module */
import type { PluginIsolation } from "../../permissions/grants.ts";
import { codecChecks, decoded } from "./codec_checks.ts";
import { firstDifference } from "./compare_output.ts";
import type { ConformanceCheck, ConformanceReport } from "./conformance_report.ts";
import { startEchoServer } from "./echo_server.ts";
import { detailOf, isTimeout } from "./finding.ts";
import { passed, postprocessorChecks, preprocessorChecks } from "./interceptor_checks.ts";
import { type Check, lastChecks, lifeChecks } from "./life_checks.ts";
import { planTrials } from "./plan_trials.ts";
import { output, processorChecks } from "./processor_checks.ts";
import { sinkChecks } from "./sink_checks.ts";
import { sample, sourceChecks } from "./source_checks.ts";
import type { Trial } from "./trial.ts";

/** What {@linkcode checkConformance} checks, and how. */
export interface ConformanceOptions {
  /** Folder of the plugin; `conformance.json` in it says how its components are configured. */
  readonly folder: string;
  /** Isolations to use. @default {every one that the plugin can bear and this host offers} */
  readonly isolations?: readonly PluginIsolation[];
  /** Names of the components to check. @default {all} */
  readonly components?: readonly string[];
  /** Longest wait for any one call of the plugin, milliseconds. @default {10000} */
  readonly deadlineMs?: number;
  /** Where private copies of libraries go. @default {the user's cache folder} */
  readonly cacheFolder?: string;
  /** End with the first check that fails. @default {false} */
  readonly failFast?: boolean;
  /** Told about each check as soon as it has run. */
  readonly onCheck?: (check: ConformanceCheck) => void;
}

const checksOf: Readonly<Record<string, readonly Check[]>> = {
  source: sourceChecks,
  sink: sinkChecks,
  processor: processorChecks,
  codec: codecChecks,
  preprocessor: preprocessorChecks,
  postprocessor: postprocessorChecks,
};

/** Makes of the trial's input what is compared between isolations. */
const outputOf: Readonly<Record<string, (trial: Trial) => Promise<readonly Uint8Array[]>>> = {
  processor: output,
  codec: decoded,
  preprocessor: passed,
  postprocessor: passed,
};

/** Output of one component in one isolation. */
interface Output {
  readonly isolation: PluginIsolation;
  readonly payloads: readonly Uint8Array[];
  readonly whole: boolean;
}

/**
 * Runs every component of a plugin in every isolation and checks life cycle, memory, answers, errors, and that its output
 * is the same everywhere. This runs the plugin's code, with what its `conformance.json` grants; native code in
 * `native` isolation can end this process.
 *
 * @throws {CaissonError} the refusal of a plugin that cannot be registered, `CAISSON_CONFORMANCE_INVALID` for a
 * `conformance.json` that is wrong
 * @example In a test of a plugin's author
 * ```ts ignore
 * import { checkConformance } from "@caisson/runtime";
 *
 * const { ok, checks } = await checkConformance({ folder: "plugins/metronome" });
 * if (!ok) throw new Error(checks.filter((check) => !check.ok).map(({ check, detail }) => `${check}: ${detail}`).join("\n"));
 * ```
 */
export async function checkConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { folder, isolations = [], components, deadlineMs = 10_000, cacheFolder, failFast = false, onCheck } = options;
  await using server = startEchoServer();
  const { found, trials, problems } = await planTrials({
    folder,
    isolations,
    components,
    http: server.address,
    deadlineMs,
    cacheFolder,
  });
  const checks: ConformanceCheck[] = [];
  const note = (check: ConformanceCheck): void => {
    checks.push(check);
    onCheck?.(check);
  };
  problems.forEach(note);
  const outputs = new Map<string, Output[]>();
  for (const trial of trials) {
    if (failFast && checks.some(({ ok }) => !ok)) break;
    if (!await runAll(trial, failFast, note)) continue;
    const { name, kind } = trial.options.provision;
    if (!trial.deterministic || kind === "sink") continue;
    await compare(trial, outputs.get(name) ?? outputs.set(name, []).get(name)!, note);
  }
  return {
    plugin: found.manifest.name,
    version: found.manifest.version,
    ok: checks.length > 0 && checks.every(({ ok }) => ok),
    isolations: [...new Set(trials.map(({ isolation }) => isolation))],
    checks,
  };
}

/** Runs every check of a trial; one that hangs, or a component that does not even open, ends it. */
async function runAll(trial: Trial, failFast: boolean, note: (check: ConformanceCheck) => void): Promise<boolean> {
  const { provision } = trial.options;
  const all = [...lifeChecks, ...checksOf[provision.kind]!, ...lastChecks];
  let passed = true;
  for (const [index, check] of all.entries()) {
    const said = { component: provision.name, isolation: trial.isolation, check: check.name };
    try {
      note({ ...said, ok: true, detail: await check.run(trial) });
    } catch (thrown) {
      passed = false;
      const last = failFast || index === 0 || isTimeout(thrown);
      const rest = last && index + 1 < all.length ? `; ${all.length - index - 1} checks after it were not run` : "";
      note({ ...said, ok: false, detail: `${detailOf(thrown)}${rest}` });
      if (last) return false;
    }
  }
  return passed;
}

/** Compares what the component gives here with what it gave in the isolations before. */
async function compare(trial: Trial, before: Output[], note: (check: ConformanceCheck) => void): Promise<void> {
  const { provision } = trial.options;
  const said = { component: provision.name, check: "gives the same output in both isolations" };
  let here: Output;
  try {
    const make = outputOf[provision.kind];
    here = make !== undefined
      ? { isolation: trial.isolation, payloads: await make(trial), whole: true }
      : await sample(trial).then(({ payloads, ended }) => ({ isolation: trial.isolation, payloads, whole: ended }));
  } catch (thrown) {
    note({ ...said, isolation: trial.isolation, ok: false, detail: detailOf(thrown) });
    return;
  }
  const reference = before[0];
  before.push(here);
  if (reference === undefined) return;
  const difference = firstDifference(reference.payloads, here.payloads, reference.whole && here.whole);
  note({
    ...said,
    isolation: `${reference.isolation} = ${here.isolation}`,
    ok: difference === undefined,
    detail: difference ?? `${here.payloads.length} events`,
  });
}
