/** The host's end of a plugin process. @module */
import { CaissonError, messageOf } from "../errors/caisson_error.ts";
import { LineWaker } from "./line_waker.ts";
import { PluginLink, type PluginLinkOptions, type SlotWork } from "./plugin_link.ts";
import { LINE_MAX, LineReader, type ProcessOpenMessage } from "./process_protocol.ts";
import { StderrLog } from "./stderr_log.ts";
import { Watchdog } from "./watchdog.ts";
import type { HostMessage } from "./worker_protocol.ts";

/** How long a process that said `closed` may take to end, milliseconds. */
const EXIT_MS = 500;
/** How long the last words of a process that ended are waited for, milliseconds. */
const LAST_WORDS_MS = 200;
/** Bytes a process may send over its control channel in one second, doorbells included. */
const BYTES_A_SECOND = 8 << 20;

/** How a plugin process is started. */
export interface ProcessCommand {
  /** Program. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Its whole environment. @default {nothing} */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory. @default {the host's} */
  readonly cwd?: string;
}

/** What {@linkcode ProcessLink} needs. */
export interface ProcessLinkOptions extends PluginLinkOptions {
  /** What to start. */
  readonly process: ProcessCommand;
  /** How long it may give no sign of life, milliseconds; then it is killed. */
  readonly slotMs: number;
  /** How long one batch may take while it answers, milliseconds; then it is killed. @default {slotMs} */
  readonly batchMs?: number | undefined;
  /** Physical memory it may hold, bytes; then it is killed. */
  readonly memoryBytes: number;
  /** Physical memory a process holds, where the system tells. */
  readonly residentBytes: (pid: number) => number | undefined;
  /** Told once, when its memory only grows. */
  readonly onLeak?: ((found: string) => void) | undefined;
}

/** A process under control: it answers in time, or it is killed and the instance has failed. */
export class ProcessLink extends PluginLink {
  readonly waker: LineWaker;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: StderrLog;
  readonly #heard: Promise<unknown>;
  readonly #watchdog: Watchdog;
  readonly #encoder = new TextEncoder();
  #bellAsked = false;
  #bellSent = false;
  #closed = false;

  /**
   * Starts the process; no plugin code runs before `open` is sent.
   *
   * @throws {CaissonError} `CAISSON_HOST_PERMISSION` when it may not be started, `CAISSON_PLUGIN_CRASHED` when it cannot
   */
  constructor(options: ProcessLinkOptions) {
    super(options);
    const { process, slotMs, batchMs = slotMs, memoryBytes, residentBytes } = options;
    this.waker = new LineWaker(() => this.#ring());
    this.#child = spawn(this.subject, process);
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.getReader();
    this.#stderr = new StderrLog(this.#child.stderr, {
      line: (line) => this.log("warning", line),
      refused: (call) =>
        this.denied(
          new CaissonError("CAISSON_PERMISSION_DENIED", {
            subject: this.subject,
            found: `the system call ${call}`,
            allowed: "what a plugin in the sandbox needs",
            action: "Ask the plugin's author what it is for; no grant allows it.",
          }),
        ),
    });
    this.#heard = Promise.all([this.#listen(), this.#stderr.done]);
    this.#watchdog = new Watchdog({
      slotMs,
      batchMs,
      memoryBytes,
      resident: () => residentBytes(this.#child.pid),
      busy: () => this.asked !== undefined,
      ping: (heard) => {
        this.onMetrics(heard);
        this.send({ type: "metrics" });
      },
      onLate: (found) =>
        this.fail(new CaissonError("CAISSON_PLUGIN_TIMEOUT", { subject: this.subject, found: `killed: ${found}` })),
      onMemory: (found) => this.fail(this.#crash(`killed: ${found}`)),
      onLeak: (found) => {
        this.log("warning", found);
        options.onLeak?.(found);
      },
      onBroken: (thrown) => void this.broken(thrown),
    });
    void this.#child.status.then((status) => this.#exited(status));
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a control message. */
  send(message: HostMessage | ProcessOpenMessage): void {
    const line = this.#encoder.encode(`${JSON.stringify(message)}\n`);
    if (line.length > LINE_MAX) {
      throw new CaissonError("CAISSON_CONFIG_INVALID", {
        subject: this.subject,
        found: `a configuration of ${line.length} bytes`,
        allowed: `about ${LINE_MAX} bytes for a plugin in a process of its own`,
        action: "Make the configuration shorter.",
      });
    }
    void this.#write(line);
  }

  /** Lets the watchdog see how work proceeds. */
  watch(work: () => SlotWork): void {
    this.#watchdog.watch(work);
  }

  /** Kills a process that does not answer. */
  protected late(asked: string, error: CaissonError): void {
    // Whoever closes stops the process in any case.
    if (asked !== "close") this.fail(error);
  }

  /** At most one doorbell is on its way at a time; who rings meanwhile gets another one after it. */
  #ring(): void {
    this.#bellAsked = true;
    if (!this.#bellSent) void this.#sendBells();
  }

  async #sendBells(): Promise<void> {
    this.#bellSent = true;
    while (this.#bellAsked && !this.ended) {
      this.#bellAsked = false;
      await this.#write(BELL);
    }
    this.#bellSent = false;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      if (!this.ended) await this.#input.write(bytes);
    } catch {
      // The process has ended; its status says how.
    }
  }

  async #listen(): Promise<void> {
    const lines = new LineReader((line) => this.#takeLine(line));
    let second = 0;
    let bytes = 0;
    try {
      for (;;) {
        const { done, value } = await this.#output.read();
        if (done) return;
        if (this.ended && !this.#closed) continue;
        const now = Math.floor(performance.now() / 1000);
        bytes = now === second ? bytes + value.length : value.length;
        second = now;
        if (bytes > BYTES_A_SECOND) {
          this.breach(`more than ${BYTES_A_SECOND} bytes of control messages in a second`);
          continue;
        }
        const bells = lines.push(value);
        if (bells < 0) this.breach(`a line longer than ${LINE_MAX} bytes on stdout`);
        else if (bells > 0) this.waker.wakeHere();
      }
    } catch {
      // Cancelled: the process has been stopped.
    }
  }

  #takeLine(line: string): void {
    if (this.ended) return;
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.breach("wrote something to stdout that is not part of the protocol");
    }
    this.#closed ||= (message as { type?: unknown } | null)?.type === "closed";
    this.hear(message);
  }

  async #exited({ code, signal }: Deno.CommandStatus): Promise<void> {
    // What it said before it ended says more than how it ended.
    await within(LAST_WORDS_MS, this.#heard);
    if (this.ended) return;
    const doing = this.asked === undefined ? this.#watchdog.doing : `during ${this.asked}`;
    const said = this.#stderr.lastWords;
    const how = signal === null ? `ended with exit code ${code}` : `ended by ${signal}`;
    const call = this.#stderr.firstRefused;
    const refused = call === undefined ? "" : `; the sandbox had refused it ${call}`;
    this.fail(this.#crash(`${how}, ${doing}${said === undefined ? "" : `; it wrote: ${said}`}${refused}`));
  }

  #crash(found: string): CaissonError {
    return new CaissonError("CAISSON_PLUGIN_CRASHED", { subject: this.subject, found });
  }

  /** Ends the process; resolves when it has ended and everything it held here is closed. */
  protected async stop(): Promise<void> {
    this.#watchdog.stop();
    this.waker.wakeHere();
    const { status } = this.#child;
    void this.#input.close().catch(() => {});
    if (this.#closed) await within(EXIT_MS, status);
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await status;
    await within(LAST_WORDS_MS, this.#heard);
    // A child of the child may hold its pipes open.
    await Promise.all([this.#output.cancel().catch(() => {}), this.#stderr.cancel()]);
    await this.#input.abort().catch(() => {});
  }
}

const BELL = new TextEncoder().encode("\n");

function spawn(subject: string, process: ProcessCommand): Deno.ChildProcess {
  const { command, args, env = {}, cwd } = process;
  try {
    return new Deno.Command(command, {
      args: [...args],
      env,
      clearEnv: true,
      ...(cwd === undefined ? {} : { cwd }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new CaissonError("CAISSON_HOST_PERMISSION", {
        subject,
        found: cause.message,
        allowed: `--allow-run=${command}`,
        action: `Start the host with --allow-run=${command}.`,
        cause,
      });
    }
    throw new CaissonError("CAISSON_PLUGIN_CRASHED", {
      subject,
      found: `${command} cannot be started: ${messageOf(cause)}`,
      cause,
    });
  }
}

/** Waits for something that never rejects, but not for ever. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([work, new Promise((resolve) => timer = setTimeout(resolve, milliseconds))]);
  clearTimeout(timer);
}
