/** Files of a minimal plugin in TypeScript. @module */
import { exampleFiles, jsonFile, readme, type TemplateFiles, type TemplateOptions } from "./example.ts";

/** A plugin that passes `caisson check` and runs at once. */
export function typescriptFiles(options: TemplateOptions): TemplateFiles {
  const { name, kind } = options;
  const source = kind === "source";
  const config = source
    ? {
      count: { type: "integer", minimum: 0, default: 10, description: "How many events it makes" },
    }
    : { path: { type: "string", minLength: 1, description: "File the events are appended to" } };
  return {
    "plugin.json": jsonFile({
      manifest: 1,
      name,
      version: "0.1.0",
      runtime: "^0.1.0",
      description: source ? "Makes numbered events" : "Appends events to a file",
      license: "MIT",
      provides: [{
        kind,
        name,
        interface: `${kind}@1.0`,
        config: {
          type: "object",
          properties: config,
          ...(source ? {} : { required: ["path"] }),
          additionalProperties: false,
        },
      }],
      isolation: "either",
      module: "./mod.ts",
      ...(source
        ? {}
        : { permissions: { write: true, reasons: { write: "appends events to the file the flow names" } } }),
    }),
    "deno.json": jsonFile({
      imports: { "@caisson/plugin": "jsr:@caisson/plugin@^0.1.0" },
      lock: false,
    }),
    "mod.ts": source ? sourceModule(name) : sinkModule(name),
    "README.md": readme(options, false),
    ...exampleFiles({
      ...options,
      config: source ? { count: 3 } : { path: "output.ndjson" },
      grant: { permissions: source ? {} : { write: ["output.ndjson"] } },
    }),
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
