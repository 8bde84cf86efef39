/** What both languages have in common: a flow to try the plugin with, its grants, a README. @module */

/** Kind of component that can be created. */
export type TemplateKind = "source" | "processor" | "sink";

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

/** What a manifest says beside name and versions. */
export interface ManifestOptions extends TemplateOptions {
  /** What the plugin does. */
  readonly description: string;
  /** Configuration of the component, as JSON Schema: members, and those that have to be there. */
  readonly config: { readonly properties: object; readonly required?: readonly string[] | undefined };
  /** Its code, and what it asks for. */
  readonly code: Readonly<Record<string, unknown>>;
}

/** `plugin.json` of a plugin with one component, which bears every isolation. */
export function manifestFile({ name, kind, description, config, code }: ManifestOptions): string {
  return jsonFile({
    manifest: 1,
    name,
    version: "0.1.0",
    runtime: "^0.1.0",
    description,
    license: "MIT",
    provides: [{
      kind,
      name,
      interface: `${kind}@1.0`,
      config: { type: "object", ...config, additionalProperties: false },
    }],
    isolation: "either",
    ...code,
  });
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
  const connectors = {
    input: kind === "source" ? own : { type: "file", config: { path: "input.ndjson" }, preprocessors: ["separate"] },
    output: kind === "sink" ? own : { type: "file", config: { path: "output.ndjson" }, postprocessors: ["separate"] },
  };
  const flow = kind === "processor"
    ? {
      connectors,
      processors: { [name]: own },
      links: [{ from: "input", to: name }, { from: name, to: "output" }],
    }
    : { connectors, links: [{ from: "input", to: "output" }] };
  return {
    "example/flow.json": jsonFile({ name: "example", ...flow }),
    "example/caisson.grants.json": jsonFile({ grants: 1, plugins: { [name]: grant } }),
    ...(kind === "source" ? {} : { "example/input.ndjson": '{"n":1}\n{"n":2}\n{"n":3}\n' }),
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
