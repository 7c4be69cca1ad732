//! Compiling how the client of a feature behaves.

use super::resolve::Problems;
use crate::num;
use crate::scenario::presets::Written;
use crate::scenario::{self, Code};
use crate::units::Duration;
use crate::world::clients::{Backoff, Breaker, Client, Hedge, Retries, Throttle, Tokens};

/// Checks a client at the place of its feature.
pub fn check(client: &Written, path: &str, p: &Problems) {
    if let Some(timeout) = client.timeout {
        p.range(
            format!("{path}.timeout"),
            timeout.0 > 0,
            "a timeout of zero fails every request",
            "give a timeout above zero, or leave it out",
        );
    }
    if let Some(retries) = &client.retries {
        check_retries(retries, &format!("{path}.retries"), p);
    }
    if let Some(hedge) = client.hedge {
        p.range(
            format!("{path}.hedge.at_most"),
            (1..=100).contains(&hedge.at_most),
            format!("{} attempts on top of the first", hedge.at_most),
            "write from 1 to 100",
        );
        if let Some(timeout) = client.timeout.filter(|timeout| hedge.after >= *timeout) {
            p.add(
                Code::NeverActs,
                format!("{path}.hedge.after"),
                format!("after {} the first attempt has timed out already, at {timeout}", hedge.after),
                "make it shorter than the timeout",
            );
        }
    }
    if let Some(breaker) = client.breaker {
        let path = format!("{path}.breaker");
        p.range(
            format!("{path}.fails"),
            breaker.fails.0 > 0.0,
            "a breaker that opens without failures lets nothing through",
            "give a share above \"0%\"",
        );
        p.range(
            format!("{path}.of_at_least"),
            breaker.of_at_least > 0,
            "a breaker that opens after 0 requests",
            "write at least 1",
        );
        p.range(
            format!("{path}.over"),
            breaker.over.0 > 0,
            "a window of no length sees no requests",
            "give a duration above zero",
        );
        p.range(
            format!("{path}.opens_for"),
            breaker.opens_for.0 > 0,
            "a breaker that opens for no time turns nothing away",
            "give a duration above zero",
        );
    }
    if let Some(throttle) = client.throttle {
        let path = format!("{path}.throttle");
        p.range(
            format!("{path}.k"),
            (1.0..=1_000.0).contains(&throttle.k),
            format!("k is {}: below 1 it turns requests away while all are accepted", throttle.k),
            "write a number from 1 to 1000, like 2",
        );
        p.range(
            format!("{path}.over"),
            throttle.over.0 > 0,
            "a window of no length sees no requests",
            "give a duration above zero",
        );
    }
}

fn check_retries(retries: &scenario::Retries, path: &str, p: &Problems) {
    p.range(
        format!("{path}.attempts"),
        (1..=1_000).contains(&retries.attempts),
        format!("{} attempts", retries.attempts),
        "write from 1 (no retry) to 1000",
    );
    if let Some(backoff) = retries.backoff {
        let (scenario::Backoff::FullJitter { base, factor, at_most }
        | scenario::Backoff::Jitter { base, factor, at_most, .. }) = backoff;
        if retries.after.0 > 0 {
            p.add(
                Code::Contradiction,
                format!("{path}.after"),
                "both after: and backoff: say how long the client waits",
                "leave one of them out",
            );
        }
        let path = format!("{path}.backoff");
        p.range(
            format!("{path}.base"),
            base.0 > 0,
            "waits that start from zero never grow",
            "give a duration above zero, or leave the backoff out",
        );
        p.range(
            format!("{path}.factor"),
            (1.0..=1_000.0).contains(&factor.0),
            "waits get longer from one retry to the next, not shorter",
            "write a factor from x1 to x1000",
        );
        p.range(
            format!("{path}.at_most"),
            at_most >= base,
            format!("the longest wait, {at_most}, is shorter than the first one, {base}"),
            "make it at least as long as the base",
        );
    }
    if let Some(tokens) = retries.tokens {
        if retries.budget.is_some() {
            p.add(
                Code::Contradiction,
                format!("{path}.budget"),
                "both budget: and tokens: say how many retries there may be",
                "leave one of them out",
            );
        }
        check_tokens(&tokens, &format!("{path}.tokens"), p);
    }
}

fn check_tokens(tokens: &scenario::Tokens, path: &str, p: &Problems) {
    let most = tokens.most;
    let is_bucket = most > 0.0 && most <= 1e9;
    p.range(
        format!("{path}.most"),
        is_bucket,
        format!("a bucket of {most} tokens"),
        "write a number above 0 and up to 1000000000",
    );
    for (field, value) in [
        ("retry_costs", tokens.retry_costs),
        ("failure_costs", tokens.failure_costs),
        ("success_earns", tokens.success_earns),
    ] {
        p.range(
            format!("{path}.{field}"),
            !is_bucket || (0.0..=most).contains(&value),
            format!("{value} tokens of a bucket that holds {most}"),
            "write a number from 0 to what the bucket holds",
        );
    }
    p.range(
        format!("{path}.stops_at"),
        !is_bucket || (0.0..most).contains(&tokens.stops_at),
        format!("a bucket of {most} tokens never has more than {}, so that there is no retry", tokens.stops_at),
        "write a number below what the bucket holds",
    );
    if tokens.retry_costs == 0.0 && tokens.failure_costs == 0.0 {
        p.add(
            Code::NeverActs,
            path,
            "nothing takes tokens out of this bucket",
            "say what a retry costs, or what a failure costs",
        );
    }
}

/// The client as the request engine takes it.
pub fn compile(client: &Written) -> Client {
    let retries = client.retries.as_ref();
    Client {
        attempts: retries.map_or(1, |r| r.attempts),
        retries_timeouts: retries.is_some_and(|r| r.of_timeouts),
        backoff: retries.map_or(Backoff::None, backoff),
        budget: retries.and_then(|r| r.budget).map_or(f64::INFINITY, |share| share.0),
        tokens: retries.and_then(|r| r.tokens).map(|t| Tokens {
            most: t.most,
            retry_costs: t.retry_costs,
            failure_costs: t.failure_costs,
            success_earns: t.success_earns,
            stops_at: t.stops_at,
            gives_back: t.gives_back,
        }),
        cancels: client.cancels,
        hedge: client.hedge.map(|h| Hedge { after: h.after, at_most: h.at_most }),
        breaker: client.breaker.map(|b| Breaker {
            fails: b.fails.0,
            of_at_least: b.of_at_least,
            over: b.over,
            opens_for: b.opens_for,
        }),
        throttle: client.throttle.map(|t| Throttle { k: t.k, over: t.over }),
    }
}

fn backoff(retries: &scenario::Retries) -> Backoff {
    match retries.backoff {
        Some(scenario::Backoff::FullJitter { base, factor, at_most }) => {
            Backoff::Growing { base, factor: factor.0, at_most, jitter: (0.0, 1.0) }
        }
        Some(scenario::Backoff::Jitter { base, factor, at_most, by }) => {
            Backoff::Growing { base, factor: factor.0, at_most, jitter: (1.0 - by.0, 1.0 + by.0) }
        }
        None if retries.after == Duration::ZERO => Backoff::None,
        None => Backoff::After(retries.after),
    }
}

/// The retries as the flow engine takes them: by their means, and tokens as the budget that they allow at most.
pub fn means(client: &Written) -> Option<Retries> {
    let written = client.retries.as_ref()?;
    let after_s = backoff(written).wait(1, 0.5).seconds();
    let budget = match (written.budget, &written.tokens) {
        (Some(share), _) => share.0,
        (None, Some(tokens)) => allowed_by(tokens),
        (None, None) => f64::INFINITY,
    };
    Some(Retries { attempts: written.attempts, after_s, budget }).filter(|r| r.attempts > 1 && r.budget > 0.0)
}

/// The most retries that a bucket of tokens allows in the long run, as a share of first attempts.
///
/// What goes out of the bucket is no more than what comes in. A request succeeds at most once, so that it earns at most
/// `success_earns`; a retry costs what it costs, and so does the failure before it. Where a retry that succeeds gives its
/// cost back, only those that fail cost anything. Of attempts that fail with probability q, about q are tried again: they
/// cost q (failure + q retry) and earn (1 - q) success, and the bucket empties where the first is above the second.
pub fn allowed_by(tokens: &scenario::Tokens) -> f64 {
    let (retry, failure, success) = (tokens.retry_costs, tokens.failure_costs, tokens.success_earns);
    if retry + failure == 0.0 {
        return f64::INFINITY;
    }
    if tokens.gives_back && retry > 0.0 {
        let linear = failure + success;
        (num::sqrt(linear * linear + 4.0 * retry * success) - linear) / (2.0 * retry)
    } else {
        success / (retry + failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Luck, Stream};
    use crate::scenario::presets::{ms, preset, with_preset};
    use crate::scenario::{ClientPreset, Tokens as Bucket};

    #[test]
    fn a_feature_says_more_than_its_preset() {
        let feature: scenario::Feature =
            ron::from_str(r#"(calls: [], client: Some(envoy), timeout: Some("1s"), retries: Some((attempts: 5)))"#)
                .unwrap();
        let written = with_preset(&feature);
        assert_eq!(written.timeout, Some(ms(1_000)));
        let client = compile(&written);
        assert_eq!((client.attempts, client.backoff, client.budget), (5, Backoff::None, f64::INFINITY));
        let silent = with_preset(&scenario::Feature { timeout: None, retries: None, ..feature });
        assert_eq!(silent, preset(ClientPreset::Envoy));
        assert_eq!(compile(&silent).backoff.wait(2, 0.5), ms(25));
    }

    #[test]
    fn every_preset_is_one_that_a_file_could_say() {
        let scenario = ron::from_str(
            r#"Scenario(format: 1, title: "x", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"))"#,
        )
        .unwrap();
        for name in [ClientPreset::Grpc, ClientPreset::AwsStandard, ClientPreset::Envoy, ClientPreset::Hystrix] {
            let problems = Problems::new(&scenario);
            check(&preset(name), "features.page", &problems);
            assert_eq!(problems.into_found(), [], "{name:?}");
        }
    }

    /// Retries per first attempt in the long run, where attempts fail with probability q and each failure is tried again
    /// once, while there are tokens.
    fn played(bucket: &Bucket, q: f64) -> f64 {
        const FIRSTS: u32 = 200_000;
        let (mut tokens, mut retries) = (bucket.most, 0_u32);
        let mut stream = Stream::new(Luck { seed: 1, replication: 0 }, "client", "fails");
        for _ in 0..FIRSTS {
            for attempt in 1..=2 {
                if !stream.chance(q) {
                    let gets_back = attempt == 2 && bucket.gives_back;
                    let earned = if gets_back { bucket.retry_costs } else { bucket.success_earns };
                    tokens = (tokens + earned).min(bucket.most);
                    break;
                }
                tokens = (tokens - bucket.failure_costs).max(0.0);
                if attempt == 2 || tokens <= bucket.stops_at || tokens < bucket.retry_costs {
                    break;
                }
                tokens -= bucket.retry_costs;
                retries += 1;
            }
        }
        f64::from(retries) / f64::from(FIRSTS)
    }

    #[test]
    fn no_bucket_allows_more_retries_than_its_budget() {
        let plain = Bucket {
            most: 100.0,
            retry_costs: 5.0,
            failure_costs: 0.0,
            success_earns: 1.0,
            stops_at: 0.0,
            gives_back: false,
        };
        let of = |name| preset(name).retries.and_then(|r| r.tokens).unwrap();
        for bucket in [plain, of(ClientPreset::Grpc), of(ClientPreset::AwsStandard)] {
            let allowed = allowed_by(&bucket);
            let most = (1..20).map(|i| played(&bucket, f64::from(i) / 20.0)).fold(0.0, f64::max);
            assert!(most <= 1.05 * allowed && most >= 0.4 * allowed, "{bucket:?}: {most} of {allowed}");
        }
    }
}
