/**
 * Functions of libraries, each called from a place of its own. V8 compiles a call into C only where one place calls one
 * function; a place that has seen two, as each place of ours has when a second plugin is loaded or the first one again,
 * makes every call through its interpreter's door, some 80 ns instead of 5. @module
 */

/** Any function of a library. */
export type ForeignFunction = (...parameters: never[]) => unknown;

let made = 0;

/** The same function, called by code that nothing else shares. */
export function callSite<Called extends ForeignFunction>(called: Called, parameters: number): Called {
  const names = Array.from({ length: parameters }, (_, index) => `p${index}`).join(", ");
  try {
    // V8 keeps what it has compiled by its text, so no two texts may be the same.
    const make = new Function("called", `return (${names}) => called(${names}); // ${made++}`);
    return make(called) as Called;
  } catch (thrown) {
    // --disallow-code-generation-from-strings: slower, and right.
    if (thrown instanceof EvalError) return called;
    throw thrown;
  }
}

/** {@linkcode callSite} for functions that are called from few places, by what `Deno.dlopen` was told of them. */
export function callSites<Symbols extends Readonly<Record<string, ForeignFunction>>>(
  symbols: Symbols,
  definitions: Readonly<Record<keyof Symbols, { readonly parameters: readonly unknown[] }>>,
): Symbols {
  return Object.fromEntries(
    Object.entries(symbols).map(([key, called]) => [key, callSite(called, definitions[key]!.parameters.length)]),
  ) as unknown as Symbols;
}
