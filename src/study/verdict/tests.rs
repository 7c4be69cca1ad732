//! Who is counted among whom, with numbers that are made up.

use super::made_up::{comparison, design, met, missed, objective};
use super::*;

#[test]
fn who_meets_all_is_told_from_who_is_not_known_to() {
    let comparison = comparison(vec![
        design("a", Some(2.0), vec![met("x"), met("y")]),
        design("b", Some(1.0), vec![met("x"), objective("y", Judgement::Undecided, 1, 5.0)]),
        design("c", Some(1.0), vec![met("x"), objective("y", Judgement::NoData, 0, 0.0)]),
        design("d", Some(1.0), vec![met("x"), missed("y", 2, 40.0)]),
        design("e", Some(1.0), vec![met("x")]),
    ]);
    let verdict = Verdict::of(&comparison);
    let stand = [Standing::Meets, Standing::Undecided, Standing::NoData, Standing::Misses, Standing::NoData];
    assert_eq!(verdict.standings, stand);
    assert_eq!((verdict.objectives, &verdict.cheapest[..], &verdict.nearest[..]), (2, &[0][..], &[][..]));
    assert_eq!(verdict.misses, None);
    assert_eq!(verdict.order(&comparison.designs), [0, 1, 2, 4, 3]);
}

#[test]
fn what_has_no_price_or_another_currency_is_not_the_cheapest() {
    let mut comparison = comparison(vec![
        design("a", None, vec![met("x")]),
        design("b", Some(3.0), vec![met("x")]),
        design("c", Some(2.0), vec![met("x")]),
        design("d", Some(2.0), vec![met("x")]),
    ]);
    assert_eq!(Verdict::of(&comparison).cheapest, [2, 3]);
    comparison.designs[2].costs.as_mut().unwrap().currency = "NOK".to_owned();
    assert_eq!(Verdict::of(&comparison).cheapest, [] as [usize; 0]);
}

#[test]
fn the_nearest_misses_fewest_then_most_rarely_then_by_least() {
    let nearest = |designs: Vec<Vec<ObjectiveOutcome>>| {
        let designs = designs.into_iter().map(|objectives| design("a", None, objectives)).collect();
        Verdict::of(&comparison(designs)).nearest
    };
    let often = || vec![missed("x", 50, 1.0), met("y")];
    let twice = || vec![missed("x", 1, 1.0), missed("y", 1, 1.0)];
    let rarely = |by: f64| vec![met("x"), missed("y", 2, by)];
    assert_eq!(nearest(vec![twice(), often()]), [1]);
    assert_eq!(nearest(vec![twice(), often(), rarely(900.0)]), [2]);
    assert_eq!(nearest(vec![rarely(900.0), rarely(10.0)]), [1]);
    assert_eq!(nearest(vec![rarely(10.0), often(), rarely(10.0)]), [0, 2]);
}

#[test]
fn a_run_without_data_has_neither_met_nor_missed() {
    let mut objective = missed("x", 10, 1.0);
    (objective.met, objective.no_data) = (60, 30);
    assert_eq!(missed_share(&objective), 0.1);
    objective.no_data = 60;
    assert_eq!(missed_share(&objective), 0.0);
}
