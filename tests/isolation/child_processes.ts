/** What a task that has ended in between says instead of its text. */
function hasEnded(cause: unknown): boolean {
  return cause instanceof Deno.errors.NotFound || (cause as { code?: string }).code === "ESRCH";
}

/** Process ids of what this process has started; Linux only. */
export async function childProcesses(): Promise<number[]> {
  const pids: number[] = [];
  for await (const { name } of Deno.readDir(`/proc/${Deno.pid}/task`)) {
    try {
      const text = await Deno.readTextFile(`/proc/${Deno.pid}/task/${name}/children`);
      pids.push(...text.trim().split(" ").filter((pid) => pid !== "").map(Number));
    } catch (cause) {
      if (!hasEnded(cause)) throw cause;
    }
  }
  return pids;
}

/** Whether a process still runs; one that ended and was not reaped does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return !/^\d+ \(.*\) [ZX]/.test(stat);
  } catch {
    return false;
  }
}
