/** Whether a pipeline takes events while circuit breakers leave some of what is linked to it alone. @module */
import type { CompiledPipeline } from "./compiled_pipeline.ts";

/** What is known of the pipeline's own ports. */
export interface PortStates {
  /** Whether everything linked to a port takes events now. */
  readonly takes: (port: string) => boolean;
  /** Whether anything is linked to it. */
  readonly linked: (port: string) => boolean;
}

/** Asks, at any time. */
type Ask = () => boolean;

/**
 * Makes for a port of a chain, or for `out` of `in`, what says whether an event given there can go on: to all that is wired
 * to it, but of the ports of a round robin only to one. Asked for each event, so all that is fixed is found out before.
 */
export function compileTakes(
  { chains, wires }: Pick<CompiledPipeline, "chains" | "wires">,
  { takes, linked }: PortStates,
): (node: string, port: string) => Ask {
  const known = new Map<string, Ask>();
  const wiredTo = (node: string, port: string): CompiledPipeline["wires"] =>
    wires.filter((wire) => wire.node === node && wire.port === port);
  const isLinked = (node: string, port: string): boolean =>
    wiredTo(node, port).some((wire) => wire.chains.length > 0 || wire.ports.some(linked));
  const ofPort = (node: string, port: string): Ask =>
    every(
      wiredTo(node, port).flatMap((wire) => [
        ...wire.chains.map(ofChain),
        ...wire.ports.map((name) => () => takes(name)),
      ]),
    );
  const ofChain = (name: string): Ask => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const ways: Ask[] = [];
    const all = new Set(["out"]);
    for (const { reach, ports = [] } of chains.find((chain) => chain.name === name)!.operators) {
      if (reach === undefined) { for (const port of ports) all.add(port); }
      else {
        const any = ports.filter((port) => isLinked(name, port)).map((port) => ofPort(name, port));
        if (any.length > 0) ways.push(() => any.some((ask) => ask()));
      }
    }
    const ask = every([...ways, ...[...all].map((port) => ofPort(name, port))]);
    known.set(name, ask);
    return ask;
  };
  return ofPort;
}

function every(asks: readonly Ask[]): Ask {
  return asks.length === 1 ? asks[0]! : () => asks.every((ask) => ask());
}

/** Whether what a pipeline is given can go on, also to `err`. */
export function pipelineTakes(compiled: CompiledPipeline, states: PortStates): boolean {
  return compileTakes(compiled, states)("in", "out")() && states.takes("err");
}
