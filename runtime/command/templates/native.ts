/** What minimal plugins in C and in Rust have in common: what they do, and how they are described. @module */
import {
  exampleFiles,
  jsonFile,
  manifestFile,
  type TemplateFiles,
  type TemplateKind,
  type TemplateOptions,
} from "./example.ts";

const DESCRIPTIONS: Readonly<Record<TemplateKind, string>> = {
  source: "Makes numbered events",
  processor: "Hands on events that are not too long",
  sink: "Counts events and their bytes",
};

/** Members of the configuration, as JSON Schema. */
const CONFIG: Readonly<Record<TemplateKind, Readonly<Record<string, unknown>>>> = {
  source: { count: { type: "integer", minimum: 0, default: 10, description: "How many events it makes" } },
  processor: {
    "max_bytes": {
      type: "integer",
      minimum: 0,
      default: 1024,
      description: "Most bytes an event may have that goes on",
    },
  },
  sink: {},
};

const EXAMPLES: Readonly<Record<TemplateKind, Readonly<Record<string, unknown>>>> = {
  source: { count: 3 },
  processor: { "max_bytes": 1024 },
  sink: {},
};

/** Manifest, example and what git leaves out. */
export function nativeFiles(options: TemplateOptions, build: Readonly<Record<string, unknown>>): TemplateFiles {
  const { name, kind } = options;
  return {
    "plugin.json": manifestFile({
      ...options,
      description: DESCRIPTIONS[kind],
      config: { properties: CONFIG[kind] },
      code: { native: { abi: "1.0", build } },
    }),
    ".gitignore": "dist/\n",
    // What it drops is not missing.
    ...(kind === "processor" ? { "conformance.json": jsonFile({ components: { [name]: { outputs: "any" } } }) } : {}),
    ...exampleFiles({ ...options, config: EXAMPLES[kind], grant: { isolation: "native", permissions: {} } }),
  };
}
