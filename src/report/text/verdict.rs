//! What is said first of a study: who meets the objectives, and all designs against all objectives.

use super::line::{Ink, Line, width, wrap};
use super::page::Page;
use super::table::{Table, Title};
use crate::report::format;
use crate::report::verdict::first;
use crate::study::{Comparison, Judgement, ObjectiveOutcome, Standing, Verdict};

/// Columns of a title, and its lines.
const TITLE: (usize, usize) = (16, 3);
/// Columns that the names of designs have at least before objectives are only numbered.
const NAME_MIN: usize = 20;

/// The verdict in sentences.
pub fn head(page: &mut Page, comparison: &Comparison, verdict: &Verdict) {
    let ink = match () {
        () if verdict.objectives == 0 => Ink::Strong,
        () if verdict.count(Standing::Meets) > 0 => Ink::Good,
        () if verdict.count(Standing::Misses) == verdict.standings.len() => Ink::Bad,
        () => Ink::Degraded,
    };
    for (i, sentence) in first::sentences(comparison, verdict).iter().enumerate() {
        page.words(if i == 0 { ink } else { Ink::Plain }, 0, sentence);
    }
    page.blank();
}

/// Every design against every objective, with what it costs.
pub fn matrix(page: &mut Page, comparison: &Comparison, verdict: &Verdict) {
    let objectives = first::objectives(comparison);
    if objectives.is_empty() {
        return;
    }
    page.section("Designs against objectives");
    page.line(Line::new().with(Ink::Faint, format!("  {}", first::signs(comparison))));
    page.words(Ink::Faint, 2, first::FIGURES);
    page.blank();
    let rows: Vec<Vec<(Ink, String)>> = verdict
        .order(&comparison.designs)
        .into_iter()
        .map(|place| {
            let design = &comparison.designs[place];
            let cost = design.costs.as_ref().map(|costs| first::money(costs.per_month(), &costs.currency));
            let ink = if verdict.standings[place] == Standing::Meets { Ink::Strong } else { Ink::Plain };
            let mut row =
                vec![(ink, design.label.clone()), (Ink::Plain, cost.unwrap_or_else(|| format::NOTHING.to_owned()))];
            row.extend(objectives.iter().map(|(name, _)| cell(design.objectives.iter().find(|o| o.name == *name))));
            row
        })
        .collect();
    let named: Vec<Title> = objectives.iter().map(|(name, _)| title(name)).collect();
    let is_numbered = !fits(page, &rows, &named);
    let mut titles: Vec<Title> = ["design", ">cost|per month"].map(Title::from).into();
    match is_numbered {
        true => titles.extend((1..=objectives.len()).map(|number| Title::from(number.to_string().as_str()))),
        false => titles.extend(named),
    }
    let mut table = Table::of(titles);
    rows.into_iter().for_each(|row| table.row(row));
    table.write(page);
    if is_numbered {
        page.blank();
        for (number, (name, asked)) in (1..).zip(&objectives) {
            for (i, line) in wrap(&format!("{name}: {asked}"), page.width - 6).into_iter().enumerate() {
                let lead = if i == 0 { format!("  {number:<4}") } else { " ".repeat(6) };
                page.line(Line::new().with(Ink::Faint, lead).with(Ink::Plain, line));
            }
        }
    }
}

fn cell(objective: Option<&ObjectiveOutcome>) -> (Ink, String) {
    let ink = match objective.map(|objective| objective.judgement) {
        Some(Judgement::Pass) => Ink::Good,
        Some(Judgement::Fail) => Ink::Bad,
        Some(Judgement::Undecided | Judgement::NoData) => Ink::Degraded,
        None => Ink::Faint,
    };
    let (sign, figure) = first::cell(objective);
    (ink, format!("{sign} {figure}").trim_end().to_owned())
}

/// A name in lines, as the title of a column; one that is too long is cut.
fn title(name: &str) -> Title {
    let (columns, most) = TITLE;
    let mut lines = wrap(name, columns);
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(super::cut(&rest, columns));
    }
    Title { lines, right: false }
}

/// Whether all columns stand beside each other under their names.
fn fits(page: &Page, rows: &[Vec<(Ink, String)>], titles: &[Title]) -> bool {
    let widest = |column: usize| rows.iter().map(|row| width(&row[column].1)).max().unwrap_or(0);
    let titles = titles.iter().enumerate().map(|(i, title)| {
        let title = title.lines.iter().map(|line| width(line)).max().unwrap_or(0);
        title.max(widest(i + 2)) + 2
    });
    // Two columns stand before the first, and "per month" is nine wide.
    2 + widest(0).min(NAME_MIN) + widest(1).max(9) + 2 + titles.sum::<usize>() <= page.width
}

#[cfg(test)]
mod tests {
    use crate::report::text::{Layout, Lists, render_comparison, width};
    use crate::study::Conflict;
    use crate::study::made_up::{comparison, design, met, missed, objective};
    use crate::study::{Comparison, Judgement};

    fn told(comparison: &Comparison, width: usize, lists: Lists) -> String {
        render_comparison(comparison, Layout { width, colour: false, replay: None }, lists)
    }

    #[test]
    fn the_verdict_comes_first_and_the_matrix_has_a_sign_for_everything() {
        let comparison = comparison(vec![
            design("lost", Some(1.0), vec![missed("back soon", 46, 12.0), met("nothing lost")]),
            design("warm", Some(28.0), vec![met("back soon"), met("nothing lost")]),
            design("odd", None, vec![objective("back soon", Judgement::NoData, 0, 0.0), met("nothing lost")]),
            design("new", None, vec![objective("back soon", Judgement::Undecided, 1, 9.0), met("nothing lost")]),
        ]);
        let text = told(&comparison, 80, Lists::Folded);
        let shown: Vec<&str> = text.lines().collect();
        assert!(shown.contains(&"  ✓ met   ✗ missed   ? undecided   – no data"), "{text}");
        assert_eq!(shown[0], "One of four designs meets both objectives: \"warm\", 20,400 EUR a month.");
        let rows = [
            "  design          cost    back soon    nothing lost",
            "  warm      20,400 EUR    ✓ 100%       ✓ 100%",
            "  new                –    ? 99%        ✓ 100%",
            "  odd                –    – no data    ✓ 100%",
            "  lost         730 EUR    ✗ 54%        ✓ 100%",
        ];
        for row in &rows[1..] {
            assert!(shown.contains(row), "{row}\n{text}");
        }
    }

    #[test]
    fn long_names_and_many_objectives_break_no_line() {
        for (designs, objectives) in [(2, 1), (4, 2), (9, 5), (3, 14)] {
            let long = "a name that nobody would say in one breath, and 学校 with it, number";
            let asked =
                |i: usize| (0..objectives).map(move |o| missed(&format!("{long} {o}"), (i + o) as u64 + 1, 12.0));
            let designs = (0..designs).map(|i| design(&format!("{long} {i}"), Some(1e6), asked(i).collect())).collect();
            let comparison = comparison(designs);
            for columns in [60, 80, 120] {
                for line in told(&comparison, columns, Lists::Folded).lines() {
                    assert!(width(line) <= columns, "{} columns of {columns}: {line}", width(line));
                }
            }
        }
    }

    #[test]
    fn conflicts_are_counted_and_listed_when_asked() {
        let mut comparison = comparison(vec![design("a", Some(2.0), Vec::new()), design("b", Some(1.0), Vec::new())]);
        let cost = Conflict { first: 0, second: 1, metric: "cost".to_owned(), by: (-1.0, -1.0, -1.0) };
        comparison.conflicts = vec![cost; 20];
        let folded = told(&comparison, 80, Lists::Folded);
        assert!(folded.contains("20 pairs stand the other way round than by downtime: by cost (20)"), "{folded}");
        assert_eq!(folded.matches('↔').count(), 0);
        assert_eq!(told(&comparison, 80, Lists::Whole).matches('↔').count(), 20);
    }
}
