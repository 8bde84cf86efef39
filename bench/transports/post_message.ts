/** `postMessage` with transfer, to a Worker. @module */
import { noPermissions, startWorker } from "../../runtime/isolation/start_worker.ts";
import type { Transport } from "./transport.ts";

/** Buffers that change hands. */
export function postMessage(): Transport {
  const worker = startWorker({
    url: import.meta.resolve("../message_worker.ts"),
    name: "bench",
    plugin: "bench",
    permissions: noPermissions,
    onError: (text) => {
      throw new Error(text);
    },
  });
  let arrived: (buffer: Uint8Array<ArrayBuffer>) => void = () => {};
  worker.onmessage = ({ data }: MessageEvent<Uint8Array<ArrayBuffer>>) => arrived(data);
  let buffer = new Uint8Array(0);
  return {
    name: "postMessage, transferred",
    async echo(size) {
      if (buffer.byteLength !== size) buffer = new Uint8Array(size);
      buffer = await new Promise((resolve) => {
        arrived = resolve;
        worker.postMessage(buffer, [buffer.buffer]);
      });
    },
    async flow(size, milliseconds) {
      const window = Math.max(2, Math.min(256, (16 << 20) / size));
      let messages = 0;
      const started = performance.now();
      await new Promise<void>((resolve) => {
        let open = 2;
        let due = 0;
        const ask = (): void => {
          due += window;
          worker.postMessage({ bytes: size, count: window });
        };
        arrived = () => {
          messages++;
          if (--due % window !== 0) return;
          if (performance.now() - started < milliseconds) ask();
          else if (--open === 0) resolve();
        };
        ask();
        ask();
      });
      return { bytes: messages * size, milliseconds: performance.now() - started };
    },
    close: () => worker.terminate(),
  };
}
