/** Memory of this process and its children. @module */

/** Resident bytes of this process and, where the system tells, of every child, each page shared out among its users. */
export function residentBytes(): number {
  let bytes = Deno.memoryUsage().rss;
  for (const child of children()) {
    try {
      const text = Deno.readTextFileSync(`/proc/${child}/smaps_rollup`);
      bytes += Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
    } catch (error) {
      // It has ended meanwhile, or belongs to another user now.
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
  return bytes;
}

function children(): string[] {
  try {
    const threads = [...Deno.readDirSync("/proc/self/task")];
    return threads.flatMap(({ name }) =>
      Deno.readTextFileSync(`/proc/self/task/${name}/children`).trim().split(" ").filter((pid) => pid !== "")
    );
  } catch {
    // Only Linux has it, and a thread may end while it is read.
    return [];
  }
}
