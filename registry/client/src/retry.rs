//! When a request that failed in passing is sent again.
//!
//! The wait is random, from nothing to a longest one that doubles each time, so that many clients
//! whose registry was away do not all come back at the same moment. A registry that asks for a
//! wait gets it, unless that is longer than anybody would sit through.

use std::thread;

use crate::failure::Failure;
use crate::{Result, Settings};

/// What is left of the patience with one request.
pub(crate) struct Backoff<'a> {
    settings: &'a Settings,
    failures: u32,
}

impl<'a> Backoff<'a> {
    /// As it is after some failures.
    pub(crate) fn after(settings: &'a Settings, failures: u32) -> Self {
        Self { settings, failures }
    }

    /// Waits before the next time; the error if there is none.
    pub(crate) fn wait(&mut self, failure: Failure) -> Result<()> {
        let retry = &self.settings.retry;
        let asked = failure.after.unwrap_or_default();
        if !failure.passing || self.failures >= retry.count || asked > retry.longest {
            return Err(*failure.error);
        }
        let longest = retry
            .base
            .saturating_mul(1 << self.failures.min(20))
            .min(retry.longest);
        let wait = asked + longest.mul_f64(random());
        self.failures += 1;
        if let Some(notices) = &self.settings.notices {
            notices(&format!(
                "retrying in {:.1} s ({} of {}): {}",
                wait.as_secs_f64(),
                self.failures,
                retry.count,
                failure.error
            ));
        }
        thread::sleep(wait);
        Ok(())
    }
}

/// A number from 0 to 1.
fn random() -> f64 {
    // Without randomness the wait is the longest one.
    getrandom::u32().map_or(1.0, |n| f64::from(n) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::{Error, Retry};

    fn failure(passing: bool, after: Option<u64>) -> Failure {
        Failure {
            error: Box::new(Error::Token),
            passing,
            after: after.map(Duration::from_millis),
        }
    }

    fn settings(count: u32) -> Settings {
        let mut settings = Settings::new("http://localhost/".parse().unwrap());
        settings.retry = Retry {
            count,
            base: Duration::from_micros(10),
            longest: Duration::from_millis(5),
        };
        settings
    }

    #[test]
    fn ends() {
        for count in [0, 1, 40] {
            let settings = settings(count);
            let mut backoff = Backoff::after(&settings, 0);
            for _ in 0..count {
                backoff.wait(failure(true, None)).unwrap();
            }
            assert!(backoff.wait(failure(true, None)).is_err());
        }
    }

    #[test]
    fn only_what_may_help_is_waited_for() {
        let settings = settings(5);
        let mut backoff = Backoff::after(&settings, 0);
        assert!(backoff.wait(failure(false, None)).is_err());
        assert!(backoff.wait(failure(true, Some(6))).is_err());
        backoff.wait(failure(true, Some(4))).unwrap();
    }

    #[test]
    fn it_is_said_what_is_waited_for() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut settings = settings(1);
        let listener = Arc::clone(&said);
        settings.notices = Some(Arc::new(move |text| {
            listener.lock().unwrap().push(text.to_owned());
        }));
        Backoff::after(&settings, 0)
            .wait(failure(true, None))
            .unwrap();
        let said = said.lock().unwrap();
        assert!(
            said[0].starts_with("retrying in 0.0 s (1 of 1): "),
            "{said:?}"
        );
    }
}
