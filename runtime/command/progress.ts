/** The line that shows how a flow is doing, on a terminal only. @module */
import type { FlowReport } from "../flow/flow_report.ts";
import { formatNumber } from "./columns.ts";
import { standardError } from "./terminal.ts";

const everyMs = 1000;
const clearLine = "\r\x1b[K";

/** One line about a running flow; `rate` in events a second. */
export function progressLine(report: FlowReport, rate: number): string {
  const { flow, in: read, out, dropped, failed } = report;
  const counts = [["in", read], ["out", out], ["dropped", dropped], ["failed", failed]] as const;
  return `${flow}: ${counts.map(([name, count]) => `${formatNumber(count)} ${name}`).join(", ")}, ${
    formatNumber(Math.round(rate))
  } events/s`;
}

/** Writes lines to standard error in place of the progress line, which comes back a second later. */
export function writeAboveProgress(text: string): void {
  standardError.write(`${standardError.terminal ? clearLine : ""}${text}\n`);
}

/** Writes the line once a second until disposed of; does nothing where nobody looks. */
export function showProgress(report: () => FlowReport): Disposable {
  if (!standardError.terminal) return { [Symbol.dispose]: () => {} };
  let before = { in: 0, seconds: 0 };
  const timer = setInterval(() => {
    const now = report();
    const seconds = now.seconds - before.seconds;
    const rate = seconds > 0 ? (now.in - before.in) / seconds : 0;
    before = now;
    standardError.write(clearLine + progressLine(now, rate));
  }, everyMs);
  return {
    [Symbol.dispose](): void {
      clearInterval(timer);
      standardError.write(clearLine);
    },
  };
}
