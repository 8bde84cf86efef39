/** Files of a minimal plugin in TypeScript. @module */
import {
  exampleFiles,
  jsonFile,
  manifestFile,
  readme,
  type TemplateFiles,
  type TemplateKind,
  type TemplateOptions,
} from "./example.ts";

interface Template {
  readonly description: string;
  /** Members of the configuration, as JSON Schema. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly permissions?: Readonly<Record<string, unknown>>;
  readonly module: (name: string) => string;
  readonly example: Readonly<Record<string, unknown>>;
  readonly granted?: Readonly<Record<string, unknown>>;
}

const TEMPLATES: Readonly<Record<TemplateKind, Template>> = {
  source: {
    description: "Makes numbered events",
    config: { count: { type: "integer", minimum: 0, default: 10, description: "How many events it makes" } },
    module: sourceModule,
    example: { count: 3 },
  },
  processor: {
    description: "Marks events with a text",
    config: { mark: { type: "string", default: "seen", description: "What each event gets as its member mark" } },
    module: processorModule,
    example: { mark: "seen" },
  },
  sink: {
    description: "Appends events to a file",
    config: { path: { type: "string", minLength: 1, description: "File the events are appended to" } },
    required: ["path"],
    permissions: { write: true, reasons: { write: "appends events to the file the flow names" } },
    module: sinkModule,
    example: { path: "output.ndjson" },
    granted: { write: ["output.ndjson"] },
  },
};

/** How the sink is checked. */
const CONFORMANCE = {
  config: { path: "{{folder}}/example/checked.ndjson" },
  permissions: { write: ["example/checked.ndjson"] },
};

/** A plugin that passes `caisson check` and runs at once. */
export function typescriptFiles(options: TemplateOptions): TemplateFiles {
  const { name, kind } = options;
  const { description, config, required, permissions, module, example, granted = {} } = TEMPLATES[kind];
  return {
    "plugin.json": manifestFile({
      ...options,
      description,
      config: { properties: config, required },
      code: { module: "./mod.ts", permissions },
    }),
    "deno.json": jsonFile({
      imports: { "@caisson/plugin": "jsr:@caisson/plugin@^0.1.0" },
      lock: false,
    }),
    "mod.ts": module(name),
    "README.md": readme(options, false),
    ...(required === undefined ? {} : { "conformance.json": jsonFile({ components: { [name]: CONFORMANCE } }) }),
    ...exampleFiles({ ...options, config: example, grant: { permissions: granted } }),
  };
}

function sourceModule(name: string): string {
  return `import type { Context, Plugin, Source } from "@caisson/plugin";

/** As \`provides[0].config\` in plugin.json describes it. */
interface Config {
  readonly count: number;
}

function createSource({ config }: Context<Config>): Source {
  let next = 1;
  return {
    // Called again as soon as there is room; it may return a promise, and wait.
    read() {
      if (next > config.count) return { kind: "finished" };
      return { kind: "events", values: [{ n: next++, from: "${name}" }] };
    },
  };
}

export default { ${name}: createSource } satisfies Plugin;
`;
}

function processorModule(name: string): string {
  return `import type { Context, Plugin, Processor } from "@caisson/plugin";

/** As \`provides[0].config\` in plugin.json describes it. */
interface Config {
  readonly mark: string;
}

function createProcessor({ config }: Context<Config>): Processor {
  return {
    // One value for each event, in order. When this throws, all of its events are failed.
    process(events) {
      return events.map(({ value }) => {
        // An event may be any JSON value; only objects have members.
        if (!(value instanceof Object) || Array.isArray(value)) return value;
        return { ...value, mark: config.mark };
      });
    },
  };
}

export default { ${name}: createProcessor } satisfies Plugin;
`;
}

function sinkModule(name: string): string {
  return `import type { Context, Plugin, Sink } from "@caisson/plugin";

/** As \`provides[0].config\` in plugin.json describes it. */
interface Config {
  readonly path: string;
}

function createSink({ config }: Context<Config>): Sink {
  return {
    // When this throws, all of its events are failed; return { failed: [...] } to fail single ones.
    async write(events) {
      const lines = events.map(({ value }) => JSON.stringify(value) + "\\n");
      await Deno.writeTextFile(config.path, lines.join(""), { append: true });
    },
  };
}

export default { ${name}: createSink } satisfies Plugin;
`;
}
