/**
 * A host that is killed: numbers go through a buffered link into a file. Run with a folder and how many numbers there are.
 *
 * The source is what a careful client is: it goes on after the last number it was told had arrived.
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Runtime } from "../../mod.ts";
import type { PollResult, SourcePart } from "../../runtime/connector/contract.ts";
import type { Batch } from "../../runtime/data/batch.ts";

const [folder, total] = [Deno.args[0]!, Number(Deno.args[1])];
/** What arrives twice after a kill is mostly the batch at hand. */
const BATCH = 4;

class Client implements SourcePart {
  readonly produces = "events";
  readonly codec = "json";
  readonly #database = new DatabaseSync(`${folder}/client.db`);
  readonly #encoder = new TextEncoder();
  readonly #settled = new Set<number>();
  readonly #note: StatementSync;
  #acked: number;
  #next: number;
  #noting = false;

  constructor() {
    this.#database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
    );
    this.#acked = (this.#database.prepare("SELECT n FROM position").get()?.["n"] as number | undefined) ?? 0;
    this.#next = this.#acked;
    this.#note = this.#database.prepare("INSERT OR REPLACE INTO position VALUES (1, ?)");
  }

  poll(batch: Batch): PollResult {
    for (let index = 0; index < BATCH && this.#next < total; index++) {
      batch.appendBytes(this.#encoder.encode(`{"n":${this.#next}}`), 1);
      batch.setSequence(index, this.#next++);
    }
    return { state: this.#next === total ? "ended" : "filled" };
  }

  settle(batch: Batch, failures: ReadonlyMap<number, unknown>): void {
    if (failures.size > 0) throw new Error("the buffer refused an event");
    for (let index = 0; index < batch.count; index++) this.#settled.add(batch.sequence(index));
    while (this.#settled.delete(this.#acked)) this.#acked++;
    // Once for all batches of one commit of the buffer: until it is noted, what is stored would be sent again.
    if (this.#noting) return;
    this.#noting = true;
    queueMicrotask(() => {
      this.#noting = false;
      this.#note.run(this.#acked);
    });
  }

  close(): void {
    this.#database.close();
  }
}

await using runtime = new Runtime({
  onError: (error) => {
    Deno.stderr.writeSync(new TextEncoder().encode(error.message));
    Deno.exit(3);
  },
});
runtime.provide({ type: "client", kind: "source", create: () => new Client() });
const flow = await runtime.deploy({
  name: "durable",
  connectors: {
    client: { type: "client" },
    lines: {
      type: "file",
      config: { path: `${folder}/lines.txt`, mode: "append" },
      codec: "json",
      postprocessors: ["separate"],
    },
  },
  links: [{ from: "client", to: "lines", buffer: { path: `${folder}/link.db`, sync: "normal", inFlight: 1 } }],
});
await flow.done;
if (flow.report().errors["CAISSON_BUFFER_DAMAGED"] !== undefined) Deno.exit(4);
