/**
 * A host in a Worker opens and closes a plugin whose thread goes on logging and ringing; then the Worker ends, and its
 * memory is freed, which the thread goes on to live through. Run in a process of its own, with freed memory made useless.
 * @module
 */
import { openNative, TEST_PLUGINS } from "./native_plugins.ts";

/** Hosts that end, one after the other. */
const HOSTS = 5;

const { name } = globalThis as unknown as { readonly name: string };

if (name !== "host") {
  for (let host = 0; host < HOSTS; host++) {
    const worker = new Worker(import.meta.url, { type: "module", name: "host" });
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.terminate();
    // The thread of a host that has ended runs a thousand times a second.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
} else {
  const opened = await openNative(`${TEST_PLUGINS}/lingering`, "lingering", { mode: "thread" }, {}, () => {});
  await opened[Symbol.asyncDispose]();
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage("closed");
}
