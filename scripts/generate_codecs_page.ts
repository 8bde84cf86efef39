/**
 * Writes `docs/codecs.md` from the lists of codecs, preprocessors and postprocessors in `runtime/codec/`.
 *
 *     deno run --allow-read --allow-write=docs scripts/generate_codecs_page.ts [--check]
 *
 * With `--check` nothing is written; the exit code is 1 when the page is not what would be written.
 * @module
 */
import { codecEntries } from "../runtime/codec/codecs.ts";
import type { FormatEntry } from "../runtime/codec/format_entry.ts";
import { postprocessorEntries } from "../runtime/codec/postprocessors.ts";
import { preprocessorEntries } from "../runtime/codec/preprocessors.ts";
import { writeGenerated } from "./write_generated.ts";

const head = `# Codecs, preprocessors and postprocessors

<!-- Written by scripts/generate_codecs_page.ts; change the texts in runtime/codec/. -->

A codec makes an event's value of a payload and back. Preprocessors take what a source reads apart into payloads,
postprocessors frame and pack what a sink writes, each in the order of its list. A flow names them, with options where
the default is not what you want:

\`\`\`json
{
  "type": "file_source",
  "config": { "path": "metrics.influx" },
  "codec": { "name": "influx", "config": { "integers": "number" } },
  "preprocessors": ["separate", "remove-empty"]
}
\`\`\`

- **One payload is one event.** Between connectors of one codec and configuration an event that no operator changed is
  passed on byte for byte; it is decoded only when something looks at its value.
- **Integers and nanoseconds.** Formats that hold integers beyond 2^53 give them as bigints, and write bigints with all
  their digits; points in time in nanoseconds are always bigints. \`json\` gives numbers by default, because that is what
  makes it fast: \`"integers": "bigint"\` keeps the digits. A bigint and a number do not mix in arithmetic, which throws
  rather than lose digits silently: convert one of them.
- **Times that are missing** are those at which the event entered the system, to a microsecond.
- **State** of a preprocessor or postprocessor belongs to one stream. At the end of a stream what is held comes out, or is
  reported when it is not whole.
- **Errors.** A payload that does not decode, or that a step cannot process, fails by itself with \`CAISSON_CODEC_DECODE\`,
  \`CAISSON_CODEC_ENCODE\`, \`CAISSON_PREPROCESSOR_FAILED\` or \`CAISSON_POSTPROCESSOR_FAILED\`. Whatever comes, memory is
  bounded by the limits below, and time grows with the length of the input.
- **Events held back.** \`collect\`, \`chunk\` and \`gzip\` count an event as written when they hold it, so what they hold is lost
  when the host is killed.

## From plugins

A component of kind \`codec\`, \`preprocessor\` or \`postprocessor\` takes the same place, named with its plugin, in TypeScript
and in native code, under every isolation:

\`\`\`json
{
  "type": "tcp_client",
  "codec": { "name": "@acme/formats:pair", "config": { "strict": true } },
  "preprocessors": ["separate", "@acme/formats:unwrap", "remove-empty"]
}
\`\`\`

Each is a node of its own in the flow's report (\`in.codec\`, \`in.preprocessors[1]\`), with its isolation and its numbers. What
is different from the runtime's own:

- A codec decodes every event, to JSON, before anything looks at it: an event between two connectors with the same codec of
  a plugin is decoded and encoded anew. Integers beyond 2^53 keep their digits on this way.
- An event that comes out of a codec, and a piece that comes out of the others, is at most 1 MiB; one piece of a stream may
  become at most 64 batches.
- Preprocessors and postprocessors of plugins work on one stream: on a server, whose source and sink keep streams apart, they
  are refused; where a source begins a second stream, the events of that one fail. Codecs have no state and work everywhere.
- A plugin's process that is started again begins with nothing held.
- They are not for a sink that takes values, nor for the buffer of a link.

How to write one: the types \`Codec\` and \`Interceptor\` of \`@caisson/plugin\`, or "codecs, preprocessors and postprocessors" in
\`caisson.h\`. [The conformance kit](./conformance.md) checks them, too.
`;

function section(title: string, intro: string, entries: ReadonlyMap<string, FormatEntry>): string {
  const parts = [`\n## ${title}\n\n${intro}\n`];
  for (const [name, { summary, unsupported = [], schema }] of entries) {
    parts.push(`\n### \`${name}\`\n\n${summary}\n`);
    const options = Object.entries(schema["properties"] as Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    if (options.length > 0) {
      parts.push("\nOptions:\n\n");
      for (const [option, node] of options) {
        const required = (schema["required"] as readonly string[] | undefined)?.includes(option) === true;
        const fallback = "default" in node ? `, default ${code(node["default"])}` : required ? ", must be given" : "";
        parts.push(`- \`${option}\` (${valueText(node)}${fallback}): ${node["description"]}\n`);
      }
    }
    if (unsupported.length > 0) {
      parts.push(`\nNot supported:\n\n${unsupported.map((each) => `- ${each}`).join("\n")}\n`);
    }
  }
  return parts.join("");
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function valueText(node: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(node["enum"])) return node["enum"].map(code).join(", ");
  const { type, minimum, maximum } = node as { type: string; minimum?: number; maximum?: number };
  if (minimum === undefined) return type === "string" ? "text" : type;
  const from = minimum.toLocaleString("en");
  return maximum === undefined ? `integer from ${from}` : `integer, ${from} to ${maximum.toLocaleString("en")}`;
}

/** The page. */
export function codecsPage(): string {
  return head +
    section("Codecs", "Named by `codec` of a connector.", codecEntries) +
    section("Preprocessors", "Named in `preprocessors` of a source.", preprocessorEntries) +
    section("Postprocessors", "Named in `postprocessors` of a sink.", postprocessorEntries);
}

if (import.meta.main) {
  const page = new URL("../docs/codecs.md", import.meta.url);
  Deno.exitCode = await writeGenerated([[page, codecsPage()]], Deno.args.includes("--check"));
}
