//! Properties of designs: what is drawn, and what becomes of it where it fails.
#![cfg(feature = "proptest")]

mod common;

use common::campaign;
use firedrill::assert_objectives;
use firedrill::load::load;
use firedrill::property::{Case, Cases, designs, drills, scenarios};
use firedrill::scenario::{Choice, Inject, Objective, Scenario, Source, Within};
use firedrill::shrink::shrink;
use firedrill::study::Alone;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAGE: &str = "docs/how-to/write-a-property-in-rust.md";

fn runner(seed: u64) -> TestRunner {
    let config = Config { failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    TestRunner::new(config)
}

fn school() -> Scenario {
    let text = fs::read_to_string(Path::new(ROOT).join("examples/property/school.ron")).unwrap();
    load(&Source::new("school.ron", text), &Choice::default()).unwrap_or_else(|wrong| panic!("{wrong}")).0
}

/// The same with an objective that some faults break.
fn strict() -> Scenario {
    let mut school = school();
    school.objectives = Default::default();
    school.objectives.insert("a minute and a half", restored("schools", "90s"));
    school
}

fn restored(of: &str, within: &str) -> Objective {
    let (holds, under, when) = Default::default();
    Objective::Restored(Within {
        of: of.to_owned(),
        within: within.parse().unwrap(),
        holds,
        under,
        when,
        penalty: None,
    })
}

/// Drawn cases that miss an objective, as trees.
fn failing(cases: &Cases, count: usize) -> Vec<impl ValueTree<Value = Case> + use<>> {
    let mut runner = runner(1);
    let drawn = (0..2_000).map(|_| cases.new_tree(&mut runner).unwrap());
    drawn.filter(|tree| !tree.current().missed().is_empty()).take(count).collect()
}

/// Makes a failing case smaller as proptest does, for as long as this fails.
fn smallest(tree: &mut impl ValueTree<Value = Case>, fails: impl Fn(&Case) -> bool) -> Case {
    let mut any = tree.simplify();
    while any {
        any = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
    }
    tree.current()
}

#[test]
fn what_proptest_shrinks_and_what_shrink_makes_is_the_same() {
    let cases = drills(&strict()).at_most(3);
    let trees = failing(&cases, campaign(6, 40));
    assert!(trees.len() >= 6, "only {} of the drawn cases fail", trees.len());
    for mut tree in trees {
        let drawn = tree.current();
        let saved = drawn.to_save().expect("it fails");
        let smallest = smallest(&mut tree, |case| !case.missed().is_empty());
        let source = Source::new(&saved.path, &saved.text);
        let shrunk = shrink(&source, &Choice::default(), drawn.luck(), None, &mut Alone).unwrap();
        assert_eq!(smallest.text(), shrunk.text, "drawn:\n{drawn:?}");
        assert!(smallest.is_smallest() && smallest.scenario().drill.len() <= drawn.scenario().drill.len());
        // It is the file of a scenario that fails by itself, and is known to.
        let kept = smallest.to_save().expect("it fails, too");
        let (read, _) = load(&Source::new("kept.ron", &kept.text), &Choice::default()).unwrap();
        assert_eq!(read.expect_failure, ["a minute and a half"]);
        assert_eq!(kept.path, "failures/a-minute-and-a-half.ron");
    }
}

#[test]
fn a_property_of_another_kind_gets_smaller_too() {
    // Whatever else happens: the crash of Oslo is what this does not like.
    let fails = |case: &Case| case.text().contains("crash(of: \"oslo\"");
    let mut without = school();
    without.objectives = Default::default();
    for (school, objectives) in [(without, false), (school(), true)] {
        let cases = drills(&school).at_most(3);
        let mut runner = runner(5);
        let drawn = (0..500).map(|_| cases.new_tree(&mut runner).unwrap());
        let many = |case: &Case| case.scenario().drill.len() > 1 && case.missed().is_empty() != objectives;
        let trees: Vec<_> = drawn.filter(|tree| fails(&tree.current()) && many(&tree.current())).collect();
        assert!(trees.len() >= 3, "{}", trees.len());
        for mut tree in trees.into_iter().take(3) {
            let smallest = smallest(&mut tree, fails);
            let [Inject::At(at, _)] = &smallest.scenario().drill[..] else {
                panic!("one step is enough: {smallest:?}")
            };
            assert!(objectives || at == "+0s", "no time is simpler: {smallest:?}");
        }
    }
}

#[test]
fn a_design_gets_back_to_what_its_file_says_but_for_what_matters() {
    let mut school = strict();
    school.objectives = Default::default();
    school.objectives.insert("two minutes", restored("schools", "2m"));
    let grace = "strategies.standby.failover.home.detect.grace";
    let cases =
        designs(&school).at_most(1).threshold(grace, "10s", "10m").size("services.web.runs_at.oslo.servers", 4..=16);
    // A property of its own, so that the case does not become the file of `shrink`.
    let fails = |case: &Case| {
        let text = case.scenario().to_ron();
        case.outcome().people["schools"].longest_outage_s > 150.0 && text.contains("\"array in bergen\"")
    };
    let mut runner = runner(3);
    let drawn = (0..300).map(|_| cases.new_tree(&mut runner).unwrap());
    let mut tree = drawn.into_iter().find(|tree| fails(&tree.current())).expect("some grace is too long");
    let smallest = smallest(&mut tree, fails);
    let written = |case: &Case| case.scenario().services.get("web").unwrap().runs_at.get("oslo").unwrap().servers;
    assert_eq!(written(&smallest), Some(8), "the servers do not matter, and the file says eight: {smallest:?}");
}

#[test]
fn one_seed_of_proptest_draws_the_same_cases() {
    let drawn = || {
        let (mut runner, cases) = (runner(7), scenarios().at_most(2));
        (0..20).map(|_| cases.new_tree(&mut runner).unwrap().current().text()).collect::<Vec<_>>()
    };
    let first = drawn();
    assert_eq!(first, drawn());
    assert!(first.iter().any(|text| text != &first[0]));
}

#[test]
fn drills_have_so_many_faults_of_the_menu_and_none_that_are_kept_apart() {
    let mut school = school();
    school.menu.never_together = vec![vec!["crash of oslo".to_owned(), "crash of bergen".to_owned()]];
    let mut runner = runner(2);
    let cases = drills(&school).exactly(2);
    let mut together = 0;
    for _ in 0..300 {
        let case = cases.new_tree(&mut runner).unwrap().current();
        assert_eq!(case.scenario().drill.len(), 2, "{case:?}");
        let text = case.text();
        let both = ["oslo", "bergen"].iter().all(|site| text.contains(&format!("crash(of: \"{site}\"")));
        assert!(!both, "{text}");
        let times: Vec<f64> = case.scenario().drill.iter().map(|step| at_s(&case, step)).collect();
        assert!(times.iter().all(|at| (0.0..12.0 * 3_600.0).contains(at)), "{text}");
        together += usize::from((times[0] - times[1]).abs() < 4.0 * 3_600.0);
    }
    assert!((150..290).contains(&together), "{together} of 300: mostly the second comes while the first lasts");
}

fn at_s(case: &Case, step: &Inject) -> f64 {
    let Inject::At(at, _) = step else { panic!("every step has its time: {step:?}") };
    case.world().time(at).unwrap().seconds()
}

#[test]
fn a_failing_property_tells_its_story_and_keeps_its_files() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("property");
    let _ = fs::remove_dir_all(&root);
    let folder = root.to_str().unwrap();
    let failed = runner(1).run(&drills(&strict()), |case| {
        assert_objectives!(case, folder);
        Ok(())
    });
    let Err(TestError::Fail(why, case)) = failed else { panic!("some single fault takes more than 90 s: {failed:?}") };
    let why = why.message();
    assert!(why.starts_with("\"a minute and a half\" does not hold"), "{why}");
    assert!(why.contains("kept as failures/a-minute-and-a-half.ron") && why.contains("Failovers"), "{why}");
    let kept = fs::read_to_string(root.join("failures/a-minute-and-a-half.ron")).unwrap();
    assert_eq!(kept, case.text(), "what is kept is what proptest shows");
    let drawn = fs::read_to_string(root.join("failures/drawn/a-minute-and-a-half.ron")).unwrap();
    assert!(kept.lines().count() < drawn.lines().count(), "{kept}\n{drawn}");
    for text in [&kept, &drawn] {
        load(&Source::new("kept.ron", text.as_str()), &Choice::default()).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    assert_eq!(block(PAGE, "the kept file"), kept, "{PAGE} shows another file");
}

#[test]
fn a_design_that_cannot_be_run_is_said_and_not_drawn() {
    let none = designs(&school()).one_of("services.web.takes", ["fixed(\"-1s\")"]).new_tree(&mut runner(1));
    let why = none.expect_err("none of them can be run");
    assert!(why.message().contains("none of 200 cases can be run"), "{why}");
}

/// A block of a page, by the line above it.
fn block(page: &str, after: &str) -> String {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
    let from = text.find(after).unwrap_or_else(|| panic!("{page} has no {after:?}"));
    let fence = from + text[from..].find("\n```").unwrap() + 1;
    let start = fence + text[fence..].find('\n').unwrap() + 1;
    let end = start + text[start..].find("\n```").unwrap() + 1;
    text[start..end].to_owned()
}

#[test]
fn the_page_shows_the_example() {
    for file in ["school.ron", "tests/school.rs"] {
        let written = fs::read_to_string(Path::new(ROOT).join("examples/property").join(file)).unwrap();
        assert_eq!(block(PAGE, &format!("`{file}`:")), written, "{PAGE} shows another {file}");
    }
    let manifest = fs::read_to_string(Path::new(ROOT).join("examples/property/Cargo.toml")).unwrap();
    let shown = block(PAGE, "`Cargo.toml`");
    let lines = shown.lines().filter(|line| line.contains("proptest"));
    assert!(lines.clone().count() >= 2, "{shown}");
    for line in lines {
        let name = line.split(" =").next().unwrap();
        assert!(manifest.lines().any(|known| known.starts_with(name)), "{name}");
    }
}
