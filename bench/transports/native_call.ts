/** A call of a native processor in this process. @module */
import type { ProcessorPart } from "../../runtime/connector/contract.ts";
import { Batch } from "../../runtime/data/batch.ts";
import type { Workplace } from "../workplace.ts";
import { SIZES, type Transport } from "./transport.ts";

/** Hands an event to the transform plugin, which passes it on. */
export async function nativeCall(workplace: Workplace): Promise<Transport> {
  const place = workplace.places.find(({ isolation }) => isolation === "native")!;
  const { processor } = await place.launch("processor", {}) as { readonly processor: ProcessorPart };
  const batch = Batch.allocate({ capacity: 1, arenaBytes: SIZES.at(-1)! });
  const out = Batch.allocate({ capacity: 1, arenaBytes: 64 });
  const payload = new Uint8Array(SIZES.at(-1)!);
  let filled = 0;
  return {
    name: "native call",
    echo(size) {
      if (size !== filled) {
        batch.clear();
        batch.appendBytes(payload.subarray(0, size), Date.now());
        filled = size;
      }
      out.ownSegments();
      return processor.process(batch, out);
    },
    // The payload stays where it is: bytes a second would be a made-up number.
    flow: () => Promise.resolve(undefined),
    close: () => processor.close(),
  };
}
