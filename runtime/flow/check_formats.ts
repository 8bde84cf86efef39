/** Checks codecs, preprocessors and postprocessors before anything starts. @module */
import { createCodec } from "../codec/codecs.ts";
import { attempt, type Report } from "../errors/report.ts";
import { planSink, planSource } from "./connector_stages.ts";
import type { FlowDefinition } from "./flow_definition.ts";

/**
 * Makes the runtime's own formats of a flow and drops them: a wrong configuration has to be known before any plugin runs.
 *
 * @param label what errors begin with
 * @param report takes all errors; without it the first one is thrown
 * @throws {CaissonError} what making one throws
 */
export function checkFormats(flow: Pick<FlowDefinition, "connectors" | "links">, label: string, report?: Report): void {
  for (const [name, connector] of Object.entries(flow.connectors)) {
    const path = `${label}: connectors.${name}`;
    attempt(report, () => planSource(connector, undefined, path).newInterceptors());
    attempt(report, () => planSink(connector, undefined, path).newInterceptors());
  }
  for (const [index, { buffer }] of flow.links.entries()) {
    if (buffer?.codec === undefined) continue;
    attempt(report, () => createCodec(buffer.codec!, `${label}: links[${index}].buffer.codec`));
  }
}
