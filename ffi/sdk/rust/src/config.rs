//! A component's configuration: a flat JSON object.

use std::collections::BTreeMap;

use crate::failure::Failure;

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
}

/// Members of the configuration by name. Every refusal names the member, what was found and what is allowed.
#[derive(Clone, Debug, Default)]
pub struct Config {
    members: BTreeMap<String, Value>,
}

impl Config {
    /// Reads a JSON object whose members are strings, numbers, booleans or null. Nothing at all is an empty object.
    pub fn parse(text: &[u8]) -> Result<Self, Failure> {
        let text = core::str::from_utf8(text)
            .map_err(|error| Failure::config(format!("config: no UTF-8 after byte {}", error.valid_up_to())))?;
        if text.trim().is_empty() {
            return Ok(Config::default());
        }
        let mut reader = Reader { text, at: 0 };
        let members = reader.object().map_err(|expected| {
            Failure::config(format!("config: byte {}: expected {expected}", reader.at))
        })?;
        Ok(Config { members })
    }

    /// Refuses members that are not in `names`.
    pub fn allow_only(&self, names: &[&str]) -> Result<(), Failure> {
        match self.members.keys().find(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) if names.is_empty() => {
                Err(Failure::config(format!("{name}: unknown member; allowed: none")))
            }
            Some(name) => {
                Err(Failure::config(format!("{name}: unknown member; allowed: {}", names.join(", "))))
            }
        }
    }

    /// A string, or `None` when it is left out.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(refuse(name, other, "a string")),
        }
    }

    /// One of some strings, or the first of them when it is left out.
    pub fn choice<'c>(&self, name: &str, choices: &[&'c str]) -> Result<&'c str, Failure> {
        let Some(text) = self.text(name)? else { return Ok(choices[0]) };
        choices.iter().copied().find(|choice| *choice == text).ok_or_else(|| {
            Failure::config(format!("{name}: \"{text}\"; allowed: {}", choices.join(", ")))
        })
    }

    /// `true` or `false`, or `default` when it is left out.
    pub fn boolean(&self, name: &str, default: bool) -> Result<bool, Failure> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Boolean(value)) => Ok(*value),
            Some(other) => Err(refuse(name, other, "true or false")),
        }
    }

    /// A whole number between bounds, or `default` when it is left out. Exact up to 2^53.
    pub fn integer(&self, name: &str, least: u64, most: u64, default: u64) -> Result<u64, Failure> {
        let allowed = || format!("a whole number from {least} to {most}");
        match self.get(name) {
            None => Ok(default),
            Some(Value::Number(value))
                if value.fract() == 0.0 && *value >= least as f64 && *value <= most as f64 =>
            {
                Ok(*value as u64)
            }
            Some(other) => Err(refuse(name, other, &allowed())),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| **value != Value::Null)
    }
}

fn refuse(name: &str, found: &Value, allowed: &str) -> Failure {
    let found = match found {
        Value::Null => "null".into(),
        Value::Boolean(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(text) => format!("\"{text}\""),
    };
    Failure::config(format!("{name}: {found}; allowed: {allowed}"))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

type Read<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Read<()> {
        if self.peek() != byte {
            return Err(expected);
        }
        self.at += 1;
        Ok(())
    }

    fn object(&mut self) -> Read<BTreeMap<String, Value>> {
        let mut members = BTreeMap::new();
        self.space();
        self.take(b'{', "an object")?;
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
        } else {
            loop {
                self.space();
                let name = self.string()?;
                self.space();
                self.take(b':', "':'")?;
                self.space();
                let value = self.value()?;
                if members.insert(name, value).is_some() {
                    return Err("each member once");
                }
                self.space();
                if self.peek() != b',' {
                    break;
                }
                self.at += 1;
            }
            self.take(b'}', "',' or '}'")?;
        }
        self.space();
        if self.at == self.text.len() { Ok(members) } else { Err("the end") }
    }

    fn value(&mut self) -> Read<Value> {
        match self.peek() {
            b'"' => self.string().map(Value::Text),
            b't' => self.word("true", Value::Boolean(true)),
            b'f' => self.word("false", Value::Boolean(false)),
            b'n' => self.word("null", Value::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err("a string, a number, true, false or null"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Read<Value> {
        if !self.text[self.at..].starts_with(word) {
            return Err("a string, a number, true, false or null");
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        while matches!(self.peek(), b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
            self.at += 1;
        }
        // What f64 reads beyond JSON ("1.", "+1", "01") does no harm here: the host has checked the configuration.
        self.text[start..self.at].parse().map(Value::Number).map_err(|_| "a number")
    }

    fn string(&mut self) -> Read<String> {
        self.take(b'"', "a string")?;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(next) = rest.chars().next() else { return Err("the end of a string") };
            self.at += next.len_utf8();
            match next {
                '"' => return Ok(out),
                '\\' => out.push(self.escape()?),
                next if next < ' ' => return Err("no control character in a string"),
                next => out.push(next),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let escaped = self.peek();
        self.at += 1;
        Ok(match escaped {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first).ok_or("a surrogate pair");
                }
                self.take(b'\\', "a surrogate pair")?;
                self.take(b'u', "a surrogate pair")?;
                let second = self.hex()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err("a surrogate pair");
                }
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or("a surrogate pair")?
            }
            _ => {
                self.at -= 1;
                return Err("an escape of JSON");
            }
        })
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4).ok_or("four hexadecimal digits")?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("four hexadecimal digits");
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| "four hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Config::parse(text.as_bytes()).unwrap_err().message
    }

    #[test]
    fn reads_every_kind_of_member() {
        let config = Config::parse(br#" {"a":"x\u00e4\n\ud83d\ude00","b":true,"c":-0,"d":null} "#).unwrap();
        assert_eq!(config.text("a").unwrap(), Some("xä\n😀"));
        assert!(config.boolean("b", false).unwrap());
        assert_eq!(config.integer("c", 0, 9, 5).unwrap(), 0);
        assert_eq!(config.integer("d", 0, 9, 5).unwrap(), 5);
        assert_eq!(config.text("nothing").unwrap(), None);
    }

    #[test]
    fn refuses_what_is_no_flat_object() {
        assert_eq!(message("[]"), "config: byte 0: expected an object");
        assert_eq!(message("{\"a\":[1]}"), "config: byte 5: expected a string, a number, true, false or null");
        assert_eq!(message("{\"a\":1,\"a\":2}"), "config: byte 12: expected each member once");
        assert_eq!(message("{\"a\":1} x"), "config: byte 8: expected the end");
        assert_eq!(message("{\"a\":\"\\"), "config: byte 7: expected an escape of JSON");
    }

    #[test]
    fn says_what_is_allowed() {
        let config = Config::parse(br#"{"mode":"fast","size":1.5}"#).unwrap();
        let refused = |failure: Failure| failure.message;
        assert_eq!(refused(config.choice("mode", &["pass", "count"]).unwrap_err()), "mode: \"fast\"; allowed: pass, count");
        assert_eq!(
            refused(config.integer("size", 1, 9, 1).unwrap_err()),
            "size: 1.5; allowed: a whole number from 1 to 9"
        );
        assert_eq!(refused(config.allow_only(&["mode"]).unwrap_err()), "size: unknown member; allowed: mode");
    }
}
