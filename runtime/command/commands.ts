/** Every command: help, `docs/cli.md` and the parser are made from this table. @module */
import type { Command, CommandArgument, CommandOption } from "./command.ts";
import { installCommands } from "./install_commands.ts";
import { permissionOptions } from "./permission_options.ts";

const flow: CommandArgument = {
  name: "FLOW",
  description: "Flow file: .json, or a module with a flow as its default export",
};

const plugins: CommandOption = {
  kind: "text",
  value: "DIR",
  many: true,
  description:
    "Folder whose subfolders are plugins (default: the folder plugins beside the flow, else in the working directory)",
};

const plugin: CommandOption = {
  kind: "text",
  value: "FOLDER",
  many: true,
  description: "Folder of one plugin",
};

const grants: CommandOption = {
  kind: "text",
  value: "FILE",
  description: "Grant file (default: caisson.grants.json beside the flow, else in the working directory)",
};

const here = (option: CommandOption): CommandOption => ({
  ...option,
  description: option.description.replace("beside the flow, else in", "in"),
});

const cache: CommandOption = {
  kind: "text",
  value: "DIR",
  description:
    "Where private copies of native libraries go (default: the user's cache folder, or .caisson in the working directory when the environment may not be read)",
};

const input: CommandOption = {
  kind: "text",
  value: "NAME=PATH",
  many: true,
  description: "Sets the path in the configuration of the connector NAME",
};

const controlFile: CommandOption = {
  kind: "text",
  value: "FILE",
  description: "Where address and token of the control API stand (default: .caisson/control.json)",
};

/** The commands, in the order help shows them. */
export const commands: readonly Command[] = [
  {
    name: "run",
    summary: "Run a flow until its sources end or a signal stops it",
    details: [
      "The first SIGINT or SIGTERM stops reading and drains what was read; the second ends the process at once.",
      "Ends with a table of every node on standard output; with --json with one document. When the flow itself writes to standard output (the stdio connector), the table goes to standard error.",
      "A line on the terminal shows progress once a second.",
    ],
    arguments: [flow],
    options: {
      plugins,
      plugin,
      grants,
      cache,
      input,
      strict: { kind: "flag", description: "Exit with 1 when any event failed" },
      drain: {
        kind: "text",
        value: "SECONDS",
        description: "How long the first signal waits for what was read (default: 30)",
      },
      "dry-run": { kind: "flag", description: "Check everything, print the graph of the flow, and run nothing" },
      mermaid: { kind: "flag", description: "With --dry-run: print the graph as a Mermaid diagram" },
      watch: {
        kind: "flag",
        description: "Replace a plugin whenever one of its files is saved; a native one is compiled first",
      },
      "watch-plugins": {
        kind: "text",
        value: "DIR",
        many: true,
        description: "Register, replace and remove plugins as their folders in DIR appear, change and go",
      },
      control: {
        kind: "text",
        value: "ADDRESS",
        description: "Serve the control API for caisson ctl: a port of 127.0.0.1, 0 for a free one, or unix:PATH",
      },
      "control-file": controlFile,
    },
    load: () => import("./run.ts"),
  },
  {
    name: "ctl",
    summary: "Ask a running host what it does, or tell it what to do",
    details: [
      "ACTION is status, flows, deploy FILE, report FLOW, connectors FLOW, pause FLOW [CONNECTOR], resume FLOW [CONNECTOR], stop FLOW, plugins, add [FOLDER], replace PLUGIN [FOLDER], replace-steps FLOW PIPELINE FILE, remove PLUGIN or metrics.",
      "The host has to run with --control. See docs/control.md.",
    ],
    arguments: [
      { name: "ACTION", description: "What to ask or do" },
      { name: "NAME", description: "What it is about", many: true, optional: true },
    ],
    options: {
      "control-file": controlFile,
      drain: { kind: "text", value: "SECONDS", description: "With stop: how long what was read is waited for" },
      force: { kind: "flag", description: "With remove: stop the flows that use the plugin" },
    },
    load: () => import("./ctl.ts"),
  },
  {
    name: "check",
    summary:
      "Check a plugin as registration would, without running any of it; with --run, run it and check what it does",
    details: [
      "Checks manifest, versions, module graph or sealed library with its descriptor, and, where there is a grant file, what the operator allows.",
      "With --run, the conformance kit runs every component in every isolation it can bear, with what conformance.json in the plugin's folder grants: life cycle, batches of every size, memory, errors, stops, and that its output is the same everywhere. See docs/conformance.md.",
    ],
    arguments: [{ name: "PLUGIN_DIR", description: "Folder of the plugin" }],
    options: {
      grants: {
        ...grants,
        description:
          "Grant file to check the plugin's requests against (default: caisson.grants.json in the working directory, where it may be read)",
      },
      run: { kind: "flag", description: "Run the plugin's code in the conformance kit" },
      isolation: {
        kind: "text",
        value: "NAME",
        many: true,
        description: "With --run: only in this isolation (default: every one the plugin can bear)",
      },
      cache,
    },
    load: () => import("./check.ts"),
  },
  {
    name: "inspect",
    summary: "Show what a library or a plugin says about itself, without loading it",
    details: [
      "A library: its descriptor, and whether its structs are laid out as this host's. A plugin: its manifest, what it asks for and why, its modules with their hashes. Text of the author stands in quotes.",
    ],
    arguments: [{ name: "LIBRARY|PLUGIN_DIR", description: "Library file, plugin folder or plugin.json" }],
    options: {},
    load: () => import("./inspect.ts"),
  },
  {
    name: "plugins",
    summary: "List plugins that are registered, and those that were refused with the reason",
    arguments: [],
    options: { plugins: here(plugins), plugin, grants: here(grants) },
    load: () => import("./plugins.ts"),
  },
  ...installCommands(here(grants)),
  {
    name: "grant",
    summary: "Allow a plugin what it asks for: asks on a terminal, or takes the decisions from the command line",
    details: [
      "Writes complete lists into the grant file; a permission that is named replaces what was granted of it. Without a terminal and without options nothing is granted.",
      "The author's reasons are shown as quotes: they are the author's words.",
    ],
    arguments: [{ name: "PLUGIN", description: "Name of the plugin" }],
    options: {
      ...permissionOptions("Allow"),
      all: { kind: "flag", description: "Allow everything it asks for by exact values" },
      refuse: {
        kind: "text",
        value: "PERMISSION",
        many: true,
        description: "Refuse net, read, write, env or sys on purpose",
      },
      isolation: { kind: "text", value: "NAME", description: "Where it runs: guard or worker, runner or native" },
      unsandboxed: { kind: "flag", description: "Native plugins: may run where no sandbox holds them" },
      flow: { kind: "text", value: "NAME", description: "Decide for this flow only, which can only allow less" },
      "dry-run": { kind: "flag", description: "Print the grant file as it would be and write nothing" },
      plugins: here(plugins),
      plugin,
      grants: here(grants),
    },
    load: () => import("./grant.ts"),
  },
  {
    name: "revoke",
    summary: "Take back what a plugin was granted: single values, or everything; a running host follows",
    details: [
      "A plugin in a process of its own is restarted with what is left; one in the host, or one that has no grant any more, is stopped.",
    ],
    arguments: [{ name: "PLUGIN", description: "Name of the plugin" }],
    options: {
      ...permissionOptions("Take back"),
      "dry-run": { kind: "flag", description: "Print the grant file as it would be and write nothing" },
      grants: here(grants),
    },
    load: () => import("./revoke.ts"),
  },
  {
    name: "audit",
    summary: "Show what plugins did and what was done to them, from the host's own log",
    arguments: [{ name: "PLUGIN", description: "Only this plugin", optional: true }],
    options: {
      kind: {
        kind: "text",
        value: "KIND",
        many: true,
        description: "Only records of this kind, such as load, deny or crash",
      },
      since: {
        kind: "text",
        value: "TIME",
        description: "Only from this moment on: 2026-11-22T10:00, or 15m, 2h, 3d ago",
      },
      follow: { kind: "flag", description: "Go on showing what comes, until interrupted" },
      grants: here(grants),
    },
    load: () => import("./audit.ts"),
  },
  {
    name: "why",
    summary: "Say who allows or refuses one thing to a plugin, in which file and line",
    details: [
      "PERMISSION is net, read, write, env or sys, VALUE one host:port, path, variable or kind. Exits with 4 when it is refused.",
    ],
    arguments: [
      { name: "PLUGIN", description: "Name of the plugin" },
      { name: "PERMISSION", description: "net, read, write, env or sys" },
      { name: "VALUE", description: "What it would touch, such as api.example.com:443" },
    ],
    options: {
      flow: { kind: "text", value: "NAME", description: "Ask for this flow, where the plugin may be allowed less" },
      plugins: here(plugins),
      plugin,
      grants: here(grants),
    },
    load: () => import("./why.ts"),
  },
  {
    name: "flags",
    summary: "Print the exact deno run line for a flow, all permissions at once",
    details: [
      "The line goes to standard output, the reason for each permission to standard error.",
    ],
    arguments: [flow],
    options: { plugins, plugin, grants, cache, input },
    load: () => import("./flags.ts"),
  },
  {
    name: "setup",
    summary: "Compile what plugins in processes of their own need, so that no compiler is needed later",
    details: [
      "Compiles the sandbox's launcher, the program that runs native plugins and the libraries for shared memory into the cache folder, and writes down their hashes, which are checked at every start.",
      "Needs a C compiler (cc, gcc, clang, zig cc, or the command in CC). Without it a host compiles them itself when they are first needed.",
    ],
    arguments: [],
    options: { cache },
    load: () => import("./setup.ts"),
  },
  {
    name: "doctor",
    summary: "Say what this machine can do for plugins: which level of protection, and what is missing for more",
    details: [
      "Checks Deno, the permissions of Workers, the compiler, the kernel and what is compiled. Exits with 1 when something is broken, with 0 when something is only weaker than it could be.",
    ],
    arguments: [],
    options: { cache },
    load: () => import("./doctor.ts"),
  },
  {
    name: "build",
    summary: "Compile native plugins and seal their manifests in dist/plugin.json",
    details: [
      "Needs a C compiler (cc, gcc, clang, zig cc, or the command in CC), or rustc for plugins in Rust. Nothing is compiled when nothing changed.",
    ],
    arguments: [{ name: "PLUGIN_DIR", description: "Folder of a native plugin", many: true }],
    options: { cache },
    load: () => import("./build.ts"),
  },
  {
    name: "new",
    summary: "Create a minimal plugin that runs at once",
    details: [
      "Creates the folder NAME with manifest, code, a flow to try it with, its grants and a README that has the commands.",
    ],
    arguments: [
      { name: "plugin", description: "What to create: the word plugin" },
      { name: "NAME", description: "Name of the plugin and its folder: a-z, 0-9 and _, starting with a letter" },
    ],
    options: {
      ts: { kind: "flag", description: "Write it in TypeScript" },
      c: { kind: "flag", description: "Write it in C" },
      rust: { kind: "flag", description: "Write it in Rust" },
      kind: { kind: "text", value: "KIND", description: "source, processor or sink (default: source)" },
    },
    load: () => import("./new.ts"),
  },
];

/** Options every command has. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  json: { kind: "flag", description: "Print one JSON document instead of text" },
  help: { kind: "flag", description: "Show help for the command" },
};

/** Exit codes with their meaning. */
export const exitCodes: readonly (readonly [number, string])[] = [
  [0, "done"],
  [1, "failure: the flow failed, a build failed, or events failed under --strict"],
  [2, "usage: the command line, the flow file or a configuration has to be corrected"],
  [3, "refused: a plugin did not pass its checks"],
  [4, "missing: the host process lacks a permission, or a plugin a grant"],
];
