//! How long a large resolution takes: `cargo test --release -p puck-resolver -- --ignored --nocapture`.

use std::io::Write as _;
use std::time::{Duration, Instant};

use puck_package::PackageName;
use puck_resolver::{Candidate, Resolution, Source, SourceError, resolve};

use crate::scenario::{Registry, request, versions};

/// 200 packages in layers, each with `versions` versions of five functions and with up to three
/// dependencies, of each of which two functions are called.
fn graph(versions: usize) -> Registry {
    let table = "
        for i in 0..183: for j in 0..VERSIONS: p{i} 1.{j}.0: \
            p{i+10} ^1.{j/2} @v1 calls f(f64,u64) g(u64); \
            p{i+13} ^1.{j/2} @v1 calls f(f64,u64) h(f32); \
            p{i+17} ^1.{j/2} @v1 calls g(u64) h(f32) => \
            e(i32) f(f64,u64) g(u64) h(f32) i(i8)
        for i in 183..200: for j in 0..VERSIONS: p{i} 1.{j}.0 => \
            e(i32) f(f64,u64) g(u64) h(f32) i(i8)
    ";
    Registry::new(&table.replace("VERSIONS", &versions.to_string()))
}

/// Hands over what it has: copying takes longer than resolving.
struct Once(Registry);

impl Source for Once {
    fn candidates(&mut self, name: &PackageName) -> Result<Vec<Candidate>, SourceError> {
        Ok(self.0.0.remove(name).unwrap_or_default())
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "a measurement"]
fn of_large_graphs() {
    let locked = |resolution: &Resolution| {
        let text: Vec<String> = resolution
            .packages
            .iter()
            .map(|p| format!("{} {}", p.name, p.version))
            .collect();
        versions(&text.join("; "))
    };
    for count in [1, 10] {
        let registry = graph(count);
        let fresh = request("for i in 0..10: p{i} ^1");
        let resolution = registry.resolve(&fresh).unwrap();
        assert_eq!(resolution.packages.len(), 200);
        let kept = fresh.clone().locked(locked(&resolution));
        for (what, request) in [("new", fresh), ("locked", kept)] {
            let times = (0..21).map(|_| {
                let mut source = Once(registry.clone());
                let started = Instant::now();
                let answer = resolve(&request, &mut source).unwrap();
                let elapsed = started.elapsed();
                assert_eq!(answer, resolution);
                elapsed
            });
            _ = writeln!(
                std::io::stderr(),
                "200 packages, {count} versions, {what}: {:?}",
                median(times.collect())
            );
        }
    }
}
