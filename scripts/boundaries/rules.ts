// Who may import whom. Each rule looks at one import of one module.
import type { Finding } from "../finding.ts";
import { importCycles } from "./cycles.ts";
import type { Edge, Module, ModuleGraph } from "./module_graph.ts";

/** Longer files are refused. */
export const MAX_LINES = 350;
/** Written by scripts: as long as what they are made of. */
const GENERATED: ReadonlySet<string> = new Set(["runtime/data/layout.ts", "ffi/symbols.ts"]);

/** Longer files are noted. */
export const LONG_LINES = 250;

type Rule = (module: Module, edge: Edge) => string | undefined;

const COMMANDS = "runtime/command/";
const CORE = ["runtime/", "permissions/", "ffi/"];

function isIn(path: string | undefined, folders: readonly string[]): boolean {
  return folders.some((folder) => path?.startsWith(folder));
}

/** The data plane knows no policy and no I/O, so that any side can use it. */
const dataStandsAlone: Rule = ({ path }, { target }) => {
  if (!isIn(path, ["runtime/data/"]) || target === undefined) return undefined;
  if (isIn(target, ["runtime/data/"])) return undefined;
  return `runtime/data/ imports nothing of ours but itself, found ${target}`;
};

/** Permissions are decided about plugins, whatever flow they end up in. */
const permissionsKnowNoFlows: Rule = ({ path }, { target }) => {
  const forbidden = [
    "runtime/flow/",
    "runtime/connector/",
    "runtime/pipeline/",
  ];
  if (!isIn(path, ["permissions/"]) || !isIn(target, forbidden)) {
    return undefined;
  }
  return `permissions/ knows nothing of flows, found ${target}`;
};

/** A plugin is loaded without an import map and without a registry. */
const pluginsStandAlone: Rule = ({ path }, { target, specifier, kind }) => {
  const folder = /^plugins\/[^/]+\//.exec(path)?.[0];
  if (folder === undefined) return undefined;
  if (target !== undefined) {
    return isIn(target, [folder]) ? undefined : `a plugin imports only its own files, found ${target}`;
  }
  if (folder === "plugins/sdk/") {
    return `plugins/sdk imports only its own files, found ${specifier}`;
  }
  if (specifier !== "@caisson/plugin") {
    return `a plugin imports only @caisson/plugin, found ${specifier}`;
  }
  return kind === "type" ? undefined : "a plugin imports types only from @caisson/plugin: use `import type`";
};

/** The core is complete without what is built around it. */
const coreImportsCore: Rule = ({ path }, { target, specifier, kind }) => {
  if (!isIn(path, CORE)) return undefined;
  if (target === undefined) {
    if (!specifier.startsWith("@caisson/")) return undefined;
    if (specifier === "@caisson/plugin" && kind === "type") return undefined;
    return `the core imports no package of ours but types of @caisson/plugin, found ${specifier}`;
  }
  return isIn(target, CORE) ? undefined : `runtime/, permissions/ and ffi/ import only one another, found ${target}`;
};

/** The command line is one user of the core among others. */
const coreKnowsNoCommands: Rule = ({ path }, { target }) => {
  if (!isIn(path, CORE) || isIn(path, [COMMANDS])) return undefined;
  return isIn(target, [COMMANDS]) ? `only main.ts imports the command line, found ${target}` : undefined;
};

/** Programs use what every host program can use. */
const outsideUsesModTs: Rule = ({ path }, { target }) => {
  if (path !== "main.ts" && !isIn(path, ["demo/", "docs/"])) return undefined;
  if (!isIn(target, [...CORE, "plugins/"])) return undefined;
  if (path === "main.ts" && isIn(target, [COMMANDS])) return undefined;
  return `outside the core, import mod.ts only, found ${target}`;
};

const RULES: readonly Rule[] = [
  dataStandsAlone,
  permissionsKnowNoFlows,
  pluginsStandAlone,
  coreImportsCore,
  coreKnowsNoCommands,
  outsideUsesModTs,
];

function importFindings(graph: ModuleGraph): Finding[] {
  const findings: Finding[] = [];
  for (const module of graph.values()) {
    for (const edge of module.edges) {
      for (const rule of RULES) {
        const message = rule(module, edge);
        if (message === undefined) continue;
        const { path } = module;
        findings.push({ path, line: edge.line, severity: "error", message });
      }
    }
  }
  return findings;
}

function lengthFindings(graph: ModuleGraph): Finding[] {
  const findings: Finding[] = [];
  for (const { path, lines } of graph.values()) {
    if (lines <= LONG_LINES || GENERATED.has(path)) continue;
    findings.push({
      path,
      severity: lines > MAX_LINES ? "error" : "note",
      message: `${lines} lines, of at most ${MAX_LINES}: one file does one thing`,
    });
  }
  return findings;
}

function cycleFindings(graph: ModuleGraph): Finding[] {
  return importCycles(graph).map((cycle) => ({
    path: cycle[0]!,
    severity: "error",
    message: `import cycle: ${cycle.join(", ")}`,
  }));
}

/** Everything in the graph that breaks a rule. */
export function boundaryFindings(graph: ModuleGraph): Finding[] {
  return [
    ...importFindings(graph),
    ...cycleFindings(graph),
    ...lengthFindings(graph),
  ];
}
