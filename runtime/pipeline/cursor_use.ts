/** Whether one event object, moved from place to place, can stand for all events of a batch on their way through a pipeline. @module */
import type { CompiledPipeline } from "./compiled_pipeline.ts";

/**
 * What may be done with a cursor, see `Event.moveTo`:
 *
 * - `never`: an operator might keep it, or gives it to a function of the user's, who may.
 * - `unread`: only while nobody behind the pipeline looks at values, which would then be decoded once more.
 * - `always`: no operator hands it on.
 */
export type CursorUse = "never" | "unread" | "always";

/** Looks at the way from `in` to where each operator makes events of its own. */
export function cursorUseOf({ chains, wires }: CompiledPipeline): CursorUse {
  const known = new Map<string, CursorUse>();
  const behind = (node: string, port: string): CursorUse => {
    let use: CursorUse = "always";
    for (const wire of wires) {
      if (wire.node !== node || wire.port !== port) continue;
      if (wire.ports.length > 0) use = worse(use, "unread");
      for (const chain of wire.chains) use = worse(use, through(chain));
    }
    return use;
  };
  const through = (name: string): CursorUse => {
    const found = known.get(name);
    if (found !== undefined) return found;
    let use: CursorUse = "always";
    let goesOn = true;
    for (const { cursor, ports = [] } of chains.find((chain) => chain.name === name)!.operators) {
      if (cursor === undefined) use = "never";
      for (const port of ports) {
        const side = behind(name, port);
        // What a window turns away is rare: decoding it once more costs less than an object for every event.
        if (side === "never" || cursor !== "replaces") use = worse(use, side);
      }
      if (cursor !== "passes") {
        goesOn = false;
        break;
      }
    }
    if (goesOn) use = worse(use, behind(name, "out"));
    known.set(name, use);
    return use;
  };
  return behind("in", "out");
}

function worse(one: CursorUse, other: CursorUse): CursorUse {
  if (one === "never" || other === "never") return "never";
  return one === "unread" || other === "unread" ? "unread" : "always";
}
