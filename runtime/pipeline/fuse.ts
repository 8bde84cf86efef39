/** Makes one function of the operators of a pipeline. @module */
import type { Event } from "../flow/delivery.ts";
import type { PortCollector } from "./collector.ts";
import type { CompiledPipeline, Wire } from "./compiled_pipeline.ts";
import type { KernelProgram } from "./kernel_program.ts";
import type { Row, Rows } from "./kernel_rows.ts";
import type { Emit, Operator, Warn } from "./operator.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import { compileTakes } from "./takes.ts";

/** An operator with its place: what it emits to next. */
export interface Placed {
  /** Chain, index and name. */
  readonly id: string;
  /** The operator. */
  readonly operator: Operator;
  /** Emits to what follows it. */
  readonly emit: Emit;
}

/** An operator that gets rows, see `Operator.stepRead`. */
export interface FedOperator {
  /** Takes a row. */
  readonly step: (event: Event, row: Row) => boolean;
  /** Takes many, where the operator can and nothing but rows is wanted, see `Operator.stepRows`. */
  readonly steps: ((rows: Rows, from: number, to: number) => void) | undefined;
  /** Whether events it is given go further, to `out` or a linked port. */
  readonly passes: boolean;
  /** Whether it may be handed the same event object each time: nobody but collectors of ports gets to see it. */
  readonly reusesEvent: boolean;
}

/** What {@linkcode fuse} needs of the pipeline. */
export interface FuseOptions {
  /** Gathers what is emitted to a port of the pipeline. */
  readonly collector: (port: string) => PortCollector;
  /** Keeps what a later step throws from the event at hand. */
  readonly guarded: (next: Emit) => Emit;
  /** Takes warnings of an operator. */
  readonly warn: (operator: string, problem: Parameters<Warn>[0]) => void;
  /** Links of the pipeline's ports. */
  readonly links: Pick<PipelineOptions, "out" | "err" | "port" | "takes">;
  /** What the kernel does of the first chain. */
  readonly program: KernelProgram | undefined;
}

/** A fused pipeline. */
export interface Fused {
  /** Takes an event from the port `in`. */
  readonly chain: Emit;
  /** Operators in an order in which none comes before one that feeds it. */
  readonly placed: readonly Placed[];
  /** What follows the steps that the kernel does. */
  readonly afterKernel: Emit | undefined;
  /** The operator the kernel feeds. */
  readonly fed: FedOperator | undefined;
}

/** From the last chain to the first, so that each finds what it feeds. */
export function fuse({ chains, wires }: CompiledPipeline, options: FuseOptions): Fused {
  const { collector, guarded, warn, links, program } = options;
  const heads = new Map<string, Emit>();
  const placed: Placed[] = [];
  let afterKernel: Emit | undefined;
  let fed: FedOperator | undefined;
  const { takes } = links;
  const takesOf = takes === undefined
    ? undefined
    : compileTakes({ chains, wires }, { takes, linked: (port) => isTaken(port, links) });
  const emitTo = (node: string, port: string): Emit => {
    const targets = wires.filter((wire) => wire.node === node && wire.port === port).flatMap((wire) => [
      ...wire.chains.map((chain) => heads.get(chain)!),
      ...wire.ports.map((name) => collector(name).emit),
    ]);
    return fanOut(targets);
  };
  for (const { name, operators } of [...chains].reverse()) {
    let next = emitTo(name, "out");
    for (let index = operators.length - 1; index >= 0; index--) {
      const operator = operators[index]!;
      const emits = operator.flush !== undefined || operator.onTimer !== undefined;
      const emit = emits ? guarded(next) : next;
      operator.bind?.(
        (port) => emits ? guarded(emitTo(name, port)) : emitTo(name, port),
        (problem) => warn(operator.name, problem),
      );
      const linked = (operator.ports ?? []).filter((port) => isLinked(wires, name, port, links));
      for (const port of operator.ports ?? []) operator.linked?.(port, linked.includes(port));
      if (operator.reach !== undefined && takesOf !== undefined) {
        const asks = new Map((operator.ports ?? []).map((port) => [port, takesOf(name, port)]));
        operator.reach((port) => asks.get(port)!());
      }
      if (program !== undefined && name === chains[0]!.name && index + 1 === program.steps) afterKernel = next;
      const isFed = program?.feeds !== undefined &&
        (program.tap === undefined
          ? name === chains[0]!.name && index === program.steps
          : name === program.tap && index === 0);
      if (isFed) {
        const passes = program.feeds!.passes || linked.length > 0;
        const isLast = index + 1 === operators.length && endsHere(wires, name);
        // What a later step throws would have to take back what this one emitted, event by event.
        const takesRows = passes
          ? program.feeds!.passes && isLast
          : program.tap === undefined || isAside(chains, wires, links);
        fed = {
          step: (event, row) => operator.stepRead!(event, row, emit),
          steps: operator.stepRows !== undefined && takesRows
            ? (rows, from, to) => operator.stepRows!(rows, from, to, emit)
            : undefined,
          passes,
          reusesEvent: !passes || isLast,
        };
      }
      placed.unshift({ id: `${name}[${index}].${operator.name}`, operator, emit });
      next = (event) => operator.step(event, emit);
    }
    heads.set(name, next);
  }
  return { chain: emitTo("in", "out"), placed, afterKernel, fed };
}

/** Whether events of the first chain go to `out`, and nothing else does: then it may have many before the tap takes them. */
function isAside(
  [first]: CompiledPipeline["chains"],
  wires: readonly Wire[],
  { out }: Pick<FuseOptions["links"], "out">,
): boolean {
  return out.linked && wires.every(({ node, ports }) => node === first!.name || !ports.includes("out"));
}

/** Whether everything a chain emits leaves the pipeline. */
function endsHere(wires: readonly Wire[], node: string): boolean {
  return wires.every((wire) => wire.node !== node || wire.chains.length === 0);
}

function isLinked(wires: readonly Wire[], node: string, port: string, links: FuseOptions["links"]): boolean {
  return wires.some((wire) =>
    wire.node === node && wire.port === port &&
    (wire.chains.length > 0 || wire.ports.some((name) => isTaken(name, links)))
  );
}

/** Whether anything is linked to a port of the pipeline. */
function isTaken(name: string, { out, err, port }: FuseOptions["links"]): boolean {
  return name === "out" ? out.linked : name === "err" ? err.linked : port?.(name).linked === true;
}

function fanOut(targets: readonly Emit[]): Emit {
  const [first, second] = targets;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  return (event) => {
    let taken = false;
    for (const target of targets) taken = target(event) || taken;
    return taken;
  };
}
