//! Commands that are stopped in the middle.
//!
//! Where a command is stopped is drawn from a seed, evenly over the time that it takes, so that a
//! run of the tests reaches every part of it.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::run::{Call, Run};

/// A small generator of random numbers (SplitMix64), which gives the same ones for a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A number from 0 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How a command is stopped.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// `kill -9` of the command alone; what it started goes on for a while.
    Kill,
    /// `kill -9` of everything, as when the machine goes down.
    KillAll,
    /// Ctrl-C at a terminal.
    Interrupt,
}

/// How many times each verb is stopped, in all threads together.
pub(crate) const KILLS: usize = 60;
const THREADS: usize = 3;

/// Runs `work` in some threads, each with its share of the kills.
pub(crate) fn in_threads(seed: u64, kills: usize, work: impl Fn(&mut Stopper) + Sync) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(&mut Stopper::new(seed + thread as u64, kills / THREADS)));
        }
    });
}

/// Stops commands again and again.
pub(crate) struct Stopper {
    random: Random,
    /// How many commands it shall stop.
    wanted: usize,
    /// How many it did stop; the others were done before.
    stopped: usize,
    tried: usize,
    /// The part of the usual time within which commands are stopped. What was timed may have been the
    /// first run, which reads everything from the disk; later ones take a fraction of its time.
    pace: f64,
}

impl Stopper {
    pub(crate) fn new(seed: u64, wanted: usize) -> Self {
        Self {
            random: Random::new(seed),
            wanted,
            stopped: 0,
            tried: 0,
            pace: 1.0,
        }
    }

    /// Whether there is more to stop. Fails if too many commands were done before they could be
    /// stopped: then the times are wrong, and little is tested.
    pub(crate) fn goes_on(&self) -> bool {
        assert!(
            self.tried <= 4 * self.wanted,
            "only {} of {} commands could be stopped before they were done",
            self.stopped,
            self.tried
        );
        self.stopped < self.wanted
    }

    pub(crate) fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Runs a command that takes `usual`, and stops it somewhere on the way. It must not fail by
    /// itself before that.
    pub(crate) fn stop(&mut self, call: Call, usual: Duration) {
        let delay = usual.mul_f64(self.pace * self.random.fraction());
        let stop = match self.random.below(4) {
            0 => Stop::Interrupt,
            1 => Stop::KillAll,
            _ => Stop::Kill,
        };
        self.tried += 1;
        let run = stopped_after(call.command(), delay, stop);
        assert!(
            matches!(run.code, None | Some(0)),
            "failed within {delay:?}, before it was stopped\n{run}"
        );
        if run.signal.is_some() {
            self.stopped += 1;
            self.pace = (self.pace * 1.25).min(1.0);
        } else {
            self.pace /= 2.0;
        }
    }
}

/// Starts a command, waits for `delay`, stops what of it is still there.
fn stopped_after(mut command: Command, delay: Duration, stop: Stop) -> Run {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: a signal to the group reaches all that the command started, and not us.
    let mut child = command
        .process_group(0)
        .spawn()
        .expect("the command starts");
    thread::sleep(delay);
    let pid = child.id().cast_signed();
    let (receiver, signal) = match stop {
        Stop::Kill => (pid, libc::SIGKILL),
        Stop::KillAll => (-pid, libc::SIGKILL),
        Stop::Interrupt => (-pid, libc::SIGINT),
    };
    if child.try_wait().expect("can be asked").is_none() {
        // SAFETY: no memory is involved; the process, not waited for yet, still has its number.
        unsafe { libc::kill(receiver, signal) };
    }
    Run::from(child.wait_with_output().expect("ends"))
}

/// How long `work` takes.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[test]
fn a_time_that_is_much_too_long_finds_its_measure() {
    let mut stopper = Stopper::new(7, 8);
    while stopper.goes_on() {
        let call = Call::new(Path::new("/bin/sleep"), Path::new("/"), "0.05");
        stopper.stop(call, Duration::from_secs(2));
    }
}

#[test]
fn commands_are_stopped_and_left_alone() {
    let sleep = |seconds: &str| {
        let mut command = Command::new("sleep");
        command.arg(seconds);
        command
    };
    for (stop, signal) in [
        (Stop::Kill, libc::SIGKILL),
        (Stop::KillAll, libc::SIGKILL),
        (Stop::Interrupt, libc::SIGINT),
    ] {
        let run = stopped_after(sleep("60"), Duration::from_millis(20), stop);
        assert_eq!(run.signal, Some(signal), "{stop:?}");
    }
    let run = stopped_after(sleep("0"), Duration::from_secs(1), Stop::Kill);
    assert_eq!((run.code, run.signal), (Some(0), None));
}
