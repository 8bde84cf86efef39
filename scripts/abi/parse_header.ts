/**
 * Reads `caisson.h`: a line of C it does not know is an error, so nothing in the header is ever silently left out.
 * @module
 */
import type {
  FunctionTag,
  Header,
  HeaderConstant,
  HeaderField,
  HeaderFunction,
  HeaderParameter,
  HeaderStruct,
} from "./header.ts";

const SCALARS: ReadonlyMap<string, number> = new Map([
  ["uint8_t", 1],
  ["uint16_t", 2],
  ["uint32_t", 4],
  ["int32_t", 4],
  ["uint64_t", 8],
  ["int64_t", 8],
]);
const PARAMETER_TYPES = new Set([
  "uint32_t",
  "int32_t",
  "uint8_t *",
  "const uint8_t *",
  "caisson_instance *",
]);
/** Macros that are no numbers of the ABI. */
const PLUMBING = new Set(["H", "STATIC_ASSERT", "EXPORT", "SECTION"]);
const PREPROCESSOR = /^\s*#\s*(if|ifdef|ifndef|elif|else|endif|include|pragma)\b/;
const DEFINE = /^#define CAISSON_(\w+)(\([^)]*\))?\s*(.*)$/;
const FIELD = /^\s+(\w+) (\w+)(?:\[(\w+)\])?;(?:\s*\/\* (?:(?!\*\/).)*\*\/)?\s*$/;
const FUNCTION = /^CAISSON_EXPORT (.+?)(caisson_\w+_\d+)\((.*)\);$/;
const SIZE_ASSERT = /^CAISSON_STATIC_ASSERT\(sizeof\(caisson_(\w+)\) == (\d+),/;
const OFFSET_ASSERT = /^CAISSON_STATIC_ASSERT\(offsetof\(caisson_(\w+), (\w+)\) == (\d+),/;

/** The header says something this reader does not know, or contradicts itself. */
export class HeaderError extends Error {
  override name = "HeaderError";
  /** Names the line, counted from 1. */
  constructor(line: number, message: string) {
    super(`caisson.h:${line}: ${message}`);
  }
}

function commentOf(line: string): string {
  return /\/\* (.*?) ?\*\/\s*$/.exec(line)?.[1] ?? "";
}

function constantValue(
  text: string,
  line: number,
): Pick<HeaderConstant, "text" | "value"> {
  const string = /^"([^"\\]*)"$/.exec(text);
  if (string !== null) return { text, value: string[1]! };
  if (text === "UINT64_MAX") return { text, value: 0xffff_ffff_ffff_ffffn };
  const number = /^\(?(-?(?:0x[0-9a-fA-F]+|\d+))u?\)?$/.exec(text)?.[1];
  if (number === undefined) {
    throw new HeaderError(
      line,
      `cannot read the value ${text}; write an integer, a string or UINT64_MAX`,
    );
  }
  return { text: number, value: Number(number) };
}

function parameter(text: string, line: number): HeaderParameter {
  const match = /^(.*?[ *])(\w+)$/.exec(text.trim());
  const type = match?.[1]?.trim();
  if (
    match === null || type === undefined ||
    !(PARAMETER_TYPES.has(type) || /^(const )?caisson_\w+ \*$/.test(type))
  ) {
    throw new HeaderError(line, `cannot read the parameter "${text.trim()}"`);
  }
  return { text: text.trim(), type, name: match[2]! };
}

function functionOf(
  match: RegExpExecArray,
  comment: string,
  line: number,
): HeaderFunction {
  const tag = /^\[(any|fast|blocking|data)\] (Optional\. )?(.+)$/.exec(comment);
  if (tag === null) {
    throw new HeaderError(
      line,
      `${match[2]} needs a comment above it that begins with [any], [fast], [blocking] or [data]`,
    );
  }
  const list = match[3] === "void" ? [] : match[3]!.split(",");
  return {
    name: match[2]!,
    result: match[1]!.trim(),
    parameters: list.map((text) => parameter(text, line)),
    tag: tag[1] as FunctionTag,
    optional: tag[2] !== undefined,
    comment: tag[3]!,
  };
}

/** Reads the fields of one struct and computes the layout natural alignment gives it. */
class StructReader {
  readonly #name: string;
  readonly #sizes: ReadonlyMap<string, { size: number; alignment: number }>;
  readonly #counts: ReadonlyMap<string, number>;
  readonly #fields: HeaderField[] = [];
  #end = 0;
  /** The largest alignment of a field so far. */
  alignment = 1;

  constructor(
    name: string,
    sizes: ReadonlyMap<string, { size: number; alignment: number }>,
    counts: ReadonlyMap<string, number>,
  ) {
    this.#name = name;
    this.#sizes = sizes;
    this.#counts = counts;
  }

  add(text: string, line: number): void {
    const match = FIELD.exec(text);
    if (match === null) {
      throw new HeaderError(
        line,
        `cannot read this field of caisson_${this.#name}: ${text.trim()}`,
      );
    }
    const [, type, name, elements] = match;
    const known = this.#sizes.get(type!);
    if (known === undefined) {
      throw new HeaderError(
        line,
        `${type} may not be shared; use a fixed-width integer or a struct above`,
      );
    }
    const count = elements === undefined ? 1 : this.#counts.get(elements) ?? Number(elements);
    if (!Number.isInteger(count) || count < 1) {
      throw new HeaderError(line, `unknown array length ${elements}`);
    }
    if (this.#end % known.alignment !== 0) {
      throw new HeaderError(
        line,
        `caisson_${this.#name}.${name} would need padding at ${this.#end}; add a reserved field`,
      );
    }
    const comment = commentOf(text);
    this.#fields.push({
      name: name!,
      type: type!,
      elements,
      offset: this.#end,
      size: known.size * count,
      comment,
      minor: Number(/Since 1\.(\d+)/.exec(comment)?.[1] ?? 0),
    });
    this.#end += known.size * count;
    this.alignment = Math.max(this.alignment, known.alignment);
  }

  end(line: number): HeaderStruct {
    if (this.#end % this.alignment !== 0) {
      throw new HeaderError(
        line,
        `caisson_${this.#name} would end in padding; add a reserved field`,
      );
    }
    return { name: this.#name, fields: this.#fields, size: this.#end };
  }
}

/**
 * Reads the header.
 *
 * @throws {HeaderError} for a line that is not understood, a struct with padding, or an assert that does not hold
 */
export function parseHeader(text: string): Header {
  const constants: HeaderConstant[] = [];
  const structs: HeaderStruct[] = [];
  const functions: HeaderFunction[] = [];
  const sizes = new Map(
    [...SCALARS].map(([type, size]) => [type, {
      size,
      alignment: size,
    }]),
  );
  const counts = new Map<string, number>();
  const lines = text.split("\n");
  let section = 0;
  let comment = "";
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const number = index + 1;
    if (line.startsWith("/*")) {
      const block = [line];
      while (!block.at(-1)!.includes("*/")) {
        const next = lines[++index];
        if (next === undefined) {
          throw new HeaderError(number, "comment without end");
        }
        block.push(next);
      }
      comment = block.join(" ").replace(/^\/\*\s*|\s*\*\/\s*$/g, "");
      continue;
    }
    const start = /^typedef struct caisson_(\w+) \{/.exec(line);
    if (start !== null) {
      const reader = new StructReader(start[1]!, sizes, counts);
      const end = `} caisson_${start[1]};`;
      while (lines[++index] !== end) {
        if (lines[index] === undefined) {
          throw new HeaderError(
            number,
            `caisson_${start[1]} does not end with "${end}"`,
          );
        }
        reader.add(lines[index]!, index + 1);
      }
      const struct = reader.end(index + 1);
      structs.push(struct);
      sizes.set(`caisson_${struct.name}`, {
        size: struct.size,
        alignment: reader.alignment,
      });
    } else if (line.startsWith("#define")) {
      const match = DEFINE.exec(line);
      if (match === null) {
        throw new HeaderError(number, `not a CAISSON_ macro: ${line}`);
      }
      if (PLUMBING.has(match[1]!)) continue;
      const value = match[3]!.replace(/\s*\/\*.*\*\/\s*$/, "");
      const constant = {
        name: match[1]!,
        ...constantValue(value, number),
        comment: commentOf(line),
        section,
      };
      constants.push(constant);
      if (typeof constant.value === "number") {
        counts.set(`CAISSON_${constant.name}`, constant.value);
      }
    } else if (line.startsWith("CAISSON_EXPORT ")) {
      const match = FUNCTION.exec(line);
      if (match === null) {
        throw new HeaderError(number, `cannot read this function: ${line}`);
      }
      functions.push(functionOf(match, comment, number));
    } else if (line.startsWith("CAISSON_STATIC_ASSERT(")) {
      checkAssert(line, number, structs);
    } else if (line.trim() === "") section++;
    else if (
      !PREPROCESSOR.test(line) && line !== 'extern "C" {' && line !== "}" &&
      line !== "typedef struct caisson_instance caisson_instance;"
    ) throw new HeaderError(number, `cannot read: ${line}`);
    comment = "";
  }
  return { constants, structs, functions };
}

function checkAssert(
  line: string,
  number: number,
  structs: readonly HeaderStruct[],
): void {
  if (line.includes("sizeof(void *)")) return;
  const size = SIZE_ASSERT.exec(line);
  const offset = OFFSET_ASSERT.exec(line);
  const struct = structs.find(({ name }) => name === (size?.[1] ?? offset?.[1]));
  const computed = size !== null ? struct?.size : struct?.fields.find(({ name }) => name === offset?.[2])?.offset;
  const claimed = Number(size?.[2] ?? offset?.[3]);
  if (computed !== claimed) {
    throw new HeaderError(
      number,
      `claims ${claimed}, the fields above make ${computed}`,
    );
  }
}
