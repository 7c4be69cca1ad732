//! The verdict in words, of comparisons that are made up.

use super::*;
use crate::study::made_up::{comparison, design, met, missed, objective};

fn said(designs: Vec<DesignOutcome>) -> String {
    let comparison = comparison(designs);
    sentences(&comparison, &Verdict::of(&comparison)).join(" ")
}

fn undecided(name: &str) -> ObjectiveOutcome {
    objective(name, Judgement::Undecided, 3, 1.0)
}

fn no_data(name: &str) -> ObjectiveOutcome {
    objective(name, Judgement::NoData, 0, 0.0)
}

#[test]
fn all_meet() {
    let both = || vec![met("x"), met("y")];
    let cheapest = said(vec![design("a", Some(90.0), both()), design("b", Some(28.0), both())]);
    assert_eq!(cheapest, "Both designs meet both objectives; the cheapest is \"b\", 20,400 EUR a month.");
    let tied = ["a", "b", "c"].map(|label| design(label, Some(28.0), vec![met("x")]));
    let told =
        "All three designs meet the objective; the cheapest are \"a\", \"b\" and \"c\", 20,400 EUR a month each.";
    assert_eq!(said(tied.into()), told);
}

#[test]
fn some_meet_and_what_is_not_known_is_said() {
    let designs = vec![
        design("failover", Some(28.0), vec![met("x"), met("y"), met("z")]),
        design("none", Some(1.0), vec![met("x"), met("y"), missed("z", 1, 1.0)]),
        design("warm", Some(2.0), vec![met("x"), undecided("y"), met("z")]),
        design("cold", Some(2.0), vec![met("x"), undecided("y"), met("z")]),
        design("odd", Some(2.0), vec![no_data("x"), met("y"), met("z")]),
    ];
    let told = "One of five designs meets all three objectives: \"failover\", 20,400 EUR a month. Two more are undecided: more \
                replications would tell. One more has no data for some of them: that is not met.";
    assert_eq!(said(designs), told);
}

#[test]
fn what_was_never_missed_may_be_missed_all_the_same() {
    let mut always = met("x");
    always.never_missed_at_most = Some(0.03);
    let designs = vec![design("a", Some(28.0), vec![always.clone()]), design("b", None, vec![missed("x", 1, 1.0)])];
    let told = "One of two designs meets the objective: \"a\", 20,400 EUR a month. In 100 runs no miss was seen: one may still come \
                in up to 3% of runs.";
    assert_eq!(said(designs), told);
    // What may be missed now and then promises no more.
    always.needed_share = Some(0.9);
    let designs = vec![design("a", Some(28.0), vec![always]), design("b", None, vec![missed("x", 1, 1.0)])];
    assert!(!said(designs).contains("no miss"));
}

#[test]
fn without_prices_they_are_named() {
    let free = |label: &str| design(label, None, vec![met("x")]);
    let lost = || design("z", None, vec![missed("x", 1, 1.0)]);
    assert_eq!(said(vec![free("a"), free("b"), lost()]), "Two of three designs meet the objective: \"a\" and \"b\".");
    let many = vec![free("a"), free("b"), free("c"), free("d"), lost()];
    assert_eq!(said(many), "Four of five designs meet the objective; the first of them by downtime is \"a\".");
    let one_price = vec![free("a"), design("b", Some(28.0), vec![met("x")]), lost()];
    let told = "Two of three designs meet the objective; the cheapest with a price is \"b\", 20,400 EUR a month.";
    assert_eq!(said(one_price), told);
}

#[test]
fn none_meets() {
    let designs = vec![
        design("active-active", None, vec![met("x"), missed("y", 2, 40.0), met("z")]),
        design("b", None, vec![met("x"), missed("y", 50, 1.0), met("z")]),
        design("c", None, vec![missed("x", 1, 1.0), missed("y", 1, 1.0), met("z")]),
    ];
    let mut of_a_year = comparison(designs.clone());
    of_a_year.run_s = 365.0 * 86_400.0;
    let told = sentences(&of_a_year, &Verdict::of(&of_a_year)).join(" ");
    let start = "None of three designs meets all three objectives; \"active-active\" misses least: one of three, \"y\", by 40 s in \
                 2% of";
    assert_eq!(told, format!("{start} years."));
    assert_eq!(said(designs), format!("{start} runs."));
}

#[test]
fn ties_and_a_single_objective() {
    let two = ["a", "b"].map(|label| design(label, None, vec![missed("x", 100, 5.0)]));
    assert_eq!(
        said(two.into()),
        "Neither design meets the objective; \"a\" and \"b\" miss it least: by 5 s in all runs."
    );
    let all = ["a", "b"].map(|label| design(label, None, vec![missed("x", 1, 5.0), missed("y", 3, 5.0)]));
    let told = "Neither design meets both objectives; \"a\" and \"b\" miss least: all two, \"y\" by 5 s in 3% of runs.";
    assert_eq!(said(all.into()), told);
}

#[test]
fn what_is_not_known_is_no_good_news() {
    let designs = vec![
        design("a", None, vec![undecided("x"), met("y")]),
        design("b", None, vec![no_data("x"), met("y")]),
        design("c", None, vec![missed("x", 2, 4.0), met("y")]),
    ];
    let told = "None of three designs is known to meet both objectives: one is undecided, and more replications would tell; one \
                has no data for some of them. \"c\" misses one of two, \"x\", by 4 s in 2% of runs.";
    assert_eq!(said(designs), told);
    let nothing = vec![design("a", None, vec![no_data("x")]), design("b", None, vec![no_data("x")])];
    assert_eq!(said(nothing), "Neither design is known to meet the objective: two have no data for it.");
}

#[test]
fn one_design_alone() {
    let one = |objectives: Vec<ObjectiveOutcome>| said(vec![design("a", Some(28.0), objectives)]);
    assert_eq!(one(vec![met("x")]), "\"a\" meets the objective; it costs 20,400 EUR a month.");
    assert_eq!(
        one(vec![missed("x", 7, 0.5)]),
        "\"a\" misses the objective by 500 ms in 7% of runs; it costs 20,400 EUR a month."
    );
    assert!(one(vec![undecided("x"), met("y")]).starts_with("\"a\" is not known to meet both objectives: more"));
    assert!(one(vec![no_data("x"), met("y")]).starts_with("\"a\" is not known to meet both objectives: for some"));
}

#[test]
fn without_objectives_the_ranking_is_told() {
    let designs = |n: usize| ["a", "b", "c"][..n].iter().map(|label| design(label, Some(28.0), Vec::new())).collect();
    let nothing = " There are no objectives in the file: nothing says what is good enough.";
    let mut three = comparison(designs(3));
    let told = |comparison: &Comparison| sentences(comparison, &Verdict::of(comparison)).join(" ");
    let first = "\"a\" has the least downtime, 30 s a run, for 20,400 EUR a month";
    assert_eq!(told(&three), format!("{first}; that is settled with 95% confidence.{nothing}"));
    three.differences[1].separation = Separation::Open;
    assert_eq!(told(&three), format!("{first}; that is not settled against \"c\".{nothing}"));
    three.differences[1].separation = Separation::Alike;
    assert_eq!(told(&three), format!("{first}; \"c\" is as good by that.{nothing}"));
    three.designs[0].values = vec![None];
    assert_eq!(told(&three), format!("By downtime there is nothing to compare: nobody has data.{nothing}"));
    let one = comparison(designs(1));
    assert_eq!(told(&one), format!("\"a\" comes to downtime 30 s a run, for 20,400 EUR a month.{nothing}"));
}

#[test]
fn a_cell_has_a_sign_and_a_figure() {
    let of = |objective: ObjectiveOutcome| {
        let (sign, figure) = cell(Some(&objective));
        format!("{sign} {figure}")
    };
    assert_eq!(of(met("x")), "✓ 100%");
    assert_eq!(of(missed("x", 46, 1.0)), "✗ 54%");
    assert_eq!(of(undecided("x")), "? 97%");
    assert_eq!(of(no_data("x")), "– no data");
    let mut on_average = missed("x", 46, 1.0);
    (on_average.needed_share, on_average.mean) = (None, Some((75.0, 70.0, 80.0)));
    assert_eq!(of(on_average), "✗ 1 min 15 s");
    assert_eq!(beyond(Unit::Share, 0.000_25), "0.025 percentage points");
}
