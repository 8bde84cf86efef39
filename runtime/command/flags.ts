/** `caisson flags FLOW`. @module */
import type { Invocation, Outcome } from "./command.ts";
import { denoLine } from "./deno_line.ts";
import { flagText, groupNeeds, type HostNeed } from "./host_need.ts";
import { planFlow } from "./plan.ts";

/** Prints the line that runs a flow. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const { needs, words, workers } = await planFlow(invocation);
  const permissions = groupNeeds(needs);
  const line = denoLine(permissions, { program: invocation.program, words, workers });
  const reasons = mergeReasons(needs);
  for (const { flag, reasons: why } of reasons) {
    if (!invocation.flag("json")) invocation.note(`${flag}: ${why.join("; ")}`);
  }
  return { exit: 0, text: line, document: { line, permissions, reasons } };
}

/** One entry for each flag, in the order they came. */
function mergeReasons(needs: readonly HostNeed[]): { readonly flag: string; readonly reasons: readonly string[] }[] {
  const merged = new Map<string, Set<string>>();
  for (const need of needs) {
    const flag = flagText(need);
    const reasons = merged.get(flag) ?? new Set();
    merged.set(flag, reasons.add(need.reason));
  }
  return [...merged].map(([flag, reasons]) => ({ flag, reasons: [...reasons] }));
}
