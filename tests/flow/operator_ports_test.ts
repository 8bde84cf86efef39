/** Ports of operators that a program wrote itself, linked in a flow. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  CaissonError,
  type Emit,
  fromAsyncIterable,
  type Operator,
  pipeline,
  ports,
  Runtime,
  shape,
  toAsyncIterable,
} from "../../mod.ts";

/** Odd numbers leave by a port of their own. */
function oddOut(): Operator {
  let odd: Emit;
  return {
    name: "odd out",
    ports: ["odd"],
    bind: (port) => {
      odd = port("odd");
    },
    step: (event, emit) => (event.value as number) % 2 === 1 ? odd(event) : emit(event),
  };
}

async function collected(sink: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of sink) values.push(value);
  return values;
}

const numbers = pipeline("main", { in: shape<number>() }).operator<number>(oddOut);
const forms = {
  "a list": numbers.build(),
  "a graph": ports({ out: numbers, odd: numbers.port("odd") }),
};

for (const [form, main] of Object.entries(forms)) {
  Deno.test(`a port of an operator of one's own is linked like any other, in ${form}; another one is refused`, async () => {
    await using runtime = new Runtime();
    const even = toAsyncIterable();
    const odd = toAsyncIterable();
    runtime.provide({
      type: "numbers",
      kind: "source",
      create: () =>
        fromAsyncIterable((async function* () {
          for (let n = 1; n <= 5; n++) yield n;
        })()),
    });
    runtime.provide({ type: "even", kind: "sink", create: () => even.sink });
    runtime.provide({ type: "odd", kind: "sink", create: () => odd.sink });
    const flow = (port: string) => ({
      name: "sorted",
      connectors: { in: { type: "numbers" }, even: { type: "even" }, odd: { type: "odd" } },
      pipelines: { main },
      links: [{ from: "in", to: "main" }, { from: "main", to: "even" }, { from: `main/${port}`, to: "odd" }],
    });
    const error = await assertRejects(() => runtime.deploy(flow("uneven")), CaissonError);
    assertEquals([error.code, error.message.includes("odd")], ["CAISSON_FLOW_LINK", true], error.message);
    const running = await runtime.deploy(flow("odd"));
    assertEquals(await Promise.all([collected(even), collected(odd)]), [[2, 4], [1, 3, 5]]);
    await running.done;
  });
}
