/** `caisson run FLOW`. @module */
import { dirname, resolve } from "@std/path";
import { noAuditLog, openAuditLog } from "../../permissions/audit_log.ts";
import { controlFileName } from "../control/control_place.ts";
import { serveControl } from "../control/serve_control.ts";
import { watchFolders } from "../control/watch_folders.ts";
import { watchPlugins } from "../control/watch_plugins.ts";
import type { CaissonError } from "../errors/caisson_error.ts";
import { checkFiles } from "../flow/check_files.ts";
import { describeFlow } from "../flow/describe_flow.ts";
import type { Flow } from "../flow/flow.ts";
import type { FlowDefinition } from "../flow/flow_definition.ts";
import { buildGraph } from "../flow/graph.ts";
import { slowPatterns } from "../flow/slow_patterns.ts";
import { asWritten } from "../flow/split_pipelines.ts";
import { Runtime } from "../runtime.ts";
import { watchFile } from "../watch_file.ts";
import { createLogger } from "../telemetry/log.ts";
import type { Invocation, Outcome } from "./command.ts";
import { controlNeeds, watchNeeds } from "./control_needs.ts";
import { escapeControls } from "./escape_controls.ts";
import { quoteName } from "./host_need.ts";
import { usage } from "./parse_words.ts";
import { planFlow, requirePlan } from "./plan.ts";
import { asCaissonError, formatError } from "./print_error.ts";
import { showProgress, writeAboveProgress } from "./progress.ts";
import { endedWell, reportText } from "./report_text.ts";
import { standardError } from "./terminal.ts";

/** Errors shown of one code; a flow with a million bad events would bury the first ones otherwise. */
const shownOfOneCode = 3;

/** Runs a flow to its end. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const drainMs = drainMilliseconds(invocation);
  const plan = await planFlow(invocation);
  for (const warning of slowPatterns(asWritten(plan.definition))) {
    invocation.note(`warning: ${invocation.positionals[0]!}: ${warning}`);
  }
  if (invocation.flag("dry-run")) return dryRun(plan.definition, invocation.flag("mermaid"));
  const control = invocation.text("control");
  const controlFile = resolve(invocation.text("control-file") ?? controlFileName);
  const needs = [
    ...plan.needs,
    ...control === undefined ? [] : controlNeeds(control, dirname(controlFile)),
    ...invocation.flag("watch") ? watchNeeds(plan.plugins) : [],
  ];
  requirePlan({ ...plan, needs }, invocation.program);
  for (const { folder, manifest, error } of plan.refused) {
    invocation.note(
      `note: not used here: ${manifest === undefined ? folder : quoteName(manifest.name)} (${error.code})`,
    );
  }
  const errors = new ErrorNotes();
  using audit = plan.audit === undefined ? noAuditLog : openAuditLog({ folder: plan.audit });
  const runtime = new Runtime({
    plugins: plan.plugins.filter((plugin) => plugin.package.treeHash === undefined).map(({ package: { folder } }) =>
      folder
    ),
    ...(plan.installed === undefined ? {} : { installed: plan.installed }),
    audit,
    ...(plan.grants === undefined ? {} : { grants: plan.grants }),
    ...(plan.cache === undefined ? {} : { cacheFolder: plan.cache }),
    log: createLogger(),
    onError: (error) => errors.show(error),
  });
  await runtime.discover();
  using _grants = plan.grants === undefined ? undefined : watchFile(plan.grants, async () => {
    try {
      for (const { plugin, connector, outcome, changes } of await runtime.applyGrants()) {
        writeAboveProgress(escapeControls(`caisson: ${plugin} as ${connector} is ${outcome}: ${changes.join("; ")}`));
      }
    } catch (error) {
      // Half a grant file decides nothing: what was granted stays until it can be read.
      errors.show(asCaissonError(error));
    }
  });
  using signals = new StopOnSignal(runtime, drainMs);
  await using _control = control === undefined
    ? undefined
    : await serveControl({ runtime, address: control, file: controlFile });
  const flow = await runtime.deploy(plan.definition);
  const folders = invocation.list("watch-plugins").map((folder) => resolve(folder));
  await using _folders = folders.length === 0 ? undefined : watchFolders({
    runtime,
    folders: await Promise.all(folders.map((folder) => Deno.realPath(folder))),
    onChange: ({ plugin, version, outcome }) =>
      writeAboveProgress(escapeControls(`caisson: ${plugin} ${version} is ${outcome}`)),
    onError: (error) => errors.show(error),
  });
  using _watch = invocation.flag("watch") ? watchSaves(runtime, errors) : undefined;
  {
    using _progress = showProgress(() => flow.report());
    // A flow that would not drain in time is stopped, but never done.
    await Promise.race([allDone(runtime, flow), signals.stopped]);
  }
  const report = flow.report();
  errors.summarize();
  return {
    exit: endedWell(report, invocation.flag("strict")) ? report.exitCode ?? 0 : 1,
    text: reportText(report),
    document: { ...report, memory: { rssBytes: Deno.memoryUsage().rss } },
    stream: plan.writesOutput ? "stderr" : "stdout",
  };
}

/** Replaces what an author saves, and says so. */
function watchSaves(runtime: Runtime, errors: ErrorNotes): Disposable {
  return watchPlugins({
    runtime,
    onReplaced: (name, nodes, milliseconds) => {
      for (const { connector, outcome, reason } of nodes) {
        const how = reason === undefined ? ` after ${Math.round(milliseconds)} ms` : `: ${reason}`;
        writeAboveProgress(escapeControls(`caisson: ${name} as ${connector} is ${outcome}${how}`));
      }
    },
    onError: (error) => errors.show(error),
  });
}

/** Waits for the flow, and for those that were deployed while it ran. */
async function allDone(runtime: Runtime, flow: Flow): Promise<void> {
  await flow.done;
  for (let next = runtime.flows[0]; next !== undefined; next = runtime.flows[0]) await next.done;
}

/** Checks what can only be known of the files at hand, and draws the flow. */
function dryRun(definition: FlowDefinition, mermaid: boolean): Outcome {
  checkFiles(definition, buildGraph(definition));
  const drawing = describeFlow(definition);
  return { exit: 0, text: mermaid ? drawing.mermaid : drawing.text, document: { ...drawing }, stream: "stdout" };
}

function drainMilliseconds(invocation: Invocation): number {
  const text = invocation.text("drain") ?? "30";
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  throw usage({ name: "run" }, `--drain ${text}`, "seconds, such as 30 or 0.5");
}

const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** The first signal drains, or ends the start of a flow; the second ends the process. */
class StopOnSignal implements Disposable {
  readonly #runtime: Runtime;
  readonly #deadlineMs: number;
  readonly #listener = (): void => this.#hear();
  readonly #stopped = Promise.withResolvers<void>();
  #asked = false;

  constructor(runtime: Runtime, deadlineMs: number) {
    this.#runtime = runtime;
    this.#deadlineMs = deadlineMs;
    for (const signal of stopSignals) Deno.addSignalListener(signal, this.#listener);
  }

  /** Resolves when the flow was asked to stop and has ended, drained or not. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  #hear(): void {
    if (this.#asked) {
      writeAboveProgress("caisson: stopped at once; what was still on its way is lost");
      Deno.exit(1);
    }
    this.#asked = true;
    writeAboveProgress("caisson: reading has stopped, draining; another signal stops at once");
    this.#runtime.stop({ deadlineMs: this.#deadlineMs }).then(this.#stopped.resolve, this.#stopped.reject);
  }

  [Symbol.dispose](): void {
    for (const signal of stopSignals) Deno.removeSignalListener(signal, this.#listener);
  }
}

/** Shows the first errors of each code as they come, and how many more there were. */
class ErrorNotes {
  readonly #seen = new Map<string, number>();

  show(error: CaissonError): void {
    const seen = (this.#seen.get(error.code) ?? 0) + 1;
    this.#seen.set(error.code, seen);
    if (seen <= shownOfOneCode) writeAboveProgress(formatError(error, standardError.colour));
  }

  summarize(): void {
    for (const [code, seen] of this.#seen) {
      if (seen > shownOfOneCode) writeAboveProgress(`error[${code}]: ${seen - shownOfOneCode} more`);
    }
  }
}
