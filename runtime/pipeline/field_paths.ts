/** Which fields of an event expressions look at. @module */
import type { KernelRead } from "./kernel_program.ts";

/** Reads of every field that stands in expressions, targets and what is made of them. */
export class FieldPaths {
  readonly #paths = new Map<string, readonly string[]>();
  readonly #skips: (name: unknown) => boolean;
  #isWhole = false;

  /** @param skips tells lists that are left out by their first item, such as aggregates */
  constructor(skips: (name: unknown) => boolean = () => false) {
    this.#skips = skips;
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return !this.#isWhole && this.#paths.size === 0;
  }

  /** Adds all fields in `part`: an expression, a record of targets, an aggregate. What is `undefined` has none. */
  add(part: unknown): this {
    const plain = typeof part === "object" && part !== null && "toJSON" in part && typeof part.toJSON === "function"
      ? part.toJSON()
      : part;
    if (Array.isArray(plain)) this.#addList(plain);
    else if (typeof plain === "object" && plain !== null) Object.values(plain).forEach((each) => this.add(each));
    return this;
  }

  #addList(list: readonly unknown[]): void {
    const [name, to] = list;
    if (name === "literal" || this.#skips(name)) return;
    if (name !== "field") return list.forEach((each) => void this.add(each));
    const keys = typeof to === "string" ? to.split(".") : Array.isArray(to) ? to.map(String) : [];
    if (keys.length === 0) this.#isWhole = true;
    else this.#paths.set(JSON.stringify(keys), keys);
  }

  /** The fields, each at its own path in a row; `undefined` when one of them is the event, or holds another. */
  reads(): readonly KernelRead[] | undefined {
    const paths = [...this.#paths.values()];
    const holds = (outer: readonly string[], inner: readonly string[]) =>
      outer !== inner && outer.length < inner.length && outer.every((key, index) => key === inner[index]);
    if (this.#isWhole || paths.some((outer) => paths.some((inner) => holds(outer, inner)))) return undefined;
    return paths.map((path) => ({ path, expression: ["field", path] }));
  }
}
