//! The macro that makes a library a plugin.

/// Names a plugin and its components; write it once, at the root of the crate.
///
/// Components are numbered as written: sources, then sinks, then processors; `plugin.json` lists them in the same order.
/// See the [crate] for an example.
#[macro_export]
macro_rules! plugin {
    (
        name: $name:expr,
        version: $version:expr,
        flags: $flags:expr,
        $(sources: [$($source_name:literal => $source:ty, flags: $source_flags:expr),+ $(,)?],)?
        $(sinks: [$($sink_name:literal => $sink:ty, flags: $sink_flags:expr),+ $(,)?],)?
        $(processors: [$($processor_name:literal => $processor:ty, flags: $processor_flags:expr),+ $(,)?],)?
    ) => {
        /// What the host reads out of the file before it loads the library.
        #[no_mangle]
        #[used]
        #[cfg_attr(target_os = "macos", link_section = "__DATA,__caisson")]
        #[cfg_attr(not(target_os = "macos"), link_section = ".caisson")]
        pub static caisson_descriptor_1: $crate::abi::Descriptor = $crate::describe(
            $crate::DescriptorParts { name: $name, version: $version, flags: $flags },
            &[
                $($($crate::component_entry($crate::abi::SOURCE, $source_name, $source_flags),)+)?
                $($($crate::component_entry($crate::abi::SINK, $sink_name, $sink_flags),)+)?
                $($($crate::component_entry($crate::abi::PROCESSOR, $processor_name, $processor_flags),)+)?
            ],
        );

        #[doc(hidden)]
        #[allow(non_snake_case, clippy::missing_safety_doc)]
        pub mod caisson_exports {
            #[allow(unused_imports)]
            use super::*;
            use $crate::exports::{self, Instance, Open, Part};
            use $crate::{abi, Component};

            static COMPONENTS: &[Open] = &[
                $($(|context, config| {
                    <$source as Component>::open(context, config).map(|it| Part::Source(Box::new(it)))
                },)+)?
                $($(|context, config| {
                    <$sink as Component>::open(context, config).map(|it| Part::Sink(Box::new(it)))
                },)+)?
                $($(|context, config| {
                    <$processor as Component>::open(context, config).map(|it| Part::Processor(Box::new(it)))
                },)+)?
            ];

            #[no_mangle]
            pub unsafe extern "C" fn caisson_describe_1(out: *mut u8, capacity: u32) -> u32 {
                exports::describe(&super::caisson_descriptor_1, out, capacity)
            }
            #[no_mangle]
            pub unsafe extern "C" fn caisson_open_1(
                host: *const abi::Host,
                component: u32,
                config: *const u8,
                config_length: u32,
                error: *mut abi::Error,
            ) -> *mut Instance {
                exports::open(COMPONENTS, host, component, config, config_length, error)
            }
            #[no_mangle]
            pub unsafe extern "C" fn caisson_close_1(instance: *mut Instance) {
                exports::close(instance)
            }
            #[no_mangle]
            pub unsafe extern "C" fn caisson_start_1(instance: *mut Instance, error: *mut abi::Error) -> i32 {
                exports::start(instance, error)
            }
            #[no_mangle]
            pub unsafe extern "C" fn caisson_stop_1(
                instance: *mut Instance,
                deadline_ms: u32,
                error: *mut abi::Error,
            ) -> i32 {
                exports::stop(instance, deadline_ms, error)
            }
            #[no_mangle]
            pub unsafe extern "C" fn caisson_interrupt_1(instance: *mut Instance) {
                exports::interrupt(instance)
            }
            #[no_mangle]
            pub extern "C" fn caisson_live_1() -> u32 {
                exports::live()
            }
            #[no_mangle]
            pub unsafe extern "C" fn caisson_metrics_1(instance: *mut Instance, out: *mut u8, capacity: u32) -> i32 {
                exports::metrics(instance, out, capacity)
            }
            $(
                const _: &[&str] = &[$($source_name),+];
                #[no_mangle]
                pub unsafe extern "C" fn caisson_source_poll_1(
                    instance: *mut Instance,
                    batch: *mut abi::Batch,
                    max_events: u32,
                    error: *mut abi::Error,
                ) -> i32 {
                    exports::source_poll(instance, batch, max_events, error)
                }
                #[no_mangle]
                pub unsafe extern "C" fn caisson_source_settle_1(
                    instance: *mut Instance,
                    settled: *const abi::Batch,
                    error: *mut abi::Error,
                ) -> i32 {
                    exports::source_settle(instance, settled, error)
                }
                #[no_mangle]
                pub unsafe extern "C" fn caisson_release_1(instance: *mut Instance, lent: *const abi::Batch) {
                    exports::release(instance, lent)
                }
            )?
            $(
                const _: &[&str] = &[$($sink_name),+];
                #[no_mangle]
                pub unsafe extern "C" fn caisson_sink_write_1(
                    instance: *mut Instance,
                    batch: *const abi::Batch,
                    verdicts: *mut abi::Batch,
                    error: *mut abi::Error,
                ) -> i32 {
                    exports::sink_write(instance, batch, verdicts, error)
                }
            )?
            $(
                const _: &[&str] = &[$($processor_name),+];
                #[no_mangle]
                pub unsafe extern "C" fn caisson_process_1(
                    instance: *mut Instance,
                    batch: *const abi::Batch,
                    out: *mut abi::Batch,
                    error: *mut abi::Error,
                ) -> i32 {
                    exports::process(instance, batch, out, error)
                }
            )?
        }
    };
}
