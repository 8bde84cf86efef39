/** Writes the first steps of a pipeline as a program for the native kernel `@caisson/json-kernel`. @module */
import type { Expression } from "../flow/flow_definition.ts";
import type { CompiledPipeline } from "./compiled_pipeline.ts";
import type { Operator } from "./operator.ts";

/** What a step does, as far as it is data: what the kernel may do in its place. */
export type KernelStep =
  | { readonly filter: Expression }
  | { readonly project: readonly (readonly [name: string, expression: Expression])[] }
  /** The operator takes no more of an event than these, under these names, and never hands it on. */
  | { readonly reads: readonly (readonly [name: string, expression: Expression])[] };

/** A program, and how many operators it stands for. */
export interface KernelProgram {
  /** JSON text, the configuration of the kernel. */
  readonly text: string;
  /** Leading operators it does the work of. */
  readonly steps: number;
  /** Whether it makes new bytes: the last of them is a projection, or {@linkcode KernelProgram.feeds}. */
  readonly projects: boolean;
  /** Whether the operator that follows is fed with what it reads only, through `stepRead`. */
  readonly feeds: boolean;
}

/** Operators that take expressions only and mean the same in the kernel. */
const PLAIN: ReadonlySet<string> = new Set([
  ...["==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "contains", "starts_with", "ends_with", "+", "-", "*", "/"],
  ...["%", "lower", "upper", "length", "number", "string", "coalesce", "if", "concat", "present"],
]);

/** Keys that JavaScript objects put in front of the others, whatever the order they were set in. */
const INDEX = /^(?:0|[1-9][0-9]{0,9})$/;

const isPlainName = (name: string): boolean => name !== "__proto__" && !INDEX.test(name) && name.isWellFormed();

function scalar(value: Expression): boolean {
  if (typeof value === "string") return value.isWellFormed();
  return value === null || typeof value === "boolean" || (typeof value === "number" && !Object.is(value, -0));
}

/** The expression in the kernel's form, or `undefined` when the kernel does not know it. */
function translate(expression: Expression): Expression | undefined {
  if (!Array.isArray(expression)) return scalar(expression) ? expression : undefined;
  const [name, ...operands] = expression as unknown as readonly [string, ...Expression[]];
  if (name === "field") {
    const [path] = operands;
    const keys = typeof path === "string" ? path.split(".") : (path as readonly Expression[]).map(String);
    return keys.length > 0 && keys.every((key) => key.isWellFormed()) ? ["field", keys] : undefined;
  }
  if (name === "literal") {
    const [value] = operands;
    return !Array.isArray(value) && scalar(value!) ? value : undefined;
  }
  if (name === "in") {
    const [item, list] = operands;
    const searched = translate(item!);
    const isLiteral = Array.isArray(list) && list[0] === "literal" && Array.isArray(list[1]) &&
      (list[1] as readonly Expression[]).every(scalar);
    return searched !== undefined && isLiteral ? ["in", searched, list[1]!] : undefined;
  }
  if (!PLAIN.has(name)) return undefined;
  const translated = operands.map(translate);
  return translated.includes(undefined) ? undefined : [name, ...translated as Expression[]];
}

/** The program for a pipeline whose events all go through one chain first. */
export function kernelProgramOf({ chains, wires }: CompiledPipeline): KernelProgram | undefined {
  const entry = wires.filter(({ node }) => node === "in");
  const [wire] = entry;
  const isOne = entry.length === 1 && wire!.ports.length === 0 && wire!.chains.length === 1;
  const [first] = chains;
  return isOne && first?.name === wire!.chains[0] ? kernelProgram(first!.operators) : undefined;
}

/**
 * The program for the first operators of a chain: filters, up to and with the first projection. `undefined` when not
 * even the first can be one.
 */
export function kernelProgram(operators: readonly Operator[]): KernelProgram | undefined {
  const filters: Expression[] = [];
  let project: (readonly [string, Expression])[] | undefined;
  let steps = 0;
  let feeds = false;
  for (const { kernelStep } of operators) {
    if (kernelStep === undefined) break;
    if ("filter" in kernelStep) {
      const filter = translate(kernelStep.filter);
      if (filter === undefined) break;
      filters.push(filter);
      steps++;
      continue;
    }
    const wanted = "project" in kernelStep ? kernelStep.project : kernelStep.reads;
    const fields = wanted.map(([name, expression]) => [name, translate(expression)] as const);
    if (fields.every(([name, expression]) => isPlainName(name) && expression !== undefined)) {
      project = fields as (readonly [string, Expression])[];
      if ("project" in kernelStep) steps++;
      else feeds = true;
    }
    break;
  }
  if (steps === 0 && !feeds) return undefined;
  return {
    text: JSON.stringify({ filters, ...(project === undefined ? {} : { project }) }),
    steps,
    projects: project !== undefined,
    feeds,
  };
}
