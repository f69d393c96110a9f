//! How much somebody may ask for: a number of requests that can come at once and grows back evenly over a time.

use std::time::Duration;

use super::Timestamp;

/// A quota. All of it may be used at once; what was used comes back one by one, the whole within `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests, at least 1.
    pub requests: u32,
    /// Time in which a used quota becomes whole again.
    pub window: Duration,
}

/// What became of a request, and what is left for further ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it may go on.
    pub allowed: bool,
    /// Requests that may follow at once.
    pub remaining: u32,
    /// Time until the quota is whole again, if no request follows.
    pub whole_in: Duration,
    /// Time until the next request may go on; zero if it may at once.
    pub next_in: Duration,
}

impl Quota {
    /// Milliseconds in which one request comes back.
    pub fn spacing(&self) -> i64 {
        let window = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX);
        (window / i64::from(self.requests.max(1))).max(1)
    }

    /// Milliseconds in which all of them come back.
    pub fn span(&self) -> i64 {
        self.spacing().saturating_mul(i64::from(self.requests.max(1)))
    }

    /// Uses one request of a quota that would be whole at `whole_at`, if one is left; when it is whole then.
    pub fn take(&self, whole_at: Timestamp, now: Timestamp) -> (bool, Timestamp) {
        let whole_at = whole_at.0.max(now.0);
        let next = whole_at + self.spacing();
        if next - now.0 > self.span() { (false, Timestamp(whole_at)) } else { (true, Timestamp(next)) }
    }

    /// What a quota that is whole at `whole_at` leaves.
    pub fn standing(&self, allowed: bool, whole_at: Timestamp, now: Timestamp) -> Standing {
        let used = (whole_at.0 - now.0).max(0);
        let left = (self.span() - used).max(0);
        let lacking = (self.spacing() - left).max(0);
        Standing {
            allowed,
            remaining: u32::try_from(left / self.spacing()).unwrap_or(u32::MAX),
            whole_in: Duration::from_millis(used.unsigned_abs()),
            next_in: Duration::from_millis(lacking.unsigned_abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp(1_800_000_000_000);

    fn quota(requests: u32, seconds: u64) -> Quota {
        Quota { requests, window: Duration::from_secs(seconds) }
    }

    #[test]
    fn all_may_come_at_once_and_comes_back_one_by_one() {
        let quota = quota(3, 60);
        let (mut whole_at, mut left) = (START, Vec::new());
        for _ in 0..4 {
            let (allowed, at) = quota.take(whole_at, START);
            whole_at = at;
            left.push((allowed, quota.standing(allowed, whole_at, START).remaining));
        }
        assert_eq!(left, [(true, 2), (true, 1), (true, 0), (false, 0)]);
        let refused = quota.standing(false, whole_at, START);
        assert_eq!((refused.next_in, refused.whole_in), (Duration::from_secs(20), Duration::from_secs(60)));
        let early = START + Duration::from_millis(19_999);
        assert!(!quota.take(whole_at, early).0);
        let (allowed, whole_at) = quota.take(whole_at, START + Duration::from_secs(20));
        assert!(allowed);
        assert!(!quota.take(whole_at, START + Duration::from_secs(20)).0);
    }

    #[test]
    fn what_is_left_is_told_before_anything_was_used() {
        let standing = quota(5, 10).standing(true, Timestamp(0), START);
        assert_eq!(
            (standing.remaining, standing.whole_in, standing.next_in),
            (5, Duration::ZERO, Duration::ZERO)
        );
    }

    proptest! {
        /// Within any stretch of time no more is allowed than what was there and what came back meanwhile.
        #[test]
        fn no_more_is_allowed_than_the_quota_gives(
            requests in 1..20_u32,
            seconds in 1..100_u64,
            pauses in proptest::collection::vec(0..5000_u64, 1..200),
        ) {
            let quota = quota(requests, seconds);
            let (mut now, mut whole_at, mut taken) = (START, Timestamp(0), Vec::new());
            for pause in pauses {
                now = now + Duration::from_millis(pause);
                let before = quota.standing(true, whole_at, now);
                let (allowed, at) = quota.take(whole_at, now);
                prop_assert_eq!(allowed, before.remaining > 0);
                prop_assert_eq!(allowed, before.next_in.is_zero());
                whole_at = at;
                let after = quota.standing(allowed, whole_at, now);
                prop_assert_eq!(after.remaining, before.remaining - u32::from(allowed));
                prop_assert!(after.whole_in <= quota.window);
                if !allowed {
                    let (then, _) = quota.take(whole_at, now + after.next_in);
                    prop_assert!(then, "it may go on when it was told so");
                } else {
                    taken.push(now);
                }
            }
            for (first, from) in taken.iter().enumerate() {
                for (last, to) in taken.iter().enumerate().skip(first) {
                    let came_back = to.since(*from).as_millis() as i64 / quota.spacing();
                    prop_assert!((last - first + 1) as i64 <= i64::from(requests) + came_back);
                }
            }
        }
    }
}
