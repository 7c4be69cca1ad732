//! The same said more simply: shorter runs, earlier and rounder times, fixed lengths, small counts.

use super::cut::blank;
use super::trial::{read, tidy};
use crate::dist::Dist;
use crate::scenario::syntax::{Kind, NodeId, Tree, parse};
use crate::scenario::{Inject, Scenario};
use crate::units::{Duration, NANOS_PER_SECOND, Time};
use ron::extensions::Extensions;
use std::ops::Range;

const HOUR: i64 = 3_600 * NANOS_PER_SECOND;
const DAY: i64 = 24 * HOUR;
/// How long a run is tried, in hours.
const RUNS_H: [i64; 17] =
    [1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 7 * 24, 14 * 24, 28 * 24, 60 * 24, 90 * 24, 180 * 24, 365 * 24];
/// What a length is rounded to.
const ROUND: [i64; 8] = [
    DAY,
    HOUR,
    600 * NANOS_PER_SECOND,
    60 * NANOS_PER_SECOND,
    10 * NANOS_PER_SECOND,
    NANOS_PER_SECOND,
    NANOS_PER_SECOND / 1_000,
    1_000,
];
/// What a count is tried as.
const COUNTS: [u64; 8] = [1, 2, 5, 10, 100, 1_000, 10_000, 100_000];
/// Distributions that a fixed length can stand for.
const DRAWN: [&str; 6] = ["uniform", "exponential", "weibull", "lognormal", "erlang", "empirical"];
/// Sections whose values are not simplified: they say what fails.
const KEPT: [&str; 7] = ["format", "title", "objectives", "expect", "expect_failure", "assumptions", "recordings"];

/// Runs that end earlier, from the shortest on.
pub(super) fn shorter_run(text: &str) -> Vec<String> {
    let Ok((scenario, _)) = read(text) else { return Vec::new() };
    let now = scenario.clock.horizon;
    let shorter = RUNS_H.iter().map(|hours| Duration(hours * HOUR)).filter(|length| *length < now);
    let with = |horizon| {
        let mut scenario = scenario.clone();
        scenario.clock.horizon = horizon;
        tidy(scenario)
    };
    shorter.map(with).collect()
}

/// The drill earlier: all of it, as early as can be, or by whole weeks, or by whole days; or a step and all that follow it, an hour
/// after the one before.
pub(super) fn earlier(text: &str) -> Vec<String> {
    let Ok((scenario, world)) = read(text) else { return Vec::new() };
    let time = |step: &Inject| match step {
        Inject::At(at, _) => world.time(at).ok(),
        Inject::When(..) => None,
    };
    let mut times: Vec<Time> = scenario.drill.iter().filter_map(time).collect();
    times.sort_unstable();
    times.dedup();
    let Some(first) = times.first() else { return Vec::new() };
    let moved = |from: Time, by: i64| {
        let mut scenario = scenario.clone();
        for step in &mut scenario.drill {
            if let (Some(at), Inject::At(written, _)) = (time(step).filter(|at| *at >= from), &mut *step) {
                *written = format!("+{}", Time(at.0 - by).since(Time::ZERO));
            }
        }
        tidy(scenario)
    };
    // An hour in which all is well says that something changes then.
    let most = first.since(world.measured_from().after(Duration(HOUR))).0;
    let mut shifts = vec![most, most / (7 * DAY) * 7 * DAY, most / DAY * DAY];
    shifts.dedup();
    let all = shifts.into_iter().filter(|shift| *shift > 0).map(|by| moved(*first, by));
    let gaps = times.windows(2).map(|pair| (pair[1], pair[1].since(pair[0]).0 - HOUR));
    all.chain(gaps.filter(|(_, by)| *by > 0).map(|(from, by)| moved(from, by))).collect()
}

/// One member of a group in the place of the group.
pub(super) fn one_member(text: &str) -> Vec<String> {
    let Ok((scenario, _)) = read(text) else { return Vec::new() };
    let members = |(name, group): (&str, &crate::scenario::Group)| {
        let pairs = group.members.iter().map(|member| (name.to_owned(), member.clone()));
        pairs.collect::<Vec<_>>()
    };
    let pairs = scenario.groups.iter().flat_map(members);
    pairs.map(|(group, member)| instead_of_group(text, &scenario, &group, &member)).collect()
}

/// People who are served by a group at the site where a member of it is: what is said of those of the group is said of those of the
/// site, where those are the same people.
pub(super) fn at_its_site(text: &str) -> Vec<String> {
    let Ok((scenario, _)) = read(text) else { return Vec::new() };
    let mut found = Vec::new();
    for (group, written) in scenario.groups.iter() {
        let site_of = |member: &String| {
            let component = scenario.components.get(member).and_then(|component| component.at.clone());
            component.or_else(|| scenario.sites.get(member).map(|_| member.clone()))
        };
        let served_by =
            |place: &str| scenario.people.iter().filter(move |(_, people)| people.served_by == place).count();
        let mut sites: Vec<String> = written.members.iter().filter_map(site_of).collect();
        sites.dedup();
        for site in sites.into_iter().filter(|site| served_by(group) > 0 && served_by(site.as_str()) == 0) {
            let mut scenario = scenario.clone();
            for (_, people) in scenario.people.0.iter_mut().filter(|(_, people)| people.served_by == group) {
                people.served_by.clone_from(&site);
            }
            found.push(of_another(&tidy(scenario), group, &site));
        }
    }
    found
}

/// What objectives and expectations say of a place is said of another.
fn of_another(text: &str, place: &str, other: &str) -> String {
    let tree = parse(text);
    let is_it = |id: &NodeId| {
        let node = &tree.nodes[*id];
        let said = matches!(tree.steps_to(*id).first().map(String::as_str), Some("objectives" | "expect"));
        let of = tree.entry_of(*id).and_then(|entry| entry.key.as_ref()).is_some_and(|key| key.text == "of");
        let names = || ron::from_str::<String>(&text[node.span.clone()]).is_ok_and(|name| name == place);
        said && of && node.kind == Kind::Text && names()
    };
    let mut spans: Vec<Range<usize>> =
        (0..tree.nodes.len()).filter(is_it).map(|id| tree.nodes[id].span.clone()).collect();
    spans.sort_by_key(|span| span.start);
    let mut out = text.to_owned();
    for span in spans.into_iter().rev() {
        out.replace_range(span, &format!("{other:?}"));
    }
    out
}

fn instead_of_group(text: &str, scenario: &Scenario, group: &str, member: &str) -> String {
    let tree = parse(text);
    let mut changes = Vec::new();
    for id in 0..tree.nodes.len() {
        let node = &tree.nodes[id];
        let written = &text[node.span.clone()];
        let names_it = node.kind == Kind::Text && ron::from_str::<String>(written).is_ok_and(|name| name == group);
        if names_it && node.parent.is_some() && !is_kept(&tree, id) {
            changes.push((node.span.clone(), format!("{member:?}")));
        }
    }
    changes.sort_by_key(|(span, _)| span.start);
    let mut out = text.to_owned();
    for (span, by) in changes.into_iter().rev() {
        out.replace_range(span, &by);
    }
    // What fails it over goes with it: the compiler says what that is.
    let only = scenario.groups.len() == 1;
    let path = if only { "groups".to_owned() } else { format!("groups.{group}") };
    blank(&out, &path)
}

fn is_kept(tree: &Tree, node: NodeId) -> bool {
    tree.steps_to(node).first().is_none_or(|first| KEPT.contains(&first.as_str()))
}

/// A value that could be simpler.
pub(super) struct Spot {
    span: Range<usize>,
    /// What could stand there, the simplest first.
    pub simpler: Vec<String>,
}

impl Spot {
    /// The text with something else in this place.
    pub fn instead(&self, text: &str, by: &str) -> String {
        format!("{}{by}{}", &text[..self.span.start], &text[self.span.end..])
    }
}

/// Every value in the order of the text that could be simpler.
pub(super) fn values(text: &str, keeps_length: bool) -> Vec<Spot> {
    let tree = parse(text);
    let mut found = Vec::new();
    for (id, node) in tree.nodes.iter().enumerate() {
        if node.parent.is_none() || !may_change(&tree, id, keeps_length) {
            continue;
        }
        let written = &text[node.span.clone()];
        let simpler = match node.kind {
            Kind::Text => simpler_text(written),
            Kind::Number => simpler_count(written),
            Kind::Parens => simpler_parens(&tree, id, text),
            _ => Vec::new(),
        };
        if !simpler.is_empty() {
            found.push(Spot { span: node.span.clone(), simpler });
        }
    }
    found.sort_by_key(|spot| spot.span.start);
    found
}

/// Whether a value may be another: not what says what fails, and of the clock only how long the run is.
fn may_change(tree: &Tree, id: NodeId, keeps_length: bool) -> bool {
    let steps = tree.steps_to(id);
    match steps.first().map(String::as_str) {
        None => false,
        Some("clock") => steps.len() > 1 && steps[1] == "horizon" && !keeps_length,
        Some(first) => !KEPT.contains(&first),
    }
}

/// A length or a time after the start, rounder.
fn simpler_text(written: &str) -> Vec<String> {
    let Ok(value) = ron::from_str::<String>(written) else { return Vec::new() };
    let (sign, length) = value.strip_prefix('+').map_or(("", value.as_str()), |length| ("+", length));
    let Ok(length) = length.parse::<Duration>() else { return Vec::new() };
    let mut rounder: Vec<Duration> = Vec::new();
    for unit in ROUND.into_iter().filter(|unit| *unit <= length.0) {
        let down = length.0 / unit * unit;
        let up = down.saturating_add(unit);
        let nearest_first = if length.0 - down <= up - length.0 { [down, up] } else { [up, down] };
        rounder.extend(nearest_first.map(Duration));
    }
    let rounder = rounder.into_iter().map(|length| format!("{:?}", format!("{sign}{length}")));
    let mut shorter: Vec<String> = rounder.filter(|text| text.len() < written.len()).collect();
    shorter.dedup();
    shorter
}

/// A smaller count.
fn simpler_count(written: &str) -> Vec<String> {
    let Ok(count) = written.replace('_', "").parse::<u64>() else { return Vec::new() };
    COUNTS.into_iter().filter(|smaller| *smaller < count).map(|smaller| smaller.to_string()).collect()
}

/// A distribution as its mean; a way of noticing as noticing at once.
fn simpler_parens(tree: &Tree, id: NodeId, text: &str) -> Vec<String> {
    let node = &tree.nodes[id];
    let Some(name) = node.name.clone().map(|name| &text[name]) else { return Vec::new() };
    if DRAWN.contains(&name) {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        let dist = options.from_str::<Dist>(&text[node.span.clone()]).ok().filter(|dist| dist.problem().is_none());
        return dist.map(|dist| fixed(&dist)).into_iter().collect();
    }
    let watches = tree.entry_of(id).and_then(|entry| entry.key.as_ref()).is_some_and(|key| key.text == "detect");
    if watches { vec!["instant".to_owned()] } else { Vec::new() }
}

fn fixed(dist: &Dist) -> String {
    format!("fixed(\"{}\")", Duration::from_seconds(dist.mean_s()))
}
