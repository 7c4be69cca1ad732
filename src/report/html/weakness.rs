//! What breaks a design as one page: the design with its weak points, what breaks each objective, each fault alone.

use super::markup::{Html, n};
use super::svg::{LETTER, WIDTH, drawing, line, rectangle};
use super::tables::{Cell, table};
use super::{design, section};
use crate::drawing::Drawing;
use crate::report::text::cut;
use crate::report::{format, weakness};
use crate::search::{Broken, Found, Place, Single};

/// Boxes of sites in a row.
const IN_A_ROW: usize = 4;
const GAP: f64 = 36.0;
const PART: f64 = 24.0;
const HEAD: f64 = 34.0;
const TITLES: [&str; 7] =
    ["fault", "users hit", "longest outage", "user-minutes lost", "to be expected", "worst", "objectives broken"];

/// Writes the page of what a search found, with the design that each found it in, as far as they are given, and the command that makes
/// it again.
pub fn render_found(all: &[Found], designs: &[Drawing], replay: Option<&str>) -> String {
    let title = all.first().map_or("", |found| found.title.as_str());
    super::page(title, |html| {
        html.say("h1", &[], title);
        for (index, found) in all.iter().enumerate() {
            one(html, found, designs.get(index));
        }
        if let Some(command) = replay {
            section(html, "To get this again", "", |html| {
                html.within("p", &[], |html| html.say("code", &[], command));
            });
        }
    })
}

fn one(html: &mut Html, found: &Found, drawing: Option<&Drawing>) {
    html.say("p", &[("class", &"which")], weakness::scope(found));
    let note = "Red: it breaks an objective alone. Orange: together with another. Point at a part to see with what.";
    section(html, "The design, and where it is weak", note, |html| {
        picture(html, found);
        if let Some(drawing) = drawing {
            html.within("details", &[], |html| {
                html.say("summary", &[], "Who calls whom, and what stands on what");
                design::still(html, drawing);
            });
        }
    });
    for broken in &found.objectives {
        let title = format!("What breaks “{}” ({})", broken.objective, broken.asks);
        section(html, &title, "", |html| objective(html, broken));
    }
    section(html, "One fault at a time, at its worst hour", "", |html| {
        let told = found.singles.iter().filter(|single| single.shows);
        table(html, &TITLES, &told.map(single).collect::<Vec<_>>());
        let hidden: Vec<&str> = found.singles.iter().filter(|s| !s.shows).map(|s| s.fault.as_str()).collect();
        if !hidden.is_empty() {
            html.say("p", &[("class", &"faint")], format!("No user can tell, alone: {}.", hidden.join(", ")));
        }
    });
    section(html, "The longest outage of each, strategy by strategy", "", |html| side_by_side(html, found));
    section(html, "Taken for granted", "", |html| {
        html.within("ul", &[], |html| found.granted.iter().for_each(|sentence| html.say("li", &[], sentence)));
    });
}

/// How weak something is: whether it breaks an objective alone, or with others, and with which.
fn weak(found: &Found, name: &str) -> (&'static str, String) {
    let sets =
        found.objectives.iter().flat_map(|broken| &broken.minimal).filter(|set| set.hits.iter().any(|hit| hit == name));
    let mut sets: Vec<&crate::search::Weakness> = sets.collect();
    sets.sort_by_key(|set| set.faults.len());
    let class = match sets.first().map(|set| set.faults.len()) {
        None => "part",
        Some(1) => "part alone",
        Some(_) => "part together",
    };
    let words: Vec<String> = sets.iter().take(8).map(|set| set.faults.join(" + ")).collect();
    (class, format!("{name}\n{}", words.join("\n")))
}

fn picture(html: &mut Html, found: &Found) {
    let places = &found.design.places;
    if places.is_empty() {
        return;
    }
    let columns = places.len().min(IN_A_ROW);
    let width = (WIDTH - GAP * (columns as f64 - 1.0)) / columns as f64;
    let height = |place: &Place| HEAD + PART * place.parts.len() as f64 + 12.0;
    let mut tops = Vec::new();
    let mut top = 6.0;
    for row in places.chunks(columns) {
        tops.push(top);
        top += row.iter().map(height).fold(0.0, f64::max) + GAP;
    }
    drawing(html, top - GAP + 8.0, "The design, its weak points marked", |html| {
        let corner = |place: usize| ((place % columns) as f64 * (width + GAP), tops[place / columns]);
        for (from, to) in &found.design.links {
            let at = |name: &String| places.iter().position(|place| place.name == *name);
            if let (Some(from), Some(to)) = (at(from), at(to)) {
                let middle = |place: usize| (corner(place).0 + width / 2.0, corner(place).1 + HEAD / 2.0);
                line(html, middle(from), middle(to), "wire");
            }
        }
        for (index, place) in places.iter().enumerate() {
            site(html, found, place, corner(index), (width, height(place)));
        }
    });
}

fn site(html: &mut Html, found: &Found, place: &Place, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let (class, words) = if place.name.is_empty() { ("part", String::new()) } else { weak(found, &place.name) };
    let class = class.replace("part", "place");
    rectangle(html, (x, y), (width, height), &class, &words);
    let title = if place.name.is_empty() { "everywhere" } else { &place.name };
    let letters = ((width - 20.0) / LETTER) as usize;
    super::svg::text(html, x + 12.0, y + 22.0, "strong", &cut(title, letters));
    for (row, part) in place.parts.iter().enumerate() {
        let (class, words) = weak(found, part);
        let top = y + HEAD + row as f64 * PART;
        rectangle(html, (x + 10.0, top), (width - 20.0, PART - 4.0), class, &words);
        let on = if class == "part" { "name" } else { "name on" };
        html.say(
            "text",
            &[("x", &n(x + 18.0)), ("y", &n(top + 14.0)), ("class", &on)],
            cut(part, letters.saturating_sub(3)),
        );
    }
}

fn objective(html: &mut Html, broken: &Broken) {
    let class = if broken.certificate.is_some() { "lede good" } else { "lede" };
    html.say("p", &[("class", &class)], weakness::lede(broken));
    if broken.minimal.is_empty() {
        return;
    }
    let rows: Vec<Vec<Cell>> = (broken.minimal.iter())
        .map(|set| {
            let mut saved: Vec<String> = set.saved.iter().map(weakness::saved).collect();
            if !set.holds_with.is_empty() {
                saved.push(weakness::holds_with(set));
            }
            vec![
                Cell::name(set.faults.join(" + ")),
                Cell::number(weakness::frequency_if_known(set.per_year)),
                Cell::number(weakness::hours(set)),
                Cell::text(weakness::moment(&set.worst_at)),
                Cell::text(if saved.is_empty() { format::NOTHING.to_owned() } else { saved.join("; ") }),
            ]
        })
        .collect();
    table(
        html,
        &["the fewest, then the likeliest", "to be expected", "breaks it", "worst", "what would have kept it"],
        &rows,
    );
    if broken.importance.len() > 1 {
        let rows: Vec<Vec<Cell>> = (broken.importance.iter())
            .map(|fault| {
                vec![
                    Cell::name(fault.fault.clone()),
                    Cell::number(format::share(fault.fussell_vesely)),
                    Cell::number(format::share(fault.birnbaum.min(1.0))),
                ]
            })
            .collect();
        let titles = ["what counts most", "takes part in (Fussell-Vesely)", "breaks it when there (Birnbaum)"];
        table(html, &titles, &rows);
    }
}

fn single(single: &Single) -> Vec<Cell> {
    let breaks = if single.breaks.is_empty() { format::NOTHING.to_owned() } else { single.breaks.len().to_string() };
    vec![
        Cell::name(single.fault.clone()),
        Cell::number(format::count(single.users_hit)),
        Cell::number(outage(single)),
        Cell::number(format::large(single.user_minutes_lost.max(0.0))),
        Cell::number(weakness::frequency_if_known(single.per_year)),
        Cell::text(weakness::moment(&single.worst_at)),
        Cell::bad(breaks),
    ]
}

fn outage(single: &Single) -> String {
    if single.longest_outage_s > 0.0 { format::length(single.longest_outage_s) } else { format::NOTHING.to_owned() }
}

fn side_by_side(html: &mut Html, found: &Found) {
    if found.side_by_side.is_empty() {
        return;
    }
    let own = found.run.first().map_or("", String::as_str);
    let titles: Vec<&str> =
        ["fault", own].into_iter().chain(found.side_by_side.iter().map(|column| column.strategy.as_str())).collect();
    let columns = || std::iter::once(&found.singles).chain(found.side_by_side.iter().map(|column| &column.singles));
    let mut names: Vec<&str> = Vec::new();
    for single in columns().flatten().filter(|single| single.shows && single.longest_outage_s > 0.0) {
        if !names.contains(&single.fault.as_str()) {
            names.push(&single.fault);
        }
    }
    let cell = |singles: &Vec<Single>, name: &str| match singles.iter().find(|single| single.fault == name) {
        None => Cell::number(format::NOTHING),
        Some(single) if !single.shows || single.longest_outage_s <= 0.0 => Cell::number("none"),
        Some(single) if single.breaks.is_empty() => Cell::number(outage(single)),
        Some(single) => Cell::bad(outage(single)),
    };
    let row =
        |name: &&str| std::iter::once(Cell::name(*name)).chain(columns().map(|singles| cell(singles, name))).collect();
    table(html, &titles, &names.iter().map(row).collect::<Vec<_>>());
}
