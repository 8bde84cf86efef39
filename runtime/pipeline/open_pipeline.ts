/** Opens what the operators of a pipeline need before its first event. @module */
import type { CaissonError } from "../errors/caisson_error.ts";
import type { CompiledPipeline } from "./compiled_pipeline.ts";

/**
 * Opens all of them, or none.
 *
 * @param tell told about what goes wrong later and belongs to no event
 * @throws {CaissonError} what an operator cannot be without
 */
export async function openPipeline(
  compiled: CompiledPipeline,
  tell: (error: CaissonError) => void,
): Promise<void> {
  try {
    for (const { operators } of compiled.chains) for (const operator of operators) await operator.open?.(tell);
  } catch (error) {
    closePipeline(compiled);
    throw error;
  }
}

/** Lets go of what the operators of a pipeline that does not run have open. */
export function closePipeline({ chains }: CompiledPipeline): void {
  for (const { operators } of chains) for (const operator of operators) operator.close?.();
}
