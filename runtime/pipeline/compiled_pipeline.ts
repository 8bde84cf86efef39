/** A pipeline whose steps are compiled: chains of operators and the wires between them. @module */
import type { Operator } from "./operator.ts";

/** Steps that follow each other. */
export interface Chain {
  /** Name of the node; `main` for a pipeline that is a plain list. */
  readonly name: string;
  /** Its operators, in order. */
  readonly operators: readonly Operator[];
}

/** From a port of a chain, or from the pipeline's `in`, to chains and ports of the pipeline. */
export interface Wire {
  /** Chain, or `in`. */
  readonly node: string;
  /** Port of the chain; `out` for `in`. */
  readonly port: string;
  /** Chains fed. */
  readonly chains: readonly string[];
  /** Ports of the pipeline fed. */
  readonly ports: readonly string[];
}

/** What a `Pipeline` runs. */
export interface CompiledPipeline {
  /** Chains in an order in which none comes before one that feeds it. */
  readonly chains: readonly Chain[];
  /** Wires between them. */
  readonly wires: readonly Wire[];
  /** Ports beside `out` and `err`. */
  readonly ports: readonly string[];
}

/** A plain list of operators as a pipeline: every side port of an operator is a port of the pipeline. */
export function linear(operators: readonly Operator[]): CompiledPipeline {
  // A step that names `out` has its events go there past the steps behind it: by the wire that is there already.
  const ports = [...new Set(operators.flatMap((operator) => operator.ports ?? []))].filter((port) => port !== "out");
  return {
    chains: [{ name: "main", operators }],
    wires: [
      { node: "in", port: "out", chains: ["main"], ports: [] },
      { node: "main", port: "out", chains: [], ports: ["out"] },
      ...ports.map((port) => ({ node: "main", port, chains: [], ports: [port] })),
    ],
    ports: ports.filter((port) => port !== "err"),
  };
}

/** Whether every event goes through as it is, once and to `out`, so that a whole delivery may. */
export function passesAll({ chains, wires }: CompiledPipeline): boolean {
  const ends = wires.flatMap(({ ports }) => ports);
  // More than one chain may join again, and give an event twice.
  return chains.length <= 1 && chains.every(({ operators }) => operators.length === 0) && ends.join() === "out";
}
