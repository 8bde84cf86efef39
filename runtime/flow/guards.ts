/** The links of one flow that try again or have a dead letter. @module */
import { LetterBox } from "./dead_letters.ts";
import type { Consumer } from "./delivery.ts";
import type { FlowDefinition, RetryDefinition } from "./flow_definition.ts";
import type { Graph, Link } from "./graph.ts";
import { GuardedLink, type RetryPolicy } from "./guarded_link.ts";

/** What {@linkcode Guards} need. */
export interface GuardsOptions {
  /** The flow. */
  readonly definition: FlowDefinition;
  /** Its links. */
  readonly graph: Graph;
  /** Aborted when reading has to stop. */
  readonly reading: AbortSignal;
}

/** A policy with its defaults filled in. */
export function retryPolicy({ attempts = 10, intervalMs = 100, maxIntervalMs = 30_000 }: RetryDefinition): RetryPolicy {
  return { attempts, intervalMs, maxIntervalMs };
}

/** Made with the links of a flow and closed with it. */
export class Guards {
  readonly #options: GuardsOptions;
  readonly #guards: GuardedLink[] = [];

  /** Makes nothing yet. */
  constructor(options: GuardsOptions) {
    this.#options = options;
  }

  /** What writes the dead letters of a link, if it has any. */
  lettersOf(link: Link, consumerOf: (name: string) => Consumer): LetterBox | undefined {
    const { from, to, deadLetter } = link;
    if (deadLetter === undefined) return undefined;
    const { definition, graph } = this.#options;
    const sources = graph.sources.filter((name) => name === from.node || reaches(graph, name, from.node));
    return new LetterBox({
      flow: definition.name,
      connector: sources.join(", "),
      link: `${from.node}->${to.node}`,
    }, consumerOf(deadLetter));
  }

  /** Puts a guard in front of what a link leads to, if it asks for one. */
  guard({ retry }: Link, letters: LetterBox | undefined, to: Consumer): Consumer {
    if (retry === undefined && letters === undefined) return to;
    const policy = retryPolicy(retry ?? { attempts: 1 });
    const guard = new GuardedLink({ to, retry: policy, letters, reading: this.#options.reading });
    this.#guards.push(guard);
    return guard;
  }

  /** Fails what still waits to be tried again. */
  close(): void {
    for (const guard of this.#guards) guard.close();
  }
}

/** Whether events of a node come to another one. */
function reaches({ links, nodes }: Graph, from: string, to: string): boolean {
  // A path ends at a connector, and inner nodes have no cycle.
  return links.some((link) =>
    link.from.node === from &&
    (link.to.node === to ||
      (nodes.get(link.to.node) !== "connector" && reaches({ links, nodes } as Graph, link.to.node, to)))
  );
}
