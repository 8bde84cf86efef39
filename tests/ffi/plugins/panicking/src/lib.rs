//! Panics where its configuration says.

use caisson::{abi, Batch, Component, Config, Context, Failure, Output, Processor};

caisson::plugin! {
    name: "@caisson/panicking",
    version: "0.1.0",
    flags: abi::UNLOADABLE | abi::SHARED_SAFE,
    processors: ["panicking" => Panicking, flags: abi::INTERFACE_FAST],
}

struct Panicking {
    place: &'static str,
}

impl Panicking {
    fn reach(&self, place: &str) {
        if self.place == place {
            panic!("reached {place}");
        }
    }
}

impl Component for Panicking {
    fn open(_context: &Context, config: &Config) -> Result<Self, Failure> {
        let place = config.choice("where", &["nowhere", "open", "start", "process", "drop"])?;
        let opened = Panicking { place: if place == "drop" { "nowhere" } else { place } };
        opened.reach("open");
        Ok(Panicking { place })
    }

    fn start(&mut self) -> Result<(), Failure> {
        self.reach("start");
        Ok(())
    }
}

impl Processor for Panicking {
    fn process(&mut self, _batch: &Batch<'_>, _out: &mut Output<'_>) -> Result<(), Failure> {
        self.reach("process");
        Ok(())
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        self.reach("drop");
    }
}
