/**
 * Writes `docs/connectors.md` from the list of builtin connectors in `runtime/connector/builtin/`.
 *
 *     deno run --allow-read --allow-write=docs scripts/generate_connectors_page.ts [--check]
 *
 * With `--check` nothing is written; the exit code is 1 when the page is not what would be written.
 * @module
 */
import type { BuiltinComponent } from "../runtime/connector/builtin/builtin.ts";
import { builtins } from "../runtime/connector/builtin/builtins.ts";
import { writeGenerated } from "./write_generated.ts";

const head = `# Connectors

<!-- Written by scripts/generate_connectors_page.ts; change the texts in runtime/connector/builtin/. -->

The connectors that the runtime brings. A connector is a source, a sink or both; a flow's links decide. \`caisson flags\`
prints the permissions of the host process that those of a flow need, hosts, paths and sockets one by one, and no more.

An echo server, lines in and lines out, in a flow:

\`\`\`json
{
  "name": "echo",
  "connectors": {
    "peers": {
      "type": "tcp_server",
      "config": { "port": 4000 },
      "codec": "string",
      "preprocessors": ["separate"],
      "postprocessors": ["separate"]
    }
  },
  "links": [{ "from": "peers", "to": "peers" }]
}
\`\`\`

## What they have in common

- **Streams.** Each connection, request, sender of datagrams and rotation of a file is a stream, with preprocessors and
  postprocessors of its own. What one peer has sent half of is never glued to what another one sends. When a stream ends,
  what preprocessors hold of it is handed on; when it breaks off, that is dropped.
- **Answers.** An event keeps the number of its stream through filters, projections and processors that pass it on. Linked
  back to the sink of the connector it came from, it goes to the peer it came from. One that was made of several events, such as
  the result of a window, belongs to no stream: an answering sink fails it.
- **Backpressure.** Nothing is read that the flow has not room for, so a slow sink slows the peers of the source. UDP knows no
  such thing: there, what finds no room is dropped and counted.
- **Losses.** A connection that breaks off is connected again as the flow's \`reconnect\` says; events that were being written
  fail, and whoever sent them knows.
- **Peers that misbehave.** Connections, bodies, heads and waiting times have limits. A peer that breaks one is closed, and
  counted in the connector's numbers; others do not notice.
`;

type Node = Readonly<Record<string, unknown>>;

function options(schema: Node, indent: string): string {
  const properties = Object.entries(schema["properties"] as Readonly<Record<string, Node>> | undefined ?? {});
  return properties.map(([name, node]) => option(name, node, schema, indent)).join("");
}

function option(name: string, node: Node, schema: Node, indent: string): string {
  const required = (schema["required"] as readonly string[] | undefined)?.includes(name) === true;
  const about = "default" in node
    ? `${kindOf(node)}, default \`${JSON.stringify(node["default"])}\``
    : required
    ? `${kindOf(node)}, must be given`
    : kindOf(node);
  const description = node["description"] === undefined ? "" : `: ${node["description"]}`;
  const inner = [node, ...(node["anyOf"] as readonly Node[] | undefined ?? [])].map((each) =>
    options(each, `${indent}  `)
  );
  return `${indent}- \`${name}\` (${about})${description}\n${inner.join("")}`;
}

function kindOf(node: Node): string {
  if (Array.isArray(node["enum"])) return node["enum"].map((each) => `\`${JSON.stringify(each)}\``).join(", ");
  if (Array.isArray(node["anyOf"])) return node["anyOf"].map((each) => kindOf(each)).join(" or ");
  const { type, minimum, maximum } = node as { type?: string; minimum?: number; maximum?: number };
  if (type === "string") return "text";
  if (minimum === undefined) return type ?? "any value";
  const from = minimum.toLocaleString("en");
  return maximum === undefined ? `${type} from ${from}` : `${type}, ${from} to ${maximum.toLocaleString("en")}`;
}

function section(type: string, components: readonly BuiltinComponent[]): string {
  const parts = [`\n## \`${type}\`\n`];
  for (const { kind, description } of components) parts.push(`\n**As a ${kind}.** ${description}\n`);
  const texts = components.map(({ configSchema }) => options(configSchema, ""));
  if (new Set(texts).size === 1) parts.push(texts[0] === "" ? "" : `\nOptions:\n\n${texts[0]}`);
  else {
    for (const [index, { kind }] of components.entries()) {
      if (texts[index] !== "") parts.push(`\nOptions of the ${kind}:\n\n${texts[index]}`);
    }
  }
  return parts.join("");
}

/** The page. */
export function connectorsPage(): string {
  const types = [...new Set(builtins.map(({ type }) => type))].sort();
  return head + types.map((type) => section(type, builtins.filter((each) => each.type === type))).join("");
}

if (import.meta.main) {
  const page = new URL("../docs/connectors.md", import.meta.url);
  Deno.exitCode = await writeGenerated([[page, connectorsPage()]], Deno.args.includes("--check"));
}
