//! Compiling load balancers.

use super::limits;
use super::resolve::Problems;
use crate::scenario::{self, Code};
use crate::units::Duration;
use crate::world::balancer::{Balancer, Damping, HealthChecks, Outliers};

/// Servers of one site behind a balancer.
pub const SERVERS_MAX: u64 = 10_000;

pub fn balancer(service: &scenario::Service, path: &str, horizon: Duration, p: &Problems) -> Option<Balancer> {
    let scenario::Balancer { picks, checks, outliers } = service.balancer.as_ref()?;
    let (picks, checks) = (*picks, checks.as_ref());
    let outliers = outliers.map(|outliers| {
        let path = format!("{path}.balancer.outliers");
        p.range(
            format!("{path}.errors"),
            outliers.errors > 0,
            "after no error at all a server is ejected",
            "write at least 1",
        );
        p.range(
            format!("{path}.stays_out"),
            outliers.stays_out.0 > 0,
            "a server that is ejected is back at once",
            "give a time above zero, like \"30s\"",
        );
        let damping = damping(outliers.stays_out, outliers.longest, &path, p);
        Outliers { errors: outliers.errors.max(1), damping, most: outliers.most.0 }
    });
    let checks = checks.map(|checks| health_checks(checks, &format!("{path}.balancer.checks"), horizon, p));
    Some(Balancer { picks, checks, outliers })
}

fn damping(stays_out: Duration, longest: Duration, path: &str, p: &Problems) -> Damping {
    if stays_out > longest {
        p.add(
            Code::Contradiction,
            format!("{path}.longest"),
            format!("whoever is ejected stays out for {stays_out}, and for {longest} at the longest"),
            format!("write at least {stays_out}"),
        );
    }
    Damping { stays_out, longest }
}

/// Health checks, of servers or of sites.
pub fn health_checks(checks: &scenario::HealthChecks, path: &str, horizon: Duration, p: &Problems) -> HealthChecks {
    let scenario::HealthChecks { every, timeout, fails, passes, panic_below, deep: _, stays_out, longest } =
        checks.clone();
    limits::period(p, &format!("{path}.every"), every, horizon);
    if timeout.0 == 0 {
        p.add(
            Code::OutOfRange,
            format!("{path}.timeout"),
            "a check that has no time to be answered always fails",
            "give a timeout above zero, like \"1s\"",
        );
    } else if every.0 > 0 && timeout > every {
        p.add(
            Code::OutOfRange,
            format!("{path}.timeout"),
            format!("the timeout of {timeout} is longer than the time of {every} between two checks of a server"),
            "give a timeout that is at most every:",
        );
    }
    let at_least_one = [("fails", fails, "a server is ejected"), ("passes", passes, "an ejected server returns")];
    for (field, count, what) in at_least_one {
        p.range(format!("{path}.{field}"), count > 0, format!("after no check at all {what}"), "write at least 1");
    }
    let damping = damping(stays_out, longest, path, p);
    HealthChecks { every, timeout, fails, passes, panic_below: panic_below.0, damping }
}

/// Checks that the servers of a site are not too many to have a queue each.
pub fn servers(scenario: &scenario::Scenario, placement: &scenario::Placement, path: &str, p: &Problems) {
    let of_pool = |pool: &String| scenario.components.get(pool).map(|component| component.count.unwrap_or(1));
    let (field, servers) = match (placement.servers, placement.pool.as_ref().and_then(of_pool)) {
        (Some(servers), _) => ("servers", servers),
        (None, Some(servers)) => ("pool", servers),
        (None, None) => return,
    };
    if servers > SERVERS_MAX {
        p.add(
            Code::TooMany,
            format!("{path}.{field}"),
            format!("{servers} servers behind a balancer, each with a queue of its own"),
            format!("write at most {SERVERS_MAX} servers, with more workers: each, or leave the balancer out"),
        );
    }
}

/// Checks what a drill does to some of the servers of a service, or to what health checks see of it.
pub fn slowed(
    (name, service): (&str, &scenario::Service),
    at: Option<&str>,
    (servers, checks_pass): (Option<u64>, bool),
    path: &str,
    p: &Problems,
) {
    if let Some(servers) = servers {
        let most = service.runs_at.iter().filter(|(site, _)| at.is_none_or(|at| at == *site));
        let most = most.map(|(_, placement)| placement.servers.unwrap_or(u64::MAX)).max();
        if service.balancer.is_none() {
            p.add(
                Code::Contradiction,
                format!("{path}.servers"),
                format!("the servers of \"{name}\" have one queue, so that none of them is slow by itself"),
                "give the service a balancer: (), or leave this out",
            );
        } else if servers == 0 || most.is_some_and(|most| servers > most) {
            p.add(
                Code::OutOfRange,
                format!("{path}.servers"),
                match most {
                    Some(most) if servers > most => format!("{servers} of {most} servers"),
                    _ => "no server at all is slow".to_owned(),
                },
                "write from 1 to the number of servers at the site",
            );
        }
    }
    if checks_pass && service.balancer.as_ref().is_none_or(|balancer| balancer.checks.is_none()) {
        p.add(
            Code::NeverActs,
            format!("{path}.checks_pass"),
            format!("nobody checks the health of the servers of \"{name}\""),
            "give the service a balancer with checks:, or leave this out",
        );
    }
}
