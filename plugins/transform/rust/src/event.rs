//! The Event of this plugin, read from JSON.
//!
//! An event's payload is a JSON object (RFC 8259, at most 64 levels deep) with a member "count", an integer that fits 32
//! bits, written without fraction or exponent, and maybe a member "name", a string. Other members are checked and skipped.
//! Names of members are compared byte by byte, so one written with escapes is another member; the last of equal names
//! counts. ../../event.c reads the same language.

const DEEPEST: u32 = 64;

/// One event; its name borrows from the payload, escapes as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    pub count: i32,
    pub name: &'a [u8],
}

impl<'a> Event<'a> {
    /// Reads an event; `None` when the text is no such object.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let mut scanner = Scanner { text, at: 0, depth: 1 };
        let mut count = None;
        let mut name = Some(&b""[..]);
        scanner.skip_space();
        scanner.take(b'{')?;
        loop {
            scanner.skip_space();
            let key = scanner.take_string()?;
            scanner.skip_space();
            scanner.take(b':')?;
            scanner.skip_space();
            match (key, scanner.peek()) {
                (b"count", b'-' | b'0'..=b'9') => count = scanner.take_number()?,
                (b"name", b'"') => name = Some(scanner.take_string()?),
                _ => {
                    match key {
                        b"count" => count = None,
                        b"name" => name = None,
                        _ => {}
                    }
                    scanner.skip_value()?;
                }
            }
            scanner.skip_space();
            if scanner.take(b',').is_none() {
                break;
            }
        }
        scanner.take(b'}')?;
        scanner.skip_space();
        if scanner.at != text.len() {
            return None;
        }
        Some(Event { count: count?, name: name? })
    }
}

/// A scanner of one pass that allocates nothing.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Scanner<'a> {
    /// The byte at the scanner, or 0 at the end: no rule of the grammar takes a NUL.
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        if self.peek() != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// What stands between the quotes of a string.
    fn take_string(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            let byte = *self.text.get(self.at)?;
            self.at += 1;
            match byte {
                b'"' => return Some(&self.text[start..self.at - 1]),
                b'\\' => self.skip_escape()?,
                0..=0x1f => return None,
                _ => {}
            }
        }
    }

    fn skip_escape(&mut self) -> Option<()> {
        let escaped = self.peek();
        self.at += 1;
        match escaped {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                for _ in 0..4 {
                    if !self.peek().is_ascii_hexdigit() {
                        return None;
                    }
                    self.at += 1;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn skip_digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Takes a number; its value when it has no fraction and no exponent and fits 32 bits.
    fn take_number(&mut self) -> Option<Option<i32>> {
        let start = self.at;
        let _ = self.take(b'-');
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.skip_digits()?;
        }
        let whole_end = self.at;
        if self.take(b'.').is_some() {
            self.skip_digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.skip_digits()?;
        }
        if self.at > whole_end {
            return Some(None);
        }
        let text = core::str::from_utf8(&self.text[start..whole_end]).ok()?;
        Some(text.parse().ok())
    }

    fn take_word(&mut self, word: &[u8]) -> Option<()> {
        if !self.text[self.at..].starts_with(word) {
            return None;
        }
        self.at += word.len();
        Some(())
    }

    fn skip_value(&mut self) -> Option<()> {
        self.skip_space();
        match self.peek() {
            b'"' => self.take_string().map(|_| ()),
            b't' => self.take_word(b"true"),
            b'f' => self.take_word(b"false"),
            b'n' => self.take_word(b"null"),
            opening @ (b'[' | b'{') => {
                if self.depth == DEEPEST {
                    return None;
                }
                self.depth += 1;
                let skipped = self.skip_members(opening == b'{');
                self.depth -= 1;
                skipped
            }
            _ => self.take_number().map(|_| ()),
        }
    }

    fn skip_members(&mut self, named: bool) -> Option<()> {
        let closing = if named { b'}' } else { b']' };
        self.at += 1;
        self.skip_space();
        if self.take(closing).is_some() {
            return Some(());
        }
        loop {
            if named {
                self.skip_space();
                self.take_string()?;
                self.skip_space();
                self.take(b':')?;
            }
            self.skip_value()?;
            self.skip_space();
            if self.take(b',').is_none() {
                return self.take(closing);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Option<i32> {
        Event::parse(text.as_bytes()).map(|event| event.count)
    }

    #[test]
    fn reads_an_event() {
        let event = Event::parse(b" {\"count\":-12, \"name\":\"a\\\"b\"} ").unwrap();
        assert_eq!(event, Event { count: -12, name: b"a\\\"b" });
    }

    #[test]
    fn takes_only_integers_of_32_bits() {
        assert_eq!(count("{\"count\":2147483647}"), Some(i32::MAX));
        assert_eq!(count("{\"count\":-2147483648}"), Some(i32::MIN));
        for text in ["2147483648", "1.0", "1e3", "01", "-", "\"1\"", "null", ""] {
            assert_eq!(count(&format!("{{\"count\":{text}}}")), None, "{text}");
        }
    }

    #[test]
    fn the_last_of_equal_members_counts() {
        assert_eq!(count("{\"count\":1,\"count\":2}"), Some(2));
        assert_eq!(count("{\"count\":1,\"count\":\"2\"}"), None);
    }

    #[test]
    fn refuses_what_is_no_object() {
        for text in ["", "[]", "{}", "{\"count\":1", "{\"count\":1}}", "{\"count\":1,}", "{\"count\":1}\0"] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
