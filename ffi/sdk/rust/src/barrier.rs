//! Nothing unwinds out of the library: a panic across `extern "C"` would abort the host.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::abi;
use crate::failure::{Class, Failure};

/// Runs `work`; a panic becomes a failure with its message.
///
/// What the closure borrows may be left half changed by a panic; every caller then marks the instance as poisoned, so
/// that nothing looks at it again.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let message = format!("panicked: {}", message_of(payload.as_ref()));
        // A payload whose own drop panics must not get through either.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(payload)));
        Err(Failure::new(abi::E_PANIC, Class::Fatal, message))
    })
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "with a payload that is no text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure() {
        let failure = guard::<()>(|| panic!("no {}", "luck")).unwrap_err();
        assert_eq!(failure.code, abi::E_PANIC);
        assert_eq!(failure.message, "panicked: no luck");
    }

    #[test]
    fn a_result_passes() {
        assert_eq!(guard(|| Ok(3)).unwrap(), 3);
    }
}
