/** Which connector takes what a link gives up. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { FlowDefinition, FlowLinkDefinition } from "./flow_definition.ts";
import type { Link } from "./graph.ts";

/**
 * The dead letter of a link: its own, or that of the flow where nothing further back would hear of a failure and send it
 * there: behind a source, and behind a buffer, which has told its sender that the event arrived.
 */
export function deadLetterOf(
  flow: FlowDefinition,
  { deadLetter, buffer }: FlowLinkDefinition,
  isBehindSource: boolean,
): string | undefined {
  return deadLetter ?? (isBehindSource || buffer !== undefined ? flow.deadLetter : undefined);
}

/**
 * Checks that every dead letter is a connector no link leads to: one that drains with the flow's other sinks would miss
 * the last letters.
 *
 * @throws {CaissonError} `CAISSON_FLOW_LINK`
 */
export function checkDeadLetters(flow: FlowDefinition, links: readonly Link[], label: string): void {
  const named: [string, string][] = flow.deadLetter === undefined ? [] : [["deadLetter", flow.deadLetter]];
  for (const [index, { deadLetter, retry, buffer }] of flow.links.entries()) {
    if (deadLetter !== undefined) named.push([`links[${index}].deadLetter`, deadLetter]);
    if (retry !== undefined && buffer !== undefined) {
      throw new CaissonError("CAISSON_FLOW_LINK", {
        subject: `${label}: links[${index}].retry`,
        found: "a retry beside a buffer",
        allowed: "buffer.retry",
        action: "Move it into the buffer, which tries again across restarts.",
      });
    }
  }
  for (const [path, name] of named) {
    const subject = `${label}: ${path}`;
    if (!Object.hasOwn(flow.connectors, name)) {
      throw new CaissonError("CAISSON_FLOW_LINK", {
        subject,
        found: `${JSON.stringify(name)} is not a connector`,
        allowed: Object.keys(flow.connectors).join(", "),
      });
    }
    if (links.some(({ to }) => to.node === name)) {
      throw new CaissonError("CAISSON_FLOW_LINK", {
        subject,
        found: `${name}, which a link leads to`,
        allowed: "a connector that takes nothing else",
        action: "Give the dead letters a connector of their own.",
      });
    }
  }
}
