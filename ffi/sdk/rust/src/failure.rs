//! What went wrong, for the host.

use crate::abi;

/// Class of a failure: retry and circuit breaker read this, never the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Class {
    /// Trying again soon may help.
    Transient = abi::CLASS_TRANSIENT as u16,
    /// The other side asks for less.
    Throttled = abi::CLASS_THROTTLED as u16,
    /// Trying again does not help.
    Permanent = abi::CLASS_PERMANENT as u16,
    /// The configuration is wrong.
    Config = abi::CLASS_CONFIG as u16,
    /// The instance is of no more use.
    Fatal = abi::CLASS_FATAL as u16,
}

/// A failed call; becomes a `caisson_error`.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Status the call returns, one of [`abi`]'s `E_…`.
    pub code: i32,
    /// Class of the failure.
    pub class: Class,
    /// When to try again, milliseconds; 0 leaves it to the host.
    pub retry_after_ms: u32,
    /// Bytes of arena that would do, for [`abi::E_SPACE`].
    pub need: u32,
    /// What happened, for people; the host keeps the first 232 bytes.
    pub message: String,
}

impl Failure {
    /// A failure with a code of its own.
    pub fn new(code: i32, class: Class, message: impl Into<String>) -> Self {
        Failure { code, class, retry_after_ms: 0, need: 0, message: message.into() }
    }

    /// The configuration is not what it should be.
    pub fn config(message: impl Into<String>) -> Self {
        Failure::new(abi::E_ARGUMENT, Class::Config, message)
    }

    /// An event does not fit the free arena; `need` bytes would do.
    pub fn space(need: u32, message: impl Into<String>) -> Self {
        Failure { need, ..Failure::new(abi::E_SPACE, Class::Permanent, message) }
    }

    /// Writes the failure into the caller's struct, at most `size` bytes of it, and returns the code.
    ///
    /// # Safety
    /// `error` is null or points to a `caisson_error` of at least its own `size` bytes.
    pub(crate) unsafe fn write(&self, error: *mut abi::Error) -> i32 {
        const HEAD: usize = core::mem::offset_of!(abi::Error, message);
        if error.is_null() {
            return self.code;
        }
        let size = unsafe { (*error).size } as usize;
        if size < HEAD {
            return self.code;
        }
        let room = (size - HEAD).min(core::mem::size_of::<abi::Error>() - HEAD);
        let message = cut(&self.message, room);
        unsafe {
            (*error).code = self.code;
            (*error).failure_class = self.class as u16;
            (*error).retry_after_ms = self.retry_after_ms;
            (*error).need = self.need;
            (*error).message_length = message.len() as u32;
            let target = (error as *mut u8).add(HEAD);
            core::ptr::copy_nonoverlapping(message.as_ptr(), target, message.len());
        }
        self.code
    }
}

/// The longest start of a text that has at most `most` bytes and ends at a code point.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_a_code_point() {
        assert_eq!(cut("aä", 2), "a");
        assert_eq!(cut("aä", 3), "aä");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn writes_no_more_than_the_callers_size() {
        let mut error = abi::Error {
            size: 32,
            code: 0,
            failure_class: 0,
            flags: 0,
            retry_after_ms: 0,
            need: 0,
            message_length: 0,
            message: [7; 232],
        };
        let code = unsafe { Failure::config("0123456789").write(&mut error) };
        assert_eq!(code, abi::E_ARGUMENT);
        assert_eq!(error.message_length, 8);
        assert_eq!(&error.message[..9], b"01234567\x07");
    }
}
