/** What attackers aim at: files, servers and processes that notice when they are hit. @module */
import { createSocket, type Socket } from "node:dgram";
import { join } from "@std/path";
import type { Evidence, Target } from "./attack.ts";

/** Name of the variable that only the host may know. */
export const VARIABLE = "CAISSON_REDTEAM_SECRET";

/** The ground one attack is run on. Dispose of it to close the servers and remove the files. */
export class Ground implements AsyncDisposable {
  /** Text of the file and of the host's variable. */
  readonly secret: string = `caught-${crypto.randomUUID()}`;
  readonly #root: string;
  readonly #listeners: Deno.Listener[] = [];
  readonly #open: Deno.Conn[] = [];
  #datagrams: Socket | undefined;
  #victim: Deno.ChildProcess | undefined;
  #victimEnded = false;
  #heard = 0;
  #target: Target | undefined;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Starts servers and victim, and writes the secret. */
  static async prepare(): Promise<Ground> {
    const ground = new Ground(await Deno.realPath(await Deno.makeTempDir({ prefix: "redteam" })));
    await ground.#prepare();
    return ground;
  }

  async #prepare(): Promise<void> {
    const root = this.#root;
    const folder = join(root, "data");
    const secretFile = join(root, "data-secret.json");
    await Deno.mkdir(folder);
    await Deno.chmod(root, 0o755);
    await Deno.chmod(folder, 0o777);
    await Deno.writeTextFile(secretFile, JSON.stringify(this.secret));
    await Deno.symlink(secretFile, join(folder, "planted"));
    const tcp = this.#count(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    const port = (tcp.addr as Deno.NetAddr).port;
    const socketPath = join(root, "s");
    this.#count(Deno.listen({ transport: "unix", path: socketPath }) as unknown as Deno.Listener);
    await Deno.chmod(socketPath, 0o777);
    const redirecting = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#listeners.push(redirecting);
    this.#redirect(redirecting, port);
    // Deno's own datagrams are unstable.
    const datagrams = this.#datagrams = createSocket("udp4", () => this.#heard++);
    await new Promise<void>((resolve) => datagrams.bind(0, "127.0.0.1", resolve));
    const victim = this.#victim = new Deno.Command("sleep", { args: ["600"], stdin: "null" }).spawn();
    victim.status.then(() => this.#victimEnded = true);
    this.#target = {
      secretFile,
      drop: join(root, "dropped"),
      folder,
      port,
      allowedPort: (redirecting.addr as Deno.NetAddr).port,
      datagramPort: datagrams.address().port,
      socketPath,
      victim: victim.pid,
      variable: VARIABLE,
      unprotected: false,
    };
  }

  /** What the attacking plugin is told. */
  get target(): Target {
    return this.#target!;
  }

  #count(listener: Deno.Listener): Deno.Listener {
    this.#listeners.push(listener);
    (async () => {
      for await (const connection of listener) {
        this.#heard++;
        this.#open.push(connection);
        connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).catch(() => {});
      }
    })().catch(() => {});
    return listener;
  }

  #redirect(listener: Deno.Listener, port: number): void {
    const answer =
      `HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:${port}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
    (async () => {
      for await (const connection of listener) {
        this.#open.push(connection);
        connection.read(new Uint8Array(4096))
          .then(() => connection.write(new TextEncoder().encode(answer)))
          .then(() => connection.closeWrite())
          .catch(() => {});
      }
    })().catch(() => {});
  }

  /**
   * What an attack got, in words; `undefined` when it got nothing.
   *
   * @param told what it said itself, if it came to an end without an error
   */
  async taken(evidence: Evidence, told: string | undefined, hostAlive: boolean): Promise<string | undefined> {
    switch (evidence) {
      case "secret":
      case "environment":
        return told?.includes(this.secret) ? "the secret" : undefined;
      case "connection": {
        // What was sent is on its way through the loopback interface; a server is told in a turn of the event loop.
        for (let turn = 0; turn < 20 && this.#heard === 0; turn++) await new Promise((done) => setTimeout(done, 2));
        return this.#heard > 0 ? `${this.#heard} connections` : undefined;
      }
      case "drop": {
        const there = await Deno.lstat(this.target.drop).then(() => true, () => false);
        return there ? "a file" : undefined;
      }
      case "victim": {
        for (let turn = 0; turn < 20 && !this.#victimEnded; turn++) await new Promise((done) => setTimeout(done, 2));
        return this.#victimEnded ? "the process" : undefined;
      }
      case "host":
        return hostAlive ? undefined : "the host";
      case "told":
        return told;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
    this.#datagrams?.close();
    if (this.#victim !== undefined) {
      if (!this.#victimEnded) this.#victim.kill("SIGKILL");
      await this.#victim.status;
    }
    await Deno.remove(this.#root, { recursive: true });
  }
}
