//! Objectives that have to hold under any faults of the menu, in `test`: each is searched, and what breaks it is its story.

use super::args::TestArgs;
use super::cases::{Case, Group, Lines};
use super::thread_pool::ThreadPool;
use firedrill::expect;
use firedrill::replay::{choice_words, shell_word};
use firedrill::scenario::{Choice, Scenario, Source, Under};
use firedrill::search::{Asked, Broken, Search, SearchError};
use firedrill::study::Judgement;
use std::collections::BTreeMap;
use std::time::Instant;

/// Searches every such objective of a file; nothing where the work was given up.
pub fn objectives(source: &Source, written: &Scenario, args: &TestArgs) -> Result<Option<Vec<Group>>, SearchError> {
    let mut groups = Vec::new();
    let lines = Lines::of(source);
    let mut pool = ThreadPool::new("looking", args.threads.map(usize::from));
    for (choice, names) in expect::objective_runs(written) {
        let mut by_faults: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for name in names {
            if let Some(Under::Any { faults }) = written.objectives.get(&name).map(|objective| objective.under()) {
                by_faults.entry(faults as usize).or_default().push(name);
            }
        }
        for (faults, names) in by_faults {
            #[expect(clippy::disallowed_methods, reason = "how long a test took, for its report")]
            let began = Instant::now();
            let asked = Asked { faults, seed: args.luck.seed, ..Asked::default() };
            let search = Search::new(source, &choice, asked)?.only(&names);
            let Some(found) = search.run(&[], &mut pool)? else { return Ok(None) };
            let run = found.run.iter().cloned().chain([format!("any {} of {} faults", faults, found.menu)]);
            let known = |case: Case| if written.is_known_to_fail(&case.what) { case.known_to_fail() } else { case };
            let placed = |broken: &Broken| Case {
                line: lines.of_objective(&broken.objective),
                ..case(broken, source, &choice, asked)
            };
            let cases = found.objectives.iter().map(|broken| known(placed(broken))).collect();
            let run = run.collect::<Vec<_>>().join(" · ");
            groups.push(Group { file: source.name.clone(), run, cases, took: began.elapsed() });
        }
    }
    pool.done();
    Ok(Some(groups))
}

fn case(broken: &Broken, source: &Source, choice: &Choice, asked: Asked) -> Case {
    let (judgement, seen) = match (&broken.certificate, broken.minimal.first()) {
        (Some(_), _) => (Judgement::Pass, "nothing breaks it".to_owned()),
        (None, Some(set)) => {
            let more = match broken.minimal.len() {
                1 => String::new(),
                many => format!(", and {} more", many - 1),
            };
            (Judgement::Fail, format!("{} breaks it ({}{more})", set.faults.join(" + "), set.worst_at))
        }
        (None, None) if broken.broken_without => (Judgement::Fail, "broken without any fault".to_owned()),
        (None, None) => (Judgement::NoData, "no data".to_owned()),
    };
    let mut words = vec!["firedrill".to_owned(), "break".to_owned(), shell_word(&source.name)];
    words.extend(choice_words(choice));
    words.extend(["--objective".to_owned(), shell_word(&broken.objective)]);
    words.extend(["--faults".to_owned(), asked.faults.to_string(), "--seed".to_owned(), asked.seed.to_string()]);
    words.extend(["--keep".to_owned(), "failures".to_owned()]);
    Case {
        what: broken.objective.clone(),
        seen,
        expected: broken.asks.clone(),
        judgement,
        replay: (judgement != Judgement::Pass).then(|| words.join(" ")),
        shrink: None,
        drill: broken.minimal.first().map(|set| set.drill.clone()),
        line: None,
    }
}
