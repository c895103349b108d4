//! `puck run`: arguments of every kind, and how results are shown.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;

const SOURCE: &str = "\
#include <stdbool.h>
#include <stdint.h>
double sum(uint64_t n, const double *x)
{
    double s = 0;
    for (uint64_t i = 0; i < n; i++)
        s += x[i];
    return s;
}
void fill(uint64_t n, float value, float *x)
{
    for (uint64_t i = 0; i < n; i++)
        x[i] = value;
}
bool both(bool a, bool b) { return a && b; }
uint8_t wrap(uint8_t x) { return x + 1; }
int64_t negate(int64_t x) { return -x; }
uint64_t count(const uint8_t *text)
{
    uint64_t n = 0;
    while (text && text[n])
        n++;
    return n;
}
double third(void) { return 1.0 / 3.0; }
";

fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("kernels", "1.0.0", SOURCE, "");
    machine.ok("", "install kernels");
    machine
}

#[test]
fn values_of_every_kind() {
    let machine = machine();
    for (call, result) in [
        ("sum 3 [1,2.5,1e3]", "1003.5"),
        ("sum 2 [inf,-1]", "inf"),
        ("sum 0 null", "0"),
        ("sum 4 zeros:4", "0"),
        ("fill 2 0.1 zeros:2", "x = [0.1, 0.1]"),
        ("both true false", "false"),
        ("wrap 255", "0"),
        ("wrap 0xff", "0"),
        ("negate -9223372036854775807", "9223372036854775807"),
        ("negate -5", "5"),
        ("count '\"four\"'", "4"),
        ("count null", "0"),
        ("third", "0.3333333333333333"),
    ] {
        assert_eq!(
            machine.ok("", &format!("run kernels::{call}")).trim(),
            result,
            "{call}"
        );
    }
}

#[test]
fn arrays_from_files() {
    let machine = machine();
    machine.write("data.csv", "year,GNP\n1947,234.289\n1948,259.426\n");
    assert_eq!(
        machine.ok("", "run kernels::sum 2 @data.csv:GNP"),
        "493.715\n"
    );
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend(118_u16.to_le_bytes());
    npy.extend(format!("{header:<117}\n").bytes());
    npy.extend([1.5_f64, 2.0].into_iter().flat_map(f64::to_le_bytes));
    machine.write("x.npy", npy);
    assert_eq!(machine.ok("", "run kernels::sum 2 @x.npy"), "3.5\n");
}

#[test]
fn results_for_programs() {
    let machine = machine();
    assert_snapshot!(machine.ok("", "run kernels::fill 2 0.5 zeros:2 --format json"), @r#"
    {
      "function": "kernels::fill",
      "signature": "fn(n: u64, value: f32, x: *mut f32)",
      "result": null,
      "changed": [
        {
          "position": 3,
          "parameter": "x",
          "values": [
            0.5,
            0.5
          ]
        }
      ]
    }
    "#);
    let sum = machine.ok("", "run kernels::sum 1 [2] --format json");
    assert_eq!(serde_json::from_str::<Value>(&sum).unwrap()["result"], 2.0);
}

#[test]
fn long_arrays_are_shortened_for_people_only() {
    let machine = machine();
    let shown = machine.ok("", "run kernels::fill 1000 1 zeros:1000");
    assert!(shown.len() < 1000, "{shown}");
    let all = machine.ok("", "run kernels::fill 1000 1 zeros:1000 --format json");
    assert_eq!(all.matches("1.0").count(), 1000, "{all}");
}

#[test]
fn variants_for_the_processor() {
    let machine = Machine::new();
    machine.ok("", "new kernels --lang c");
    machine.ok("kernels", "publish");
    machine.ok("", "install kernels");
    for target in ["x86-64", "x86-64-v2"] {
        let call = machine
            .call("", "run kernels::dot 2 [1,2] [3,4]")
            .env("PUCK_TARGET", target);
        assert_eq!(call.ok(), "11\n", "{target}");
    }
}
