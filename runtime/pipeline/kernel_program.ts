/** Writes the first steps of a pipeline as a program for the native kernel `@caisson/json-kernel`. @module */
import type { Expression } from "../flow/flow_definition.ts";
import type { Chain, CompiledPipeline } from "./compiled_pipeline.ts";
import { isPlainName, kernelExpression, type Projection } from "./kernel_expression.ts";
import type { Operator } from "./operator.ts";

/** Something a step reads of an event, and where in the row it is handed it stands. */
export interface KernelRead {
  /** Keys that lead to it in the row. */
  readonly path: readonly string[];
  /** What it is. */
  readonly expression: Expression;
}

/** What a step does, as far as it is data: what the kernel may do in its place. */
export type KernelStep =
  | { readonly filter: Expression }
  | { readonly project: readonly (readonly [name: string, expression: Expression])[] }
  | {
    /** The step takes no more of an event than these: `stepRead` gets them as a row. */
    readonly reads: readonly KernelRead[];
    /** Events it holds for only. */
    readonly where?: Expression | undefined;
    /** Whether it hands on events it is given; else only what it makes, except to ports beside `out`. */
    readonly passes: boolean;
    /** Whether it keeps rows: then each gets its own. */
    readonly keepsRows: boolean;
  };

/** A program, and how many operators it stands for. */
export interface KernelProgram {
  /** JSON text, the configuration of the kernel. */
  readonly text: string;
  /** Leading operators it does the work of. */
  readonly steps: number;
  /** Whether it writes events anew: the last projection of its steps is the event that follows. */
  readonly projects: boolean;
  /** Whether events before its last step are others than those that came in. */
  readonly changes: boolean;
  /** What an operator is fed with through `stepRead`: the one behind its steps, or the first of {@linkcode tap}. */
  readonly feeds: KernelFeed | undefined;
  /** The chain that is fed beside the port `out`. @default {none: what follows the steps is in the same chain} */
  readonly tap: string | undefined;
}

/** A step that is fed. */
export type KernelFeed = Extract<KernelStep, { reads: unknown }>;

/** A longer text is of projections that repeat each other. */
const LONGEST = 1 << 16;
/** More would make rows longer than events. */
const MOST_READS = 64;

/** The program for a pipeline whose events all go through one chain first. */
export function kernelProgramOf(pipeline: CompiledPipeline): KernelProgram | undefined {
  const { chains, wires } = pipeline;
  const entry = wires.filter(({ node }) => node === "in");
  const [wire] = entry;
  const isOne = entry.length === 1 && wire!.ports.length === 0 && wire!.chains.length === 1;
  const [first] = chains;
  if (!isOne || first?.name !== wire!.chains[0]) return undefined;
  return kernelProgram(first!.operators, tapOf(pipeline, first!));
}

/** The chain beside `out` that the first one leads to, when its first step only takes events in. */
function tapOf({ chains, wires }: CompiledPipeline, first: Chain): Tap | undefined {
  const leading = wires.filter(({ node }) => node === first.name);
  const [wire] = leading;
  const next = wire?.chains[0];
  if (leading.length !== 1 || wire!.port !== "out" || wire!.chains.length !== 1 || wire!.ports.join() !== "out") {
    return undefined;
  }
  const feeds = chains.find(({ name }) => name === next)?.operators[0]?.kernelStep;
  if (feeds === undefined || !("reads" in feeds) || feeds.passes || feeds.where !== undefined) return undefined;
  return { chain: next!, feeds };
}

interface Tap {
  readonly chain: string;
  readonly feeds: KernelFeed;
}

/**
 * The program for the first operators of a chain: filters and projections, and what the one behind them reads.
 * `undefined` when not even the first can be one.
 *
 * @param tap is fed when the kernel does the work of the whole chain
 */
export function kernelProgram(operators: readonly Operator[], tap?: Tap): KernelProgram | undefined {
  const filters: Expression[] = [];
  let made: Projection | undefined;
  let feeds: KernelFeed | undefined;
  let reads: Expression[] | undefined;
  let steps = 0;
  for (const { kernelStep } of operators) {
    if (kernelStep === undefined) break;
    if ("filter" in kernelStep) {
      const filter = kernelExpression(kernelStep.filter, made);
      if (filter === undefined) break;
      filters.push(filter);
    } else if ("project" in kernelStep) {
      const next = projection(kernelStep.project, made);
      if (next === undefined) break;
      made = next;
    } else {
      const where = kernelStep.where === undefined ? undefined : kernelExpression(kernelStep.where, made);
      reads = readsOf(kernelStep.reads, made);
      if (reads === undefined || (kernelStep.where !== undefined && where === undefined)) break;
      if (where !== undefined) filters.push(where);
      feeds = kernelStep;
      break;
    }
    steps++;
  }
  const tapped = tap !== undefined && steps === operators.length ? readsOf(tap.feeds.reads, made) : undefined;
  if (tapped !== undefined) {
    reads = tapped;
    feeds = tap!.feeds;
  }
  if (steps === 0 && feeds === undefined) return undefined;
  const projects = made !== undefined && (feeds?.passes !== false || tapped !== undefined);
  const text = JSON.stringify({
    filters,
    ...(projects ? { project: [...made!] } : {}),
    ...(feeds === undefined ? {} : { reads }),
  });
  if (text.length > LONGEST) return undefined;
  return {
    text,
    steps,
    projects,
    changes: made !== undefined,
    feeds,
    tap: tapped === undefined ? undefined : tap!.chain,
  };
}

function projection(
  fields: readonly (readonly [name: string, expression: Expression])[],
  made: Projection | undefined,
): Projection | undefined {
  const next = new Map<string, Expression>();
  for (const [name, expression] of fields) {
    const translated = kernelExpression(expression, made);
    if (translated === undefined || !isPlainName(name)) return undefined;
    next.set(name, translated);
  }
  return next;
}

function readsOf(reads: readonly KernelRead[], made: Projection | undefined): Expression[] | undefined {
  if (reads.length > MOST_READS || !reads.every(({ path }) => path.every(isPlainName))) return undefined;
  const translated = reads.map(({ expression }) => kernelExpression(expression, made));
  return translated.includes(undefined) ? undefined : translated as Expression[];
}
