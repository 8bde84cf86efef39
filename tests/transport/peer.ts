/** Programs that are not ours, at the other end of a connection. @module */

const packages: Readonly<Record<string, string>> = {
  nc: "netcat-openbsd",
  socat: "socat",
  curl: "curl",
  openssl: "openssl",
  "python3-websockets": "python3-websockets",
};

/** Python with the `websockets` of the distribution, which another Python in front of it on the path may not have. */
export const python: string =
  ["python3", "/usr/bin/python3"].find((program) => runs(program, "-c", "import websockets")) ??
    "python3";

function installed(program: string): boolean {
  return program === "python3-websockets"
    ? runs(python, "-c", "import websockets")
    : runs("sh", "-c", `command -v ${program}`);
}

function runs(program: string, ...args: readonly string[]): boolean {
  try {
    const { success } = new Deno.Command(program, {
      args: [...args],
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success;
  } catch {
    return false;
  }
}

const missing = Object.keys(packages).filter((program) => !installed(program));

/** A test that needs these programs. On CI a missing one is a failure, elsewhere the test is left out with a word on why. */
export function peerTest(programs: readonly string[], name: string, fn: () => Promise<void>): void {
  const absent = programs.filter((program) => missing.includes(program));
  const ignore = absent.length > 0 && !Deno.env.get("CI");
  const hint = ignore ? ` (left out: install ${absent.map((program) => packages[program]).join(", ")})` : "";
  Deno.test({ name: `${name}${hint}`, ignore, fn });
}

/** A program at the other end. */
export class Peer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  #stdinOpen = true;

  /** Starts it, without a shell. */
  constructor(program: string, ...args: readonly string[]) {
    this.#child = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped", stderr: "null" })
      .spawn();
    this.#reader = this.#child.stdout.getReader();
    this.#writer = this.#child.stdin.getWriter();
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Writes to its standard input. */
  async send(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** Ends its standard input. */
  async endInput(): Promise<void> {
    if (!this.#stdinOpen) return;
    this.#stdinOpen = false;
    await this.#writer.close();
  }

  /** Reads its output until `done` says it is enough, or it ends; all that came so far. */
  async until(done: (text: string) => boolean): Promise<string> {
    while (!done(this.#text)) {
      const { done: over, value } = await this.#reader.read();
      if (over) break;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    return this.#text;
  }

  /** Reads to the end of its output. */
  async output(): Promise<string> {
    return await this.until(() => false);
  }

  /** Ends it without a word. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#reader.cancel();
    if (this.#stdinOpen) await this.#writer.abort().catch(() => {});
    await this.#child.status;
  }
}

/** A port nobody listens on at this moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits for a condition, generously; throws with `what` when it never comes. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const until = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > until) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A certificate for localhost and 127.0.0.1, signed by itself, in a folder. */
export async function makeCertificate(folder: string): Promise<{ readonly cert: string; readonly key: string }> {
  const cert = `${folder}/cert.pem`;
  const key = `${folder}/key.pem`;
  const { success, stderr } = await new Deno.Command("openssl", {
    // deno-fmt-ignore
    args: ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", cert],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return { cert, key };
}
