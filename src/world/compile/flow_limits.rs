//! What a scenario says and the flow engine does not do: it counts rates and means, and knows no single request.

use super::clients::allowed_by;
use super::resolve::sorted;
use crate::scenario::presets::{of_call, with_preset};
use crate::scenario::{self, Discipline, Scenario};

/// A path of the scenario and a sentence for each such thing, sorted.
pub fn flow_limits(scenario: &Scenario, has_call_clients: bool) -> Vec<String> {
    let mut found = Vec::new();
    for (i, link) in scenario.links.iter().enumerate().filter(|(_, link)| link.jitter.0 > 0) {
        let jitter = link.jitter;
        found.push(format!("links.{i}.jitter: the flow engine adds the mean of {jitter} each way, and no spread"));
    }
    for (name, service) in sorted(&scenario.services) {
        let of = of_service(service);
        found.extend(of.into_iter().map(|(field, what)| format!("services.{name}.{field}: the flow engine {what}")));
        found.extend(of_calls(&service.calls, &format!("services.{name}.calls")));
    }
    for (name, feature) in sorted(&scenario.features) {
        let of = of_feature(feature);
        found.extend(of.into_iter().map(|(field, what)| format!("features.{name}.{field}: the flow engine {what}")));
        found.extend(of_calls(&feature.calls, &format!("features.{name}.calls")));
    }
    found.extend(of_patience(scenario, has_call_clients));
    found.sort();
    found
}

/// Where impatience is as it is in the long run from the start on, also in an overload that is shorter than patience.
fn of_patience(scenario: &Scenario, has_call_clients: bool) -> Vec<String> {
    let mut services = scenario.services.0.iter().map(|(_, service)| service);
    let why = if impatience_settles_at_once(scenario, has_call_clients) {
        "while anybody tries again, waits for answers or keeps a session"
    } else if services.any(|service| service.holds && !service.calls.is_empty()) {
        "at services whose callers hold a worker"
    } else {
        return Vec::new();
    };
    let impatient = sorted(&scenario.people).filter(|(_, people)| people.patience.is_some());
    let told = |name: &str| {
        format!(
            "people.{name}.patience: {why}, the flow engine has as many give up as in the long run, from the start of an overload on"
        )
    };
    impatient.map(|(name, _)| told(name)).collect()
}

/// Whether queues of impatient users are taken to be settled at once. What comes then depends on who gives up, and a queue that moves would
/// follow itself in ever smaller steps.
pub fn impatience_settles_at_once(scenario: &Scenario, has_call_clients: bool) -> bool {
    let people = || scenario.people.0.iter().map(|(_, people)| people);
    let used = people().flat_map(|people| &people.uses.0).filter_map(|(name, _)| scenario.features.get(name));
    let tries_again = used.map(with_preset).any(|written| written.retries.is_some());
    people().any(|people| people.patience.is_some())
        && (tries_again
            || has_call_clients
            || people().any(|people| people.waits_for_answers || people.sessions.is_some()))
}

/// What the policies of calls say.
fn of_calls(calls: &[scenario::Call], path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (i, call) in calls.iter().enumerate() {
        let (scenario::Call::Hard(to) | scenario::Call::Soft(to)) = call;
        let written = of_call(to);
        let field = |is_written: bool, field: &'static str| if is_written { field } else { "client" };
        let retries = written.retries.as_ref();
        let tokens = retries.and_then(|retries| retries.tokens.as_ref()).map(|tokens| 100.0 * allowed_by(tokens));
        let fields = [
            (written.cancels.then_some("cancels"), "does all the work of attempts that were given up".to_owned()),
            (written.hedge.map(|_| "hedge"), "sends no second attempt while the first is under way".to_owned()),
            (written.breaker.map(|_| field(to.breaker.is_some(), "breaker")), "has no circuit breakers".to_owned()),
            (written.throttle.map(|_| "throttle"), "turns no calls away at the caller".to_owned()),
            (to.connections.map(|_| "connections"), "has as many connections as are asked for".to_owned()),
            (to.passes_deadline.then_some("passes_deadline"), "tries on for requests that were given up".to_owned()),
            (
                retries.and_then(|r| r.backoff).map(|_| field(to.retries.is_some(), "retries.backoff")),
                "waits before every retry as long as before the first, on average".to_owned(),
            ),
            (
                tokens.map(|_| field(to.retries.is_some(), "retries.tokens")),
                format!(
                    "has a budget of {:.0}% instead of tokens, the most retries that they allow for long",
                    tokens.unwrap_or(0.0)
                ),
            ),
        ];
        let said = fields.into_iter().filter_map(|(field, what)| Some((field?, what)));
        found.extend(said.map(|(field, what)| format!("{path}.{i}.{field}: the flow engine {what}")));
    }
    found
}

const AT_ONCE: &str = "makes the calls one after the other";

fn of_service(service: &scenario::Service) -> Vec<(&'static str, &'static str)> {
    let discipline = match service.discipline {
        Discipline::Fifo => None,
        Discipline::Lifo => Some("serves who came first, not who came last"),
        Discipline::Priority => Some("serves all priorities in one line"),
        Discipline::ProcessorSharing => Some("has a line in front of the workers instead of sharing them"),
        Discipline::Codel { .. } => Some("drops nobody who waits"),
    };
    let fields = [
        ("at_once", service.at_once.then_some(AT_ONCE)),
        (
            "balancer",
            service
                .balancer
                .as_ref()
                .map(|balancer| match balancer.checks.as_ref().is_some_and(|checks| !checks.deep.is_empty()) {
                    true => "has one queue for all servers of a site, and checks only whether they are dead, and what is deep",
                    false => "has one queue for all servers of a site, and checks only whether servers are dead",
                }),
        ),
        (
            "balancer.outliers",
            service.balancer.as_ref().and_then(|balancer| balancer.outliers).map(|_| "ejects for their errors only servers that are dead"),
        ),
        ("cache", service.cache.map(|_| "lets the cache fill by the mean, and everybody who misses make the calls")),
        ("discipline", discipline),
        ("in_flight_max", service.in_flight_max.map(|_| "has no limit on what is in flight")),
        (
            "sheds",
            (service.queue.is_none() && service.sheds != scenario::Sheds::Alike)
                .then_some("turns away what is over the capacity, for there is no queue with a limit"),
        ),
        ("rate_limit", service.rate_limit.map(|_| "has no limit on the rate")),
    ];
    fields.into_iter().filter_map(|(field, what)| Some((field, what?))).collect()
}

fn of_feature(feature: &scenario::Feature) -> Vec<(&'static str, String)> {
    let client = with_preset(feature);
    let mut found = Vec::new();
    // What a preset says is at the place of the preset.
    let mut note = |is_written: bool, field: &'static str, what: &str| {
        found.push((if is_written { field } else { "client" }, what.to_owned()));
    };
    if feature.at_once {
        note(true, "at_once", AT_ONCE);
    }
    if client.cancels {
        note(true, "cancels", "does all the work of requests that were given up");
    }
    if client.hedge.is_some() {
        note(feature.hedge.is_some(), "hedge", "sends no second attempt while the first is under way");
    }
    if client.breaker.is_some() {
        note(feature.breaker.is_some(), "breaker", "has no circuit breakers");
    }
    if client.throttle.is_some() {
        note(feature.throttle.is_some(), "throttle", "turns no requests away at the client");
    }
    let Some(retries) = client.retries else { return found };
    let is_written = feature.retries.is_some();
    if retries.backoff.is_some() {
        note(is_written, "retries.backoff", "waits before every retry as long as before the first, on average");
    }
    if !retries.of_timeouts {
        note(is_written, "retries.of_timeouts", "tries again what timed out, too");
    }
    if let Some(tokens) = &retries.tokens {
        let percent = 100.0 * allowed_by(tokens);
        let what =
            format!("has a budget of {percent:.0}% instead of tokens, the most retries that they allow for long");
        note(is_written, "retries.tokens", &what);
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::scenario::Source;
    use crate::units::Duration;
    use crate::world::{Backoff, Discipline, RateLimit, World};

    fn world(services: &str, features: &str) -> std::sync::Arc<World> {
        let text = format!(
            r#"Scenario(
                format: 1,
                title: "x",
                clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"),
                sites: {{"oslo": (), "us": ()}},
                links: [(between: ("oslo", "us"), rtt: "95ms", jitter: "2ms")],
                services: {{"db": (runs_at: {{"us": (servers: 2)}}, takes: fixed("5ms")), {services}}},
                features: {{"page": (calls: [hard(to: "db")], {features})}},
                people: {{"pupils": (users: 10, uses: {{"page": "1/min"}}, served_by: "oslo")}},
            )"#
        );
        let reading = Source::new("x.ron", text).read_plain();
        assert_eq!(reading.mistakes, []);
        World::compile(&reading.scenario.unwrap()).unwrap()
    }

    #[test]
    fn what_the_flow_engine_leaves_out_is_told() {
        let world = world(
            r#""web": (
                runs_at: {"oslo": (servers: 2)}, takes: fixed("5ms"), calls: [hard(to: "db")], at_once: true,
                cache: (keys: 1000, zipf: 1, holds: 10), discipline: codel(), in_flight_max: 9,
                rate_limit: (rate: "5/s", burst: 2),
            )"#,
            r#"client: grpc, timeout: "2s", at_once: true, cancels: true, hedge: (after: "1s"), throttle: (),
                breaker: (fails: "50%", of_at_least: 20, over: "10s", opens_for: "5s")"#,
        );
        assert_eq!(
            world.flow_limits,
            [
                "features.page.at_once: the flow engine makes the calls one after the other",
                "features.page.breaker: the flow engine has no circuit breakers",
                "features.page.cancels: the flow engine does all the work of requests that were given up",
                "features.page.client: the flow engine has a budget of 10% instead of tokens, the most retries that they \
                 allow for long",
                "features.page.client: the flow engine tries again what timed out, too",
                "features.page.client: the flow engine waits before every retry as long as before the first, on average",
                "features.page.hedge: the flow engine sends no second attempt while the first is under way",
                "features.page.throttle: the flow engine turns no requests away at the client",
                "links.0.jitter: the flow engine adds the mean of 2ms each way, and no spread",
                "services.web.at_once: the flow engine makes the calls one after the other",
                "services.web.cache: the flow engine lets the cache fill by the mean, and everybody who misses make the calls",
                "services.web.discipline: the flow engine drops nobody who waits",
                "services.web.in_flight_max: the flow engine has no limit on what is in flight",
                "services.web.rate_limit: the flow engine has no limit on the rate",
            ]
        );
        let web = &world.services[1];
        let codel = Discipline::Codel { target: Duration(5_000_000), interval: Duration(100_000_000) };
        assert_eq!((web.discipline, web.rate_limit), (codel, Some(RateLimit { per_s: 5.0, burst: 2 })));
        assert_eq!(web.cache.map(|c| (c.keys, c.zipf, c.holds)), Some((1_000, 1.0, 10)));
        assert!(
            (world.routes.between(world.stations[0].site, world.stations[1].site).unwrap().rtt_s - 0.099).abs() < 1e-12
        );
        let page = &world.features[0];
        let retries = page.retries.unwrap();
        assert_eq!((page.timeout_s, retries.attempts, retries.after_s, retries.budget), (Some(2.0), 4, 0.1, 0.1));
        assert_eq!((page.client.attempts, page.client.retries_timeouts, page.client.cancels), (4, false, true));
        let jitter = (0.8, 1.2);
        let (base, factor, at_most) = (Duration(100_000_000), 2.0, Duration(1_000_000_000));
        assert_eq!(page.client.backoff, Backoff::Growing { base, factor, at_most, jitter });
    }

    #[test]
    fn a_plain_scenario_is_not_beyond_the_flow_engine() {
        let world = world("", r#"timeout: "2s", retries: (attempts: 3, after: "1s", budget: "20%")"#);
        assert_eq!(world.flow_limits, ["links.0.jitter: the flow engine adds the mean of 2ms each way, and no spread"]);
        let client = world.features[0].client;
        assert_eq!((client.attempts, client.backoff, client.budget), (3, Backoff::After(Duration(1_000_000_000)), 0.2));
    }
}
