/**
 * Finds regular expressions that take exponential time on a hostile text: a repetition of something that is nothing but
 * repetition, `(a+)+$` or `(\w+\s?)*$`. What it matches can be divided in very many ways, and all are tried before it fails.
 * Other slow patterns there are; those found here have a plain cure.
 * @module
 */

/** How an item of a pattern may be repeated. */
interface Item {
  /** It may match nothing. */
  readonly optional: boolean;
  /** It may be repeated without an end. */
  readonly endless: boolean;
}

// An escape, a class, or any other character; an astral one is two, which makes no difference here.
const atom = /\\(?:[pPu]\{[^}]*\}|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]|[^\\[]/sy;
const opening = /\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?/y;
const quantifier = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y;

class Patterns {
  readonly #text: string;
  #at = 0;
  found = false;

  constructor(text: string) {
    this.#text = text;
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const [taken] = token.exec(this.#text) ?? [];
    if (taken !== undefined) this.#at += taken.length;
    return taken;
  }

  /** Reads to the end of a group, or of the whole; says whether one of its alternatives is nothing but repetition. */
  alternatives(): boolean {
    let isRepetition = false;
    let items: Item[] = [];
    const close = (): void => {
      isRepetition ||= items.some(({ endless }) => endless) &&
        items.every(({ optional, endless }) => optional || endless);
      items = [];
    };
    while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
      if (this.#text[this.#at] === "|") {
        this.#at++;
        close();
      } else items.push(this.#item());
    }
    close();
    return isRepetition;
  }

  #item(): Item {
    const group = this.#text[this.#at] === "(" ? this.#take(opening) : undefined;
    let isRepetition = false;
    let isPlace = false;
    if (group === undefined) isPlace = ["^", "$", "\\b", "\\B"].includes(this.#take(atom) ?? "");
    else {
      isRepetition = this.alternatives();
      this.#at++;
      isPlace = /[=!]$/.test(group);
    }
    const times = this.#take(quantifier) ?? "";
    const endless = /^(?:[*+]|\{\d+,\})/.test(times);
    // Where nothing can fail behind it, the first way is the only one.
    if (endless && isRepetition && !isPlace && /^\)*[^)|]/.test(this.#text.slice(this.#at))) this.found = true;
    // A place, such as the end of a word, can be in one way only.
    return { optional: !isPlace && /^(?:[*?]|\{0,?)/.test(times), endless: endless && !isPlace };
  }
}

/** Whether a pattern, one that compiles, repeats nothing but repetition. */
export function repeatsRepetition(pattern: string): boolean {
  const patterns = new Patterns(pattern);
  patterns.alternatives();
  return patterns.found;
}
