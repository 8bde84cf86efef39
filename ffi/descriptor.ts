/** Reads a plugin's descriptor out of its bytes. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import {
  ABI_MAJOR,
  CODEC,
  DESCRIPTOR_LAYOUT,
  ENDIAN,
  INTERFACE_LAYOUT,
  LAYOUT_LAYOUT,
  MAGIC,
  MAX_INTERFACES,
  MAX_LAYOUT,
  POSTPROCESSOR,
  PREPROCESSOR,
  PROCESSOR,
  SINK,
  SOURCE,
} from "../runtime/data/layout.ts";

/** Kind of component a native plugin can provide. */
export type NativeKind = "source" | "sink" | "codec" | "processor" | "preprocessor" | "postprocessor";

/** One component of a library. */
export interface DescriptorInterface {
  /** Kind of component. */
  readonly kind: NativeKind;
  /** Major version of the interface. */
  readonly major: number;
  /** Minor version of the interface. */
  readonly minor: number;
  /** `CAISSON_INTERFACE_*` flags. */
  readonly flags: number;
  /** Name, as in the manifest. */
  readonly name: string;
}

/** How the plugin was compiled to see one field. */
export interface DescriptorField {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** What a library says about itself. */
export interface Descriptor {
  /** Major version of the C ABI it was built for. */
  readonly abiMajor: number;
  /** Minor version of the C ABI it was built for. */
  readonly abiMinor: number;
  /** `CAISSON_UNLOADABLE` and its like. */
  readonly flags: number;
  /** ELF `e_machine` number. */
  readonly machine: number;
  /** Most events it takes in one batch. */
  readonly maxEvents: number;
  /** Largest event it takes, bytes. */
  readonly maxEventBytes: number;
  /** Name of the plugin, as in the manifest. */
  readonly plugin: string;
  /** Version of the plugin, as in the manifest. */
  readonly version: string;
  /** What it was built with. */
  readonly sdk: string;
  /** Its components; the index is what `caisson_open_1` takes. */
  readonly interfaces: readonly DescriptorInterface[];
  /** Field table, by key. */
  readonly layout: ReadonlyMap<number, DescriptorField>;
}

const KINDS: ReadonlyMap<number, NativeKind> = new Map([
  [SOURCE, "source"],
  [SINK, "sink"],
  [CODEC, "codec"],
  [PROCESSOR, "processor"],
  [PREPROCESSOR, "preprocessor"],
  [POSTPROCESSOR, "postprocessor"],
]);
/** Where a descriptor of any version says which version it is of. */
const FIXED_BYTES = DESCRIPTOR_LAYOUT.flags + 4;

function invalid(
  subject: string,
  found: string,
  allowed: string,
): CaissonError {
  return new CaissonError("CAISSON_DESCRIPTOR_INVALID", {
    subject,
    found,
    allowed,
  });
}

class DescriptorReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #subject: string;

  constructor(bytes: Uint8Array, subject: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#subject = subject;
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }
  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }
  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  text(field: string, at: number, length: number): string {
    const raw = this.#bytes.subarray(at, at + length);
    const nul = raw.indexOf(0);
    const used = nul < 0 ? raw : raw.subarray(0, nul);
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(used.slice());
    } catch (cause) {
      throw new CaissonError("CAISSON_DESCRIPTOR_INVALID", {
        subject: `${this.#subject} ${field}`,
        found: "bytes that are no UTF-8",
        cause,
      });
    }
    // Control characters would let a plugin write over the lines of whoever prints its name.
    // deno-lint-ignore no-control-regex
    if (text === "" || /[\u0000-\u001f\u007f-\u009f]/.test(text)) {
      throw invalid(
        `${this.#subject} ${field}`,
        JSON.stringify(text),
        "printable text",
      );
    }
    return text;
  }

  /** Start of a table, checked to lie inside the descriptor. */
  table(
    field: "interface" | "layout",
    stride: number,
    most: number,
    end: number,
  ): { start: number; count: number } {
    const start = this.u16(DESCRIPTOR_LAYOUT[`${field}Offset`]);
    const count = this.u16(DESCRIPTOR_LAYOUT[`${field}Count`]);
    if (
      count < 1 || count > most || start < DESCRIPTOR_LAYOUT.interfaces ||
      start + count * stride > end
    ) {
      throw invalid(
        `${this.#subject} ${field} table`,
        `${count} rows at ${start}`,
        `1 to ${most} rows inside ${end} bytes`,
      );
    }
    return { start, count };
  }
}

function readInterfaces(
  reader: DescriptorReader,
  size: number,
  subject: string,
): DescriptorInterface[] {
  const stride = INTERFACE_LAYOUT.bytes;
  const { start, count } = reader.table(
    "interface",
    stride,
    MAX_INTERFACES,
    size,
  );
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * stride;
    const number = reader.u16(at + INTERFACE_LAYOUT.kind);
    const kind = KINDS.get(number);
    if (kind === undefined) {
      throw invalid(
        `${subject} interfaces[${index}].kind`,
        String(number),
        "1 source, 2 sink, 3 codec, 4 processor, 5 preprocessor, 6 postprocessor",
      );
    }
    return {
      kind,
      major: reader.u16(at + INTERFACE_LAYOUT.major),
      minor: reader.u16(at + INTERFACE_LAYOUT.minor),
      flags: reader.u32(at + INTERFACE_LAYOUT.flags),
      name: reader.text(
        `interfaces[${index}].name`,
        at + INTERFACE_LAYOUT.name,
        INTERFACE_LAYOUT.bytes - INTERFACE_LAYOUT.name,
      ),
    };
  });
}

function readLayout(
  reader: DescriptorReader,
  size: number,
  subject: string,
): Map<number, DescriptorField> {
  const stride = LAYOUT_LAYOUT.bytes;
  const { start, count } = reader.table("layout", stride, MAX_LAYOUT, size);
  const layout = new Map<number, DescriptorField>();
  for (let index = 0; index < count; index++) {
    const at = start + index * stride;
    layout.set(reader.u32(at + LAYOUT_LAYOUT.key), {
      offset: reader.u16(at + LAYOUT_LAYOUT.offset),
      size: reader.u16(at + LAYOUT_LAYOUT.size),
    });
  }
  if (layout.size !== count) {
    throw invalid(`${subject} layout table`, "the same field twice", "once");
  }
  return layout;
}

/**
 * Reads a descriptor. Bytes after it are padding and ignored.
 *
 * @param subject names the library in errors
 * @throws {CaissonError} `CAISSON_DESCRIPTOR_INVALID`; `CAISSON_ABI_MISMATCH` for another major version, whose
 * descriptor nobody here can read further
 */
export function parseDescriptor(
  bytes: Uint8Array,
  subject: string,
): Descriptor {
  const reader = new DescriptorReader(bytes, subject);
  if (bytes.byteLength < FIXED_BYTES) {
    throw invalid(
      subject,
      `a descriptor of ${bytes.byteLength} bytes`,
      `at least ${FIXED_BYTES}`,
    );
  }
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC || bytes[MAGIC.length] !== 0) {
    throw invalid(`${subject} magic`, JSON.stringify(magic), MAGIC);
  }
  const endian = reader.u32(DESCRIPTOR_LAYOUT.endian);
  if (endian !== ENDIAN) {
    throw invalid(
      `${subject} endian`,
      `0x${endian.toString(16)}`,
      `0x0${ENDIAN.toString(16)}, little-endian`,
    );
  }
  const abiMajor = reader.u16(DESCRIPTOR_LAYOUT.abiMajor);
  const abiMinor = reader.u16(DESCRIPTOR_LAYOUT.abiMinor);
  if (abiMajor !== ABI_MAJOR) {
    throw new CaissonError("CAISSON_ABI_MISMATCH", {
      subject,
      found: `built for ABI ${abiMajor}.${abiMinor}`,
      allowed: `major version ${ABI_MAJOR}`,
    });
  }
  const size = reader.u32(DESCRIPTOR_LAYOUT.size);
  if (size > bytes.byteLength || size < DESCRIPTOR_LAYOUT.interfaces) {
    throw invalid(
      `${subject} size`,
      `${size} bytes`,
      `${DESCRIPTOR_LAYOUT.interfaces} to ${bytes.byteLength}`,
    );
  }
  const pointerSize = reader.u8(DESCRIPTOR_LAYOUT.pointerSize);
  if (pointerSize !== 8) {
    throw invalid(`${subject} pointer_size`, String(pointerSize), "8");
  }
  const { plugin, version, sdk, interfaces } = DESCRIPTOR_LAYOUT;
  return {
    abiMajor,
    abiMinor,
    flags: reader.u32(DESCRIPTOR_LAYOUT.flags),
    machine: reader.u16(DESCRIPTOR_LAYOUT.machine),
    maxEvents: reader.u32(DESCRIPTOR_LAYOUT.maxEvents),
    maxEventBytes: reader.u32(DESCRIPTOR_LAYOUT.maxEventBytes),
    plugin: reader.text("plugin", plugin, version - plugin),
    version: reader.text("version", version, sdk - version),
    sdk: reader.text("sdk", sdk, interfaces - sdk),
    interfaces: readInterfaces(reader, size, subject),
    layout: readLayout(reader, size, subject),
  };
}
