/** Writes `ffi/symbols.ts`. @module */
import { camelCase, type Header, type HeaderFunction, pascalCase } from "./header.ts";

const GROUPS = ["common", "source", "sink", "process", "codec"] as const;
const GROUP_TEXT: Readonly<Record<string, string>> = {
  common: "every plugin exports",
  source: "a plugin with a source exports",
  sink: "a plugin with a sink exports",
  process: "a plugin with a processor exports",
  codec: "a plugin with a codec exports",
};
/** Type in C to type of Deno's FFI and type in TypeScript. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ["uint32_t", "u32"],
  ["int32_t", "i32"],
]);

function groupOf(name: string): string {
  return GROUPS.find((group) => name.startsWith(`caisson_${group}_`)) ??
    "common";
}

function foreignType(type: string): string {
  const number = NUMBERS.get(type);
  if (number !== undefined) return number;
  if (type === "void") return "void";
  // The host's struct outlives every buffer: threads of the plugin go on using it.
  return type === "caisson_instance *" || type === "const caisson_host *" ? "pointer" : "buffer";
}

function scriptType(type: string, result: boolean): string {
  switch (foreignType(type)) {
    case "void":
      return "void";
    case "pointer":
      return result ? "Deno.PointerValue" : "Deno.PointerObject";
    case "buffer":
      return "Uint8Array | null";
    default:
      return "number";
  }
}

interface Variant {
  readonly key: string;
  readonly nonblocking: boolean;
}

/** [blocking] functions never run on the host thread; [data] ones may, when the interface is FAST. */
function variantsOf({ name, tag }: HeaderFunction): Variant[] {
  const key = camelCase(
    name.replace(/^caisson_(?:source_|sink_)?(.*)_\d+$/, "$1"),
  );
  if (tag === "blocking") return [{ key, nonblocking: true }];
  const own = { key, nonblocking: false };
  return tag === "data" ? [own, { key: `${key}Nonblocking`, nonblocking: true }] : [own];
}

function definition(of: HeaderFunction, { key, nonblocking }: Variant): string {
  const parameters = of.parameters.map(({ type, text }) => `      "${foreignType(type)}", // ${text}\n`);
  return `  ${key}: {
    name: "${of.name}",
    parameters: [${parameters.length === 0 ? "" : "\n"}${parameters.join("")}${parameters.length === 0 ? "" : "    "}],
    result: "${foreignType(of.result)}",
${nonblocking ? "    nonblocking: true,\n" : ""}${of.optional ? "    optional: true,\n" : ""}  },
`;
}

function method(of: HeaderFunction, { key, nonblocking }: Variant): string {
  const parameters = of.parameters.map(({ name, type }) => `${camelCase(name)}: ${scriptType(type, false)}`);
  const result = scriptType(of.result, true);
  const type = `(${parameters.join(", ")}) => ${nonblocking ? `Promise<${result}>` : result}`;
  const note = `[${of.tag}]${of.optional ? " Null when left out." : ""}${
    nonblocking && of.tag === "data" ? " On a pool thread." : ""
  } ${of.comment}`;
  return `  /** ${note} */
  readonly ${key}: ${of.optional ? `(${type}) | null` : type};
`;
}

/** Definitions for `Deno.dlopen`, and the types of the functions it returns, in groups by kind of component. */
export function writeSymbols(header: Header): string {
  const parts = [`/**
 * The functions of the C ABI, for \`Deno.dlopen\`.
 *
 * Generated from \`ffi/include/caisson.h\` by \`scripts/generate_abi.ts\`; do not edit.
 * @module
 */
`];
  for (const group of GROUPS) {
    const name = group === "process" ? "processor" : group;
    const functions = header.functions.filter((of) => groupOf(of.name) === group);
    const each = (write: (of: HeaderFunction, variant: Variant) => string) =>
      functions.flatMap((of) => variantsOf(of).map((variant) => write(of, variant))).join("");
    parts.push(
      `/** Symbols ${GROUP_TEXT[group]}. */
export const ${name.toUpperCase()}_SYMBOLS = {
${each(definition)}} as const;
`,
      `/** Functions ${GROUP_TEXT[group]}. */
export interface ${pascalCase(name)}Functions {
${each(method)}}
`,
    );
  }
  return parts.join("\n");
}
