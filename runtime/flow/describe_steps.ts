/** What a drawing says of a pipeline's steps. @module */
import type { CompiledPipeline } from "../pipeline/compiled_pipeline.ts";
import { kernelProgramOf } from "../pipeline/kernel_program.ts";
import type { OperatorDefinition } from "./flow_definition.ts";

/** Longest text of a step. */
const LONGEST = 100;

/** One step on a line. @param mark what is said behind it */
export function stepText(step: OperatorDefinition, mark: string | undefined): string {
  const [[name, definition] = ["", undefined]] = Object.entries(step);
  // Functions inside, as a store that the program brings, have no JSON.
  const text = typeof definition === "function" ? "a function" : JSON.stringify(definition) ?? "";
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  return `${name} ${short}${mark === undefined ? "" : `  ${mark}`}`;
}

/** Steps that the kernel would do where it is registered, or be fed by, as `node[index]`; of a plain list the node is `main`. */
export function kernelUse(compiled: CompiledPipeline): ReadonlyMap<string, string> {
  const program = kernelProgramOf(compiled);
  const uses = new Map<string, string>();
  if (program === undefined) return uses;
  const first = compiled.chains[0]!.name;
  for (let index = 0; index < program.steps; index++) uses.set(`${first}[${index}]`, "[kernel]");
  if (program.feeds !== undefined) {
    uses.set(program.tap === undefined ? `${first}[${program.steps}]` : `${program.tap}[0]`, "[fed]");
  }
  return uses;
}

/**
 * Ports that steps emit to and that lead nowhere: what goes there is dropped on purpose. Not `err`, where failed events go
 * back to their source.
 *
 * @param linked ports of the pipeline that the flow links
 */
export function unlinkedPorts({ chains, wires, ports }: CompiledPipeline, linked: readonly string[]): string[] {
  const inside = chains.flatMap(({ name, operators }) =>
    operators.flatMap((operator) => operator.ports ?? [])
      .filter((port) => !wires.some((wire) => wire.node === name && wire.port === port))
      .map((port) => `${name}/${port}`)
  );
  const ends = new Set(wires.flatMap((wire) => wire.ports));
  return [...new Set([...inside, ...["out", ...ports].filter((port) => ends.has(port) && !linked.includes(port))])];
}
