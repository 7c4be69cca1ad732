//! What is rarer than runs can show, as a user asks for it.

use crate::typed::{all_documented, folder, with_input};
use std::fs;

/// Two disks of which one is enough: once in some five thousand years.
const DISKS: &str = r#"Scenario(
    format: 1, title: "disks", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"),
    components: {"disks": (count: 2, needs: 1, fails: exponential(mean: "2y"), repair: (takes: exponential(mean: "4h")))},
)"#;

#[test]
fn rare_events_are_told_and_every_field_of_them_is_documented() {
    let rare = ["compare", "-", "--rare", "--replications", "4000"];
    let (code, out, err) = with_input(&rare, DISKS.as_bytes());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("disks down") && out.contains("years") && !out.contains("not converged"), "{out}");
    let (code, out, err) = with_input(&[&rare[..], &["--json"]].concat(), DISKS.as_bytes());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    // 2 λ² r a year.
    let per_year = json["rated"][0]["per_year"][0].as_f64().unwrap();
    assert!((per_year / (2.0 * 0.25 * 4.0 / 8_760.0) - 1.0).abs() < 0.1, "{out}");
    all_documented(&json);
}

#[test]
fn rare_events_have_a_page() {
    let page = folder("rare page").join("rare.html");
    let rare = ["compare", "-", "--rare", "--replications", "2000", "--html", page.to_str().unwrap()];
    let (code, out, err) = with_input(&rare, DISKS.as_bytes());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let page = fs::read_to_string(page).unwrap();
    assert!(out.contains("wrote ") && page.contains("disks down") && page.contains("<svg") && page.contains("--rare"));
    assert!(!page.contains("<script"), "it stands alone");
}

#[test]
fn what_was_hardly_seen_comes_with_the_command_that_estimates_it() {
    let text = r#"Scenario(
        format: 1, title: "a disk", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "10d"),
        sites: {"a": ()},
        components: {"disk": (at: "a", fails: exponential(mean: "200y"), repair: (takes: fixed("4h")))},
        services: {"web": (runs_at: {"a": (servers: 4)}, takes: fixed("50ms"), stands_on: all(["disk"]))},
        features: {"page": (calls: [hard(to: "web")])},
        people: {"users": (users: 10, uses: {"page": "1/min"}, served_by: "a")},
    )"#;
    let varied =
        ["compare", "-", "--vary", "components.disk.repair.takes=fixed(\"4h\"),fixed(\"8h\")", "--replications", "20"];
    let (code, out, err) = with_input(&varied, text.as_bytes());
    assert_eq!(code, 0, "{out}{err}");
    let told = out.split("To estimate what was hardly seen").nth(1).unwrap_or_else(|| panic!("{out}"));
    assert!(told.contains("firedrill compare - --vary") && told.contains("--rare --seed 1"), "{told}");
    let (_, json, _) = with_input(&[&varied[..], &["--json"]].concat(), text.as_bytes());
    assert!(!json.contains("hardly seen\n"), "{json}");
}

#[test]
fn what_is_too_rare_for_so_few_runs_is_said_to_be_so() {
    let rarer = DISKS.replace("2y", "200y");
    let (code, out, _) = with_input(&["compare", "-", "--rare", "--replications", "50"], rarer.as_bytes());
    assert!(code == 0 && out.contains("not converged") && out.contains("at most one in"), "{out}");
}
