//! How often one address, or one token, may ask.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::options::Limits;
use super::refusal::{Code, Refusal};

/// How often those who have not asked of late are forgotten.
pub(crate) const FORGET: Duration = Duration::from_secs(60);

/// Counts requests by address and by token.
pub(crate) struct Rates {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    tokens: DefaultKeyedRateLimiter<String>,
    /// Whether addresses of this machine count.
    loopback: bool,
    clock: DefaultClock,
}

impl Rates {
    pub(crate) fn new(rate: Option<NonZeroU32>) -> Self {
        let second = rate.unwrap_or(Limits::DEFAULT_RATE);
        let quota = Quota::per_second(second).allow_burst(second.saturating_mul(BURST));
        Self {
            addresses: RateLimiter::keyed(quota),
            tokens: RateLimiter::keyed(quota),
            loopback: rate.is_some(),
            clock: DefaultClock::default(),
        }
    }

    pub(crate) fn address(&self, address: IpAddr) -> Result<(), Refusal> {
        let address = network(address);
        if address.is_loopback() && !self.loopback {
            return Ok(());
        }
        let checked = self.addresses.check_key(&address);
        checked.map_err(|until| refusal("address", until.wait_time_from(self.clock.now())))
    }

    pub(crate) fn token(&self, id: &str) -> Result<(), Refusal> {
        let checked = self.tokens.check_key(&id.to_owned());
        checked.map_err(|until| refusal("token", until.wait_time_from(self.clock.now())))
    }

    /// Drops whoever would be allowed everything again.
    pub(crate) fn forget(&self) {
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
        self.tokens.retain_recent();
        self.tokens.shrink_to_fit();
    }
}

const BURST: NonZeroU32 = NonZeroU32::new(Limits::BURST_SECONDS).expect("not zero");

fn refusal(who: &str, wait: Duration) -> Refusal {
    let message = format!("too many requests from this {who}");
    Refusal::new(Code::RateLimited, message)
        .hint("wait as long as Retry-After says".to_owned())
        .retry_after(wait.as_secs() + 1)
}

/// What counts as one client: an IPv4 address, or the network that a provider gives a customer.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    #[test]
    fn each_address_has_its_own() {
        let rates = Rates::new(NonZeroU32::new(1));
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..Limits::BURST_SECONDS {
            rates.address(one).unwrap();
        }
        let refused = rates.address(one).unwrap_err().into_response();
        assert_eq!(refused.status(), 429);
        let wait: u64 = refused.headers()["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=2).contains(&wait));
        rates.address(other).unwrap();
        rates.token("a").unwrap();
        rates.forget();
        rates.address(one).unwrap_err();
    }

    #[test]
    fn this_machine_counts_only_if_asked_for() {
        let rates = Rates::new(None);
        for _ in 0..20_000 {
            rates.address("127.0.0.1".parse().unwrap()).unwrap();
        }
        assert!(rates.addresses.is_empty());
    }

    #[test]
    fn one_customer_is_one_client() {
        for (address, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::1"),
        ] {
            let network = network(address.parse().unwrap());
            assert_eq!(network, expected.parse::<IpAddr>().unwrap());
        }
    }
}
