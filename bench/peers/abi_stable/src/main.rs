//! `host FOLDER MILLISECONDS BATCH…`: loads the plugin from a folder, polls it, counts bytes; JSON on stdout.
use abi_stable::{library::RootModule, std_types::{RSlice, RSliceMut}};
use caisson_bench_events::{Event, EventsRef};
use std::time::Instant;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let events = EventsRef::load_from_directory(std::path::Path::new(&words[1])).expect("the plugin does not load");
    let poll = events.poll();
    let milliseconds: u128 = words[2].parse().expect("milliseconds");
    let mut costs = Vec::new();
    for word in &words[3..] {
        let size: usize = word.parse().expect("a batch size");
        let mut batch = vec![Event { timestamp_ns: 0, payload: RSlice::EMPTY }; size];
        let (mut count, mut bytes) = (0u64, 0u64);
        let started = Instant::now();
        while started.elapsed().as_millis() < milliseconds {
            for _ in 0..64 {
                let filled = poll(RSliceMut::from_mut_slice(&mut batch));
                for event in &batch[..filled] {
                    bytes += event.payload.len() as u64;
                }
                count += filled as u64;
            }
        }
        assert_eq!(bytes, count * 222);
        costs.push(format!("\"{size}\":{:.3}", started.elapsed().as_nanos() as f64 / count as f64));
    }
    println!("{{{}}}", costs.join(","));
}
