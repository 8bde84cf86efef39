/** The other end of `messages.ts`'s `postMessage`: sends buffers back, or sends as many as it is asked for. */
const scope = globalThis as unknown as {
  onmessage: (
    event: MessageEvent<Uint8Array<ArrayBuffer> | { readonly bytes: number; readonly count: number }>,
  ) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};

scope.onmessage = ({ data }) => {
  if (data instanceof Uint8Array) return scope.postMessage(data, [data.buffer]);
  for (let sent = 0; sent < data.count; sent++) {
    const buffer = new Uint8Array(data.bytes).fill(0x61);
    scope.postMessage(buffer, [buffer.buffer]);
  }
};
