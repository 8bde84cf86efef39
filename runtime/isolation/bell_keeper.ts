/** Waits for the process's bell while any native instance needs it: one call on a pool thread for all of them. @module */
import type { HostBell } from "../../ffi/native_adapter.ts";

const listeners = new Set<() => void>();
let running = false;
let waiting: Promise<void> | undefined;

/** Instances that listen, and whether a thread waits for them. */
export function bellListeners(): { readonly listening: number; readonly threads: number } {
  return { listening: listeners.size, threads: waiting === undefined ? 0 : 1 };
}

async function keep(bell: HostBell): Promise<void> {
  running = true;
  while (listeners.size > 0) {
    waiting = bell.wait();
    await waiting;
    waiting = undefined;
    for (const look of [...listeners]) look();
  }
  running = false;
}

/** Calls `look` after every ring, whoever rang, until {@linkcode stopListening}. */
export function listen(bell: HostBell, look: () => void): void {
  listeners.add(look);
  if (!running) void keep(bell);
}

/** Ends {@linkcode listen}; with the last listener goes the thread, and this waits for it. */
export async function stopListening(bell: HostBell, look: () => void): Promise<void> {
  if (!listeners.delete(look) || listeners.size > 0) return;
  const under = waiting;
  bell.ring();
  await under;
}
