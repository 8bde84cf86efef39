/** Everything the control API can be asked; `docs/control.md` has the same table. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { Flow } from "../flow/flow.ts";
import type { FlowDefinition, PipelineDefinition } from "../flow/flow_definition.ts";
import { hostVersions } from "../manifest/host_versions.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { Runtime } from "../runtime.ts";
import { badRequest } from "./admit.ts";
import { prometheusText, prometheusType } from "./prometheus.ts";

/** What a route is given. */
export interface Asked {
  /** What is controlled. */
  readonly runtime: Runtime;
  /** Parts of the path that stand for names, by their name in the pattern. */
  readonly names: Readonly<Record<string, string>>;
  /** The query. */
  readonly query: URLSearchParams;
  /** The body. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a route answers: a document, or a text of another type. */
export type Answer =
  | { readonly status?: number; readonly document: unknown }
  | { readonly text: string; readonly type: string };

/** One thing that can be asked. */
export interface Route {
  /** Method. */
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path; `:name` stands for one part, percent-encoded. */
  readonly path: string;
  /** What it does, one sentence without a full stop. */
  readonly summary: string;
  /** Does it. */
  readonly answer: (asked: Asked) => Answer | Promise<Answer>;
}

/** The routes, in the order the documentation shows them. */
export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/status",
    summary: "The process, its memory, its flows and how many plugins are registered",
    answer: ({ runtime }) => ({
      document: {
        pid: Deno.pid,
        version: hostVersions.runtime,
        rssBytes: Deno.memoryUsage().rss,
        flows: runtime.flows.map(brief),
        plugins: runtime.plugins.registered.length,
        refused: runtime.plugins.refused.length,
      },
    }),
  },
  {
    method: "GET",
    path: "/v1/plugins",
    summary: "Plugins that are registered, and those that were refused",
    answer: ({ runtime }) => ({ document: pluginList(runtime) }),
  },
  {
    method: "POST",
    path: "/v1/plugins",
    summary: "Looks into the configured folders again, or into `folder`, and registers what is new",
    answer: async ({ runtime, body }) => {
      const folder = optionalText(body, "folder");
      await runtime.discover(folder === undefined ? {} : { plugins: [folder] });
      return { status: 201, document: pluginList(runtime) };
    },
  },
  {
    method: "PATCH",
    path: "/v1/plugins/:plugin",
    summary: "Replaces a plugin in every flow that runs by another version: that in `folder`, or what is there now",
    answer: async ({ runtime, names, body }) => {
      const folder = optionalText(body, "folder");
      const replaced = await runtime.replacePlugin(names.plugin!, folder === undefined ? {} : { folder });
      const kept = replaced.filter(({ outcome }) => outcome === "kept");
      if (replaced.length > 0 && kept.length === replaced.length) {
        throw new CaissonError("CAISSON_REPLACE_FAILED", {
          subject: names.plugin!,
          found: kept.map(({ connector, reason }) => `${connector}: ${reason}`).join("; "),
        });
      }
      const plugin = runtime.plugins.registered.find((each) => each.package.manifest.name === names.plugin)!;
      return { document: { ...describePlugin(plugin), replaced } };
    },
  },
  {
    method: "DELETE",
    path: "/v1/plugins/:plugin",
    summary: "Takes a plugin out of what flows can use; `force=true` stops the flows that use it",
    answer: async ({ runtime, names, query }) => {
      await runtime.removePlugin(names.plugin!, { force: query.get("force") === "true" });
      return { document: pluginList(runtime) };
    },
  },
  {
    method: "GET",
    path: "/v1/flows",
    summary: "Flows that run",
    answer: ({ runtime }) => ({ document: { flows: runtime.flows.map(brief) } }),
  },
  {
    method: "POST",
    path: "/v1/flows",
    summary: "Deploys the flow in the body, which is what a flow file in JSON holds",
    answer: async ({ runtime, body }) => ({
      status: 201,
      document: brief(await runtime.deploy(body as unknown as FlowDefinition)),
    }),
  },
  {
    method: "GET",
    path: "/v1/flows/:flow",
    summary: "The whole report of a flow",
    answer: ({ runtime, names }) => ({ document: flowOf(runtime, names).report() }),
  },
  {
    method: "PATCH",
    path: "/v1/flows/:flow",
    summary: "Pauses or resumes a flow: `state` is `paused` or `running`",
    answer: async ({ runtime, names, body }) => {
      const flow = flowOf(runtime, names);
      await (wantsPause(body) ? flow.pause() : flow.resume());
      return { document: brief(flow) };
    },
  },
  {
    method: "DELETE",
    path: "/v1/flows/:flow",
    summary: "Stops a flow, after what was read has been delivered or `drainMs` (default 5000) have passed",
    answer: async ({ runtime, names, query }) => {
      const flow = flowOf(runtime, names);
      await flow.stop({ deadlineMs: milliseconds(query, "drainMs") });
      return { document: flow.report() };
    },
  },
  {
    method: "GET",
    path: "/v1/flows/:flow/connectors",
    summary: "Every node of a flow: connectors, processors, pipelines and buffers",
    answer: ({ runtime, names }) => ({ document: { connectors: flowOf(runtime, names).report().nodes } }),
  },
  {
    method: "GET",
    path: "/v1/flows/:flow/connectors/:connector",
    summary: "One node of a flow; a connector that reads and writes is two",
    answer: ({ runtime, names }) => ({ document: { connectors: nodesOf(flowOf(runtime, names), names) } }),
  },
  {
    method: "PATCH",
    path: "/v1/flows/:flow/connectors/:connector",
    summary: "Pauses or resumes one node: `state` is `paused` or `running`",
    answer: async ({ runtime, names, body }) => {
      const flow = flowOf(runtime, names);
      nodesOf(flow, names);
      await (wantsPause(body) ? flow.pause(names.connector!) : flow.resume(names.connector!));
      return { document: { connectors: nodesOf(flow, names) } };
    },
  },
  {
    method: "PATCH",
    path: "/v1/flows/:flow/pipelines/:pipeline",
    summary: "Replaces the steps of a pipeline by `steps`, between two batches, while the flow runs",
    answer: async ({ runtime, names, body }) => {
      const flow = flowOf(runtime, names);
      const { steps } = body;
      if (typeof steps !== "object" || steps === null) {
        throw badRequest(`steps ${JSON.stringify(steps) ?? "missing"}`, "the steps of a pipeline, as in a flow file");
      }
      const before = performance.now();
      await flow.replacePipeline(names.pipeline!, steps as PipelineDefinition);
      const milliseconds = performance.now() - before;
      return { document: { flow: flow.name, pipeline: names.pipeline!, milliseconds } };
    },
  },
  {
    method: "GET",
    path: "/metrics",
    summary: "Numbers of every node in the text format of Prometheus",
    answer: ({ runtime }) => ({
      text: prometheusText(runtime.flows.map((flow) => flow.report()), Deno.memoryUsage()),
      type: prometheusType,
    }),
  },
];

function brief(flow: Flow): unknown {
  const { state, in: read, out, dropped, failed, seconds } = flow.report();
  return { flow: flow.name, state, in: read, out, dropped, failed, seconds };
}

function pluginList(runtime: Runtime): unknown {
  const { registered, refused } = runtime.plugins;
  return {
    registered: registered.map(describePlugin),
    refused: refused.map(({ folder, manifest, error }) => ({ name: manifest?.name, folder, error })),
  };
}

/** A plugin, as the API shows it. */
function describePlugin(plugin: RegisteredPlugin): Readonly<Record<string, unknown>> {
  const { package: { manifest, folder, treeHash }, isolation } = plugin;
  return {
    name: manifest.name,
    version: manifest.version,
    isolation,
    folder,
    ...(treeHash === undefined ? {} : { hash: treeHash }),
    provides: manifest.provides.map(({ kind, name }) => ({ kind, name })),
  };
}

function flowOf(runtime: Runtime, { flow: name }: Asked["names"]): Flow {
  const found = runtime.flows.find((flow) => flow.name === name);
  if (found === undefined) throw unknown(`flow ${name}`, runtime.flows.map((flow) => flow.name));
  return found;
}

function nodesOf(flow: Flow, { connector }: Asked["names"]): unknown[] {
  const { nodes } = flow.report();
  const found = nodes.filter(({ name }) => name === connector);
  if (found.length === 0) throw unknown(`connector ${connector} in ${flow.name}`, nodes.map(({ name }) => name));
  return found;
}

/** An error about a name. */
export function unknown(what: string, names: readonly string[]): CaissonError {
  return new CaissonError("CAISSON_CONTROL_UNKNOWN", {
    subject: "control",
    found: `no ${what}`,
    allowed: names.length === 0 ? "nothing: there is none" : [...new Set(names)].join(", "),
  });
}

function wantsPause({ state }: Asked["body"]): boolean {
  if (state === "paused" || state === "running") return state === "paused";
  throw badRequest(`state ${JSON.stringify(state) ?? "missing"}`, `"paused" or "running"`);
}

/** A text of the body that may be missing. */
function optionalText(body: Asked["body"], name: string): string | undefined {
  const value = body[name];
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  throw badRequest(`${name} ${JSON.stringify(value)}`, "a text");
}

function milliseconds(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badRequest(`${name} ${JSON.stringify(text.slice(0, 50))}`, "milliseconds");
}
