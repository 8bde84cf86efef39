/** What both languages have in common: a flow to try the plugin with, its grants, a README. @module */

/** Kind of component that can be created. */
export type TemplateKind = "source" | "sink";

/** What a plugin is made of. */
export interface TemplateOptions {
  /** Name of plugin and component. */
  readonly name: string;
  /** Kind of its component. */
  readonly kind: TemplateKind;
}

/** Path below the plugin's folder to content. */
export type TemplateFiles = Readonly<Record<string, string>>;

/** JSON as a person would format it. */
export function jsonFile(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** What the example does with the component. */
export interface ExampleOptions extends TemplateOptions {
  /** Configuration of the component. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the operator grants it. */
  readonly grant: Readonly<Record<string, unknown>>;
}

/** Flow, grants and input, in a folder of their own: none of it belongs to the plugin. */
export function exampleFiles({ name, kind, config, grant }: ExampleOptions): TemplateFiles {
  const own = { type: name, config };
  const connectors = kind === "source"
    ? { input: own, output: { type: "file", config: { path: "output.ndjson" }, postprocessors: ["separate"] } }
    : { input: { type: "file", config: { path: "input.ndjson" }, preprocessors: ["separate"] }, output: own };
  return {
    "example/flow.json": jsonFile({ name: "example", connectors, links: [{ from: "input", to: "output" }] }),
    "example/caisson.grants.json": jsonFile({ grants: 1, plugins: { [name]: grant } }),
    ...(kind === "sink" ? { "example/input.ndjson": '{"n":1}\n{"n":2}\n{"n":3}\n' } : {}),
  };
}

/** The README, with every command that leads from the folder to a running flow. */
export function readme({ name, kind }: TemplateOptions, build: boolean): string {
  const steps = [
    ...(build ? ["caisson build ."] : []),
    "caisson check .",
    "cd example",
    "caisson flags flow.json --plugin .. > run.sh",
    "sh run.sh",
  ];
  return `# ${name}

A ${kind} for Caisson.

\`\`\`sh
${steps.join("\n")}
\`\`\`

${
    build
      ? "`build` compiles the sources and seals the manifest in `dist/`; only what is there registers. "
      : ""
  }\`check\` runs nothing of the plugin. \`flags\`
prints the \`deno run\` line with exactly the permissions the flow needs; \`example/caisson.grants.json\` is what the operator
of the flow decides.
`;
}
