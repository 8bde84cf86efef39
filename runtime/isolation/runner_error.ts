/** Turns what a runner reports into the error the same plugin would cause in the host's process. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { cleanLine } from "./log_gate.ts";
import type { Fault } from "./worker_protocol.ts";

/** Codes the runner names, and no others: the process may say anything. */
const CODES: readonly ErrorCode[] = [
  "CAISSON_ABI_FLAG",
  "CAISSON_ABI_LAYOUT",
  "CAISSON_ABI_MISMATCH",
  "CAISSON_CONFIG_INVALID",
  "CAISSON_DESCRIPTOR_INVALID",
  "CAISSON_EVENT_TOO_LARGE",
  "CAISSON_LIBRARY_LOAD",
  "CAISSON_NATIVE_BATCH",
  "CAISSON_NATIVE_CALL",
  "CAISSON_NATIVE_STATE",
  "CAISSON_SYMBOL_MISSING",
];

/** The error for a fault; `CAISSON_PLUGIN_PROTOCOL` for one no runner reports. */
export function runnerError(plugin: string, doing: string, fault: Fault): CaissonError {
  const code = CODES.find((known) => known === fault.name) ?? "CAISSON_PLUGIN_PROTOCOL";
  return new CaissonError(code, { subject: `${plugin}: ${doing}`, found: cleanLine(fault.message) });
}
