//! `test`: every expectation and every objective of every file.

use super::args::TestArgs;
use super::cases::{Case, Group, Lines, TestReport};
use super::said::{Said, usage};
use super::shrink::Failure;
use super::terminal::{self, Look};
use super::work::Work;
use super::{exit, files, interrupt, junit, rehearsed, shard, shrink, under_any};
use anstyle::{AnsiColor, Color, Style};
use firedrill::expect;
use firedrill::load;
use firedrill::replay;
use firedrill::report::text::{clean, width};
use firedrill::report::verdict;
use firedrill::rng::Luck;
use firedrill::run::run_unless;
use firedrill::scenario::{Choice, Scenario, Source};
use firedrill::study::{End, Judgement, ObjectiveOutcome, Protocol, Study, StudyError, Wanted};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is said where not everything was tested.
const IN_PART: &str = "what is told is what was tested by then";

/// Runs every run that the files speak of and judges it.
pub fn test(args: &TestArgs) -> Said {
    let shard = match shard::chosen(args.shard.as_deref()) {
        Ok(shard) => shard,
        Err(problem) => return usage(&problem),
    };
    let mut said = Said::default();
    let mut report = TestReport::default();
    let look = terminal::look();
    let mut all: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        match files::scenarios(path) {
            Ok(found) => all.extend(found),
            Err(error) => {
                report.broken += 1;
                said.file_error(&error);
            }
        }
    }
    files::will_read(&all);
    if let Err(error) = files::claim(&args.junit) {
        said.file_error(&error);
        return said;
    }
    for (index, path) in all.iter().enumerate() {
        if shard.is_none_or(|(m, n)| index as u64 % n == m) && !interrupt::asked() {
            one(path, args, look, &mut said, &mut report);
        }
    }
    said.out.push_str(&summary(&report));
    if interrupt::asked() {
        said.err.push_str(&interrupt::told(IN_PART));
        said.worsen(exit::INTERRUPTED);
    } else if let Some(folder) = &args.shrink {
        shrink::write_all(&mut said, folder, &report.failures, args.threads.map(usize::from));
    }
    if let Some(path) = &args.junit
        && let Err(error) = files::write(path, &junit::report(&report.groups, args.luck.seed))
    {
        said.file_error(&error);
    }
    said
}

/// One line that says it all.
fn summary(report: &TestReport) -> String {
    let cases = || report.groups.iter().flat_map(|group| &group.cases);
    let count = |judgement| cases().filter(|case| case.judgement == judgement).count();
    let files = format!("{} file{}", report.files, if report.files == 1 { "" } else { "s" });
    let total = cases().count();
    let what = match total {
        0 => format!("nothing is expected in {files}"),
        1 => format!("1 expectation in {files}"),
        n => format!("{n} expectations in {files}"),
    };
    let others: Vec<String> = [
        (count(Judgement::Fail), "failed"),
        (count(Judgement::Undecided), "undecided"),
        (count(Judgement::NoData), "without data"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    let mut summary = match (total, others.is_empty()) {
        (0, _) => what,
        (1, true) => format!("{what} holds"),
        (_, true) => format!("{what}, all hold"),
        _ => format!("{what}, {}", others.join(", ")),
    };
    if report.broken > 0 {
        summary.push_str(&format!("; {} could not be tested", report.broken));
    }
    summary + "\n"
}

fn one(path: &Path, args: &TestArgs, look: Look, said: &mut Said, report: &mut TestReport) {
    let source = match files::read(path) {
        Ok(source) => source,
        Err(error) => {
            report.broken += 1;
            said.file_error(&error);
            return;
        }
    };
    // Everything that the file says is looked at, also what no expectation speaks of.
    if let Err(mistakes) = load::check(&source) {
        report.broken += 1;
        said.mistakes(&source, &mistakes);
        return;
    }
    let Some(written) = source.read_plain().scenario else { return };
    report.files += 1;
    said.warnings(&source);
    said.out.push_str(&format!("{}\n", clean(&source.name)));
    let played = match rehearsed::groups(&source, &args.log, said) {
        Ok(groups) => groups,
        Err(failed) => {
            report.broken += 1;
            said.err.push_str(&failed.err);
            said.worsen(failed.code);
            return;
        }
    };
    if written.expect.is_empty() && written.objectives.is_empty() && played.is_empty() {
        said.out.push_str("  expects nothing\n");
        return;
    }
    let mut groups = expectations(&source, &written, args.luck.seed, said, report);
    let so_far = |said: &Said, groups: &[Group]| {
        let told = groups.iter().map(|group| told(group, look));
        said.out.clone() + &told.collect::<String>()
    };
    interrupt::end_telling(so_far(said, &groups), IN_PART);
    groups.extend(objectives(&source, &written, args, said, report));
    groups.extend(played);
    interrupt::end_telling(so_far(said, &groups), IN_PART);
    let under_any = under_any::objectives(&source, &written, args);
    interrupt::listen();
    match under_any {
        Ok(Some(found)) => groups.extend(found),
        Ok(None) => said.worsen(exit::INTERRUPTED),
        Err(error) => {
            report.broken += 1;
            said.err.push_str(&format!("error: {}: {}\n", clean(&source.name), clean(&error.to_string())));
            said.worsen(exit::SCENARIO);
        }
    }
    for group in groups {
        said.out.push_str(&told(&group, look));
        let any = |judgement| group.cases.iter().any(|case| case.judgement == judgement);
        if any(Judgement::Fail) {
            said.worsen(exit::EXPECTATION_FAILED);
        }
        if any(Judgement::Undecided) {
            said.worsen(exit::UNDECIDED);
        }
        if any(Judgement::NoData) {
            said.worsen(exit::NO_DATA);
        }
        report.groups.push(group);
    }
}

/// A run and what was asked of it.
fn told(group: &Group, look: Look) -> String {
    let run = if group.run.is_empty() { String::new() } else { format!("  {}\n", clean(&group.run)) };
    run + &lines(&group.cases, look)
}

/// What single runs are expected to show.
fn expectations(
    source: &Source,
    written: &Scenario,
    seed: u64,
    said: &mut Said,
    report: &mut TestReport,
) -> Vec<Group> {
    let mut groups = Vec::new();
    if written.expect.is_empty() {
        return groups;
    }
    interrupt::listen();
    let luck = Luck { seed, replication: 0 };
    let lines = Lines::of(source);
    for choice in expect::runs_needed(written) {
        #[expect(clippy::disallowed_methods, reason = "how long a test took, for its report")]
        let began = Instant::now();
        let world = match load::load(source, &choice) {
            Ok((_, world)) => world,
            Err(mistakes) => {
                report.broken += 1;
                said.mistakes(source, &mistakes);
                continue;
            }
        };
        let Some(run) = run_unless(interrupt::asked, &world, luck) else { break };
        let outcome = run.outcome;
        let verdicts = expect::judge(written, &world, &outcome);
        if verdicts.is_empty() {
            continue;
        }
        let p = &outcome.provenance;
        let picks = [p.strategy.as_ref(), p.maintenance.as_ref(), p.variant.as_ref()];
        let run: Vec<&str> = picks.into_iter().flatten().map(String::as_str).collect();
        let cases = verdicts.into_iter().map(|verdict| {
            let case = Case {
                judgement: verdict.judgement,
                replay: (!verdict.passed).then(|| replay::command("run", &source.name, &choice, luck)),
                shrink: None,
                drill: None,
                line: lines.of_expectation(verdict.expectation),
                what: verdict.what,
                seen: verdict.seen,
                expected: format!("expected {}", verdict.expected),
            };
            let is_known = written.is_known_to_fail(&format!("expect.{}", verdict.expectation));
            if is_known { case.known_to_fail() } else { case }
        });
        let cases = cases.collect();
        groups.push(Group { file: source.name.clone(), run: run.join(" · "), cases, took: began.elapsed() });
    }
    groups
}

/// What designs are to reach, over many runs.
fn objectives(
    source: &Source,
    written: &Scenario,
    args: &TestArgs,
    said: &mut Said,
    report: &mut TestReport,
) -> Vec<Group> {
    let mut groups = Vec::new();
    let lines = Lines::of(source);
    for (choice, mut names) in expect::objective_runs(written) {
        #[expect(clippy::disallowed_methods, reason = "how long a test took, for its report")]
        let began = Instant::now();
        if interrupt::asked() {
            break;
        }
        let by_chance = |name: &String| written.objectives.get(name).is_some_and(|o| o.under().is_by_chance());
        names.retain(by_chance);
        if names.is_empty() {
            continue;
        }
        let study = match study(source, &choice, args) {
            Ok(study) => study,
            Err(error) => {
                report.broken += 1;
                match error {
                    StudyError::Mistakes { source_text, mistakes } => said.mistakes(&source_text, &mistakes),
                    problem => {
                        let problem = problem.to_string();
                        said.err.push_str(&format!("error: {}: {}\n", clean(&source.name), clean(&problem)));
                        said.worsen(exit::SCENARIO);
                    }
                }
                continue;
            }
        };
        let threads = args.threads.map(usize::from);
        let work = Work { study: &study, threads, time: None, results: None, shard: None };
        let (comparison, ended) = match work.run(&mut ()) {
            Ok((tally, ended)) => (tally.comparison(ended), ended),
            Err(error) => {
                said.file_error(&error);
                continue;
            }
        };
        if ended == End::Interrupted {
            said.worsen(exit::INTERRUPTED);
        }
        let pick = &study.designs[0].world.pick;
        let picks = [pick.strategy.as_ref(), pick.maintenance.as_ref(), pick.variant.as_ref()];
        let run: Vec<&str> = picks.into_iter().flatten().map(String::as_str).collect();
        let runs = format!("{} replications", comparison.replications);
        let run: Vec<&str> = run.into_iter().chain([runs.as_str()]).collect();
        let of_this = comparison.designs[0].objectives.iter().filter(|o| names.contains(&o.name));
        let mut cases = Vec::new();
        for objective in of_this {
            let mut case = Case { line: lines.of_objective(&objective.name), ..case(objective, &study.protocol) };
            if written.is_known_to_fail(&objective.name) {
                case = case.known_to_fail();
            }
            if let (Some(_), Some(replication)) = (&case.shrink, objective.first_missed) {
                let luck = Luck { seed: args.luck.seed, replication };
                let of_under = objective.under;
                let objective = Some(objective.name.clone());
                let mut choice = choice.clone();
                choice.set.extend(of_under.set());
                report.failures.push((source.clone(), Failure { choice, luck, objective }));
            }
            cases.push(case);
        }
        groups.push(Group { file: source.name.clone(), run: run.join(" · "), cases, took: began.elapsed() });
    }
    groups
}

fn study(source: &Source, choice: &Choice, args: &TestArgs) -> Result<Study, StudyError> {
    let mut protocol = Protocol::new(args.luck.seed, args.replications);
    protocol.confidence = args.confidence;
    protocol.add_source(source);
    protocol.designs.push(Wanted::new("as written", 0, choice.clone()));
    Study::new(protocol)
}

fn case(objective: &ObjectiveOutcome, protocol: &Protocol) -> Case {
    Case {
        what: objective.name.clone(),
        seen: verdict::seen(objective),
        expected: verdict::asked(objective),
        judgement: objective.judgement,
        shrink: match objective.judgement {
            Judgement::Fail => {
                objective.first_missed.map(|missed| protocol.shrink(0, missed, &objective.name, objective.under))
            }
            _ => None,
        },
        replay: match objective.judgement {
            Judgement::Pass => None,
            _ => objective.first_missed.map(|replication| protocol.replay_under(0, replication, objective.under)),
        },
        drill: None,
        line: None,
    }
}

/// A line for each case, and below those that fail the command that shows why.
fn lines(cases: &[Case], look: Look) -> String {
    let style = |colour: AnsiColor| match look.colour {
        true => Style::new().fg_color(Some(Color::Ansi(colour))),
        false => Style::new(),
    };
    let column = cases.iter().map(|case| width(&clean(&case.what))).max().unwrap_or(0).min(look.width / 2);
    let mut out = String::new();
    for case in cases {
        let what = clean(&case.what);
        let blanks = " ".repeat(column.saturating_sub(width(&what)));
        let (seen, expected) = (clean(&case.seen), clean(&case.expected));
        let (word, ink) = match case.judgement {
            Judgement::Pass => ("ok  ", style(AnsiColor::Green)),
            Judgement::Fail => ("FAIL", style(AnsiColor::Red)),
            Judgement::NoData => ("none", style(AnsiColor::Yellow)),
            _ => ("?   ", style(AnsiColor::Yellow)),
        };
        // What was seen, and what was expected, stand below where there is no room beside what they are of.
        let below = format!("\n{}", " ".repeat(10));
        let mut taken = 12 + width(&what).max(column) + width(&seen);
        let (blanks, near) = if taken <= look.width { (blanks, "  ") } else { (String::new(), below.as_str()) };
        if near != "  " {
            taken = 10 + width(&seen);
        }
        let gap = match taken + 4 + width(&expected) <= look.width {
            true => "  ".to_owned(),
            false => below.clone(),
        };
        out.push_str(&match case.judgement {
            Judgement::Pass => format!("    {ink}{word}{ink:#}  {what}{blanks}{near}{seen}{gap}({expected})\n"),
            _ => format!("    {ink}{word}{ink:#}  {what}{blanks}{near}{ink}{seen}{ink:#}{gap}({expected})\n"),
        });
        if let Some(replay) = &case.replay {
            out.push_str(&format!("          {replay}\n"));
        }
        if let Some(shrink) = &case.shrink {
            out.push_str(&format!("          {shrink}\n"));
        }
        if case.judgement == Judgement::Undecided {
            out.push_str("          undecided: more --replications would tell\n");
        }
        if case.judgement == Judgement::NoData {
            out.push_str(
                "          no data: nothing was asked, it did not take place,\n          or it goes on where the run ends; neither a pass nor a failure\n",
            );
        }
    }
    out
}
