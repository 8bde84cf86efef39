/** The control channel to the host, held before the plugin's first line. @module */
import type { HostMessage, WorkerMessage } from "../worker_protocol.ts";

interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<HostMessage>) => void,
  ): void;
}

const scope = globalThis as unknown as WorkerScope;
const post = scope.postMessage.bind(globalThis);

/** Sends a control message. */
export function tellHost(message: WorkerMessage): void {
  post(message);
}

/** Calls `listener` for every control message. */
export function hearHost(listener: (message: HostMessage) => void): void {
  scope.addEventListener("message", (event) => listener(event.data));
}
