//! Steps that go wrong, starts that do not succeed, and admission that comes back by steps.

use crate::common::{assert_mean, assert_near, outcome, outcome_of, world};
use firedrill::metrics::Outcome;

/// A service of ten servers, a hundred requests a second at most, and fifty people who ask once a second.
fn shop(service: &str, more: &str, runbook: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "steps", clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "4h"),
        sites: {{"here": ()}}, components: {{"rack": (at: "here")}},
        services: {{"web": (runs_at: {{"here": (servers: 10, stands_on: all(["rack"]))}}, takes: fixed("100ms"){service})}},
        features: {{"look": (calls: [hard(to: "web")])}},
        people: {{"buyers": (users: 50, uses: {{"look": "1/s"}}, served_by: "here", arrivals: smooth)}},
        {more} strategies: {{"a": (runbook: {{{runbook}}})}}, drill: [{drill}])"#
    )
}

fn runs(text: &str) -> Vec<Outcome> {
    let compiled = world(text);
    (0..600).map(|replication| outcome_of(&compiled, replication)).collect()
}

#[test]
fn a_start_that_fails_with_probability_p_takes_so_many_times_as_long() {
    let crash = r#"at("+1h", crash(of: "rack", repaired_after: "10m"))"#;
    let text = shop(r#", starts_in: "5m", start_fails: "50%""#, "", "", crash);
    let down: Vec<f64> = runs(&text).iter().map(|run| run.people["buyers"].downtime_s).collect();
    assert!(down.iter().all(|s| ((s - 600.0) / 300.0).fract().abs() < 1e-9), "{down:?}");
    assert_mean("down", &down, 600.0 + 300.0 / 0.5, 0.05);
    // Whoever does not fail is not asked.
    let text = shop(r#", starts_in: "5m""#, "", "", crash);
    assert_eq!(outcome(&text).people["buyers"].downtime_s, 900.0);
}

#[test]
fn a_step_that_goes_wrong_does_damage_and_is_tried_again() {
    let measure = r#""fix": (at: "+1h", does: [hotfix(service: "web", takes: "x0.5")],
        goes_wrong: (chance: "50%", does: [crash(of: "rack", repaired_after: "2m")], again_after: "10m"))"#;
    let late: Vec<f64> = runs(&shop("", "", measure, ""))
        .iter()
        .map(|run| {
            let (fix, down) = (&run.procedures["fix"], run.people["buyers"].downtime_s);
            // Each time the rack is down for two minutes; of the last one the run may see less.
            let failed = f64::from(fix.phases_failed);
            assert!((down - 120.0 * failed).abs() < 1e-6, "{down} s down, {failed} times wrong");
            fix.done_at_s.map_or(10_800.0, |done| done - 3_600.0)
        })
        .collect();
    assert_mean("late", &late, 600.0, 0.15);
}

#[test]
fn what_goes_wrong_without_another_try_is_given_up() {
    let more = r#"stores: {"files": (primary: "here", also_written: "1/s", backups: {"b": (first: "+10m", restores: fixed("20m"))})},"#;
    let runbook = r#""tidy": (at: "+1h", does: [add_servers(service: "web", at: "here", servers: 5)], goes_wrong: (chance: "100%", does: [destroy(of: "files")])),
        "restore": (when: gone(of: "files"), does: [restore(of: "files")])"#;
    let seen = outcome(&shop("", more, runbook, ""));
    assert_eq!(seen.procedures["tidy"].ended, "given up");
    assert_eq!((seen.stores["files"].gone_s, seen.stores["files"].losses[0].writes), (1_200.0, 3_000.0));
    // Nothing of it is in effect.
    assert_eq!(seen.procedures["tidy"].done_at_s, None);
    // What is not gone cannot be restored.
    let seen = outcome(&shop("", more, r#""restore": (at: "+1h", does: [restore(of: "files")])"#, ""));
    assert_eq!(seen.procedures["restore"].ended, "refused");
}

const DOORS: &str = r#""doors": (when: busy(service: "web", at: "here", above: "100%"),
    phases: (count: 5, pause: "10m", go_on_when: not(busy(service: "web", at: "here", above: "70%"))BACK),
    does: [shed(share: "80%", eases_by_steps: true)])"#;
const SURGE: &str = r#"at("+10m", surge(of: "buyers", by: "x4", lasts: "1h"))"#;

#[test]
fn admission_comes_back_by_steps_that_what_is_seen_allows() {
    let seen = outcome(&shop("", "", &DOORS.replace("BACK", ""), SURGE));
    // Of 200 a second 160 are turned away for ten minutes, and 120 until the look at which the surge is over; then of 50 a
    // second 20 and 10 until the last step.
    let shed = 160.0 * 600.0 + 120.0 * 3_000.0 + (20.0 + 10.0) * 600.0;
    assert_near("shed", seen.people["buyers"].requests.shed, shed, 1e-9);
    assert_eq!(seen.procedures["doors"].done_at_s, Some(5_400.0));
}

#[test]
fn a_step_too_far_is_taken_back() {
    let bold = DOORS.replace("70%", "85%");
    let back = bold.replace("BACK", r#", step_back_when: busy(service: "web", at: "here", above: "100%")"#);
    let [once, twice] = [bold.replace("BACK", ""), back].map(|doors| outcome(&shop("", "", &doors, SURGE)));
    // Of 200 a second 120 come in with the third step, more than can be served: without a way back that stays so.
    let overloaded = |seen: &Outcome| {
        let times = seen.services["web@here"].overloads.iter().map(|o| o.load_over_until_s - o.from_s);
        times.sum::<f64>()
    };
    assert!(overloaded(&twice) < overloaded(&once), "{} and {}", overloaded(&twice), overloaded(&once));
    assert!(twice.people["buyers"].requests.shed > once.people["buyers"].requests.shed);
}
