/** `caisson ctl ACTION …`. @module */
import { resolve } from "@std/path";
import { askHost, type ControlQuestion } from "../control/control_client.ts";
import { readControlFile } from "../control/control_file.ts";
import { controlFileName } from "../control/control_place.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { addressNeeds } from "./control_needs.ts";
import { loadFlow, readFlow } from "../flow/load_flow.ts";
import { type Cell, formatColumns } from "./columns.ts";
import type { Invocation, Outcome } from "./command.ts";
import { escapeControls } from "./escape_controls.ts";
import { type HostNeed, readNeed, requireNeeds } from "./host_need.ts";
import { usage } from "./parse_words.ts";

interface Action {
  /** Words after it; one in brackets may be missing. */
  readonly words: readonly string[];
  /** What it asks. */
  readonly question: (
    words: readonly string[],
    invocation: Invocation,
  ) => ControlQuestion | Promise<ControlQuestion>;
  /** The answer for people. @default {indented JSON} */
  readonly text?: (answer: never) => string;
}

interface Flows {
  readonly flows: readonly {
    readonly flow: string;
    readonly state: string;
    readonly in: number;
    readonly out: number;
    readonly dropped: number;
    readonly failed: number;
  }[];
}

interface Plugins {
  readonly registered: readonly { readonly name: string; readonly version: string; readonly isolation: string }[];
  readonly refused: readonly { readonly name?: string; readonly folder: string; readonly error: { code: string } }[];
}

interface Nodes {
  readonly connectors: readonly {
    readonly name: string;
    readonly role: string;
    readonly plugin: string;
    readonly isolation: string;
    readonly state: string;
    readonly connectivity: string;
    readonly waitsFor: readonly string[];
  }[];
}

const name = encodeURIComponent;
const flowPath = (flow: string, connector?: string): string =>
  `/v1/flows/${name(flow)}${connector === undefined ? "" : `/connectors/${name(connector)}`}`;
const setState = (state: "paused" | "running"): Action => ({
  words: ["FLOW", "[CONNECTOR]"],
  question: ([flow, connector]) => ({ method: "PATCH", path: flowPath(flow!, connector), body: { state } }),
});

/** Every action, in the order help names them. */
export const actions: Readonly<Record<string, Action>> = {
  status: {
    words: [],
    question: () => ({ method: "GET", path: "/v1/status" }),
    text: (status: Flows & { readonly pid: number; readonly rssBytes: number; readonly plugins: number }) =>
      `process ${status.pid}, ${Math.round(status.rssBytes / (1 << 20))} MiB, ${status.plugins} plugins\n${
        flowTable(status)
      }`,
  },
  flows: { words: [], question: () => ({ method: "GET", path: "/v1/flows" }), text: flowTable },
  deploy: {
    words: ["FILE"],
    question: async ([file]) => ({ method: "POST", path: "/v1/flows", body: await loadFlow(file!) }),
  },
  report: { words: ["FLOW"], question: ([flow]) => ({ method: "GET", path: flowPath(flow!) }) },
  connectors: {
    words: ["FLOW"],
    question: ([flow]) => ({ method: "GET", path: `${flowPath(flow!)}/connectors` }),
    text: nodeTable,
  },
  pause: setState("paused"),
  resume: setState("running"),
  stop: {
    words: ["FLOW"],
    question: ([flow], invocation) => {
      const drain = invocation.text("drain");
      if (drain !== undefined && !/^\d+(\.\d+)?$/.test(drain)) {
        throw usage({ name: "ctl" }, `--drain ${drain}`, "seconds, such as 30 or 0.5");
      }
      const query = drain === undefined ? "" : `?drainMs=${Math.round(Number(drain) * 1000)}`;
      return { method: "DELETE", path: `${flowPath(flow!)}${query}` };
    },
  },
  plugins: { words: [], question: () => ({ method: "GET", path: "/v1/plugins" }), text: pluginTable },
  add: {
    words: ["[FOLDER]"],
    question: ([folder]) => ({
      method: "POST",
      path: "/v1/plugins",
      body: folder === undefined ? {} : { folder: resolve(folder) },
    }),
    text: pluginTable,
  },
  replace: {
    words: ["PLUGIN", "[FOLDER]"],
    question: ([plugin, folder]) => ({
      method: "PATCH",
      path: `/v1/plugins/${name(plugin!)}`,
      body: folder === undefined ? {} : { folder: resolve(folder) },
    }),
    text: replacedText,
  },
  "replace-steps": {
    words: ["FLOW", "PIPELINE", "FILE"],
    question: async ([flow, pipeline, file]) => ({
      method: "PATCH",
      path: `${flowPath(flow!)}/pipelines/${name(pipeline!)}`,
      body: { steps: await stepsOf(file!, pipeline!) },
    }),
    text: ({ flow, pipeline, milliseconds }: { flow: string; pipeline: string; milliseconds: number }) =>
      `${flow}/${pipeline}: replaced after ${milliseconds.toFixed(1)} ms`,
  },
  remove: {
    words: ["PLUGIN"],
    question: ([plugin], invocation) => ({
      method: "DELETE",
      path: `/v1/plugins/${name(plugin!)}${invocation.flag("force") ? "?force=true" : ""}`,
    }),
    text: pluginTable,
  },
  metrics: { words: [], question: () => ({ method: "GET", path: "/metrics" }), text: (text: string) => text.trimEnd() },
};

/** The steps of a pipeline as a flow file has them: a checked flow would have them apart where a plugin's step is. */
async function stepsOf(file: string, pipeline: string): Promise<unknown> {
  const flow = await readFlow(file);
  const pipelines = Object(Object(flow).pipelines) as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(pipelines, pipeline)) return pipelines[pipeline];
  throw new CaissonError("CAISSON_FLOW_INVALID", {
    subject: file,
    found: `no pipeline ${pipeline}`,
    allowed: Object.keys(pipelines).join(", ") || "a flow file with pipelines",
  });
}

/** Asks a running host. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const [word = "", ...words] = invocation.positionals;
  const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
  if (action === undefined) throw usage({ name: "ctl" }, word, Object.keys(actions).join(", "));
  const needed = action.words.filter((each) => !each.startsWith("[")).length;
  if (words.length < needed || words.length > action.words.length) {
    throw usage({ name: "ctl" }, `ctl ${[word, ...words].join(" ")}`, `ctl ${[word, ...action.words].join(" ")}`);
  }
  const question = await action.question(words, invocation);
  const file = resolve(invocation.text("control-file") ?? controlFileName);
  await requireHost(file, invocation);
  const answer = await askHost(file, question);
  const text = action.text?.(answer as never) ?? JSON.stringify(answer, null, 2);
  // Names and messages may come from plugins: they must not drive the terminal.
  return { exit: 0, text: escapeControls(text), document: answer };
}

/** Checks that this process may read the control file and reach the host in it. */
async function requireHost(file: string, { program, words }: Invocation): Promise<void> {
  const needs: HostNeed[] = [readNeed(file, "the control file")];
  requireNeeds(needs, { program, words, first: true });
  const { address } = await readControlFile(file);
  requireNeeds([...needs, ...addressNeeds(address.replace(/^http:\/\//, ""), "the running host")], { program, words });
}

function flowTable({ flows }: Flows): string {
  if (flows.length === 0) return "no flow runs";
  return formatColumns(
    ["flow", "state", "in", "out", "dropped", "failed"],
    flows.map((each): Cell[] => [each.flow, each.state, each.in, each.out, each.dropped, each.failed]),
  );
}

function pluginTable({ registered, refused }: Plugins): string {
  return formatColumns(["plugin", "version", "isolation"], [
    ...registered.map(({ name, version, isolation }) => [name, version, isolation]),
    ...refused.map(({ name, folder, error }) => [name ?? folder, "refused", error.code]),
  ]);
}

interface Replaced {
  readonly name: string;
  readonly version: string;
  readonly replaced: readonly {
    readonly connector: string;
    readonly outcome: string;
    readonly pauseMs?: number;
    readonly reason?: string;
  }[];
}

function replacedText({ name, version, replaced }: Replaced): string {
  const lines = replaced.map(({ connector, outcome, pauseMs, reason }) =>
    `${connector}: ${outcome}${pauseMs === undefined ? "" : `, paused for ${pauseMs.toFixed(1)} ms`}${
      reason === undefined ? "" : `: ${reason}`
    }`
  );
  return [`${name} is ${version} now`, ...lines].join("\n");
}

function nodeTable({ connectors }: Nodes): string {
  return formatColumns(
    ["node", "role", "plugin", "isolation", "state", "connectivity", "waits for"],
    connectors.map((each) => [
      each.name,
      each.role,
      each.plugin,
      each.isolation,
      each.state,
      each.connectivity,
      each.waitsFor.join(", "),
    ]),
  );
}
