//! The windows of a maintenance as one page: the week as a heat map, the best starts, promises, whom it meets, and whether to
//! wait.

use super::markup::{Html, n};
use super::svg::{LEFT, RIGHT, drawing, name, rectangle, text};
use super::tables::{self, Cell, table};
use super::{design, section};
use crate::drawing::Drawing;
use crate::report::format;
use crate::report::week::{self, PICTURES, Shown, Week};
use crate::study::{WindowOutcome, WindowsOutcome};

const ROW: f64 = 28.0;
const TOP: f64 = 22.0;
const HOUR: f64 = (RIGHT - LEFT) / 24.0;
/// How the shades are set, from the fewest user-minutes to the most, and the numbers on them.
const HEAT: [(&str, &str); week::LEVELS] = [
    ("heat0", "middle on0"),
    ("heat1", "middle on1"),
    ("heat2", "middle on2"),
    ("heat3", "middle on3"),
    ("heat4", "middle on4"),
];

/// Writes the page of the windows of a maintenance, with the design that is maintained, and the command that makes it again.
pub fn render_windows(outcome: &WindowsOutcome, drawing: Option<&Drawing>, replay: Option<&str>) -> String {
    super::page(&outcome.title, |html| body(html, outcome, drawing, replay))
}

fn body(html: &mut Html, outcome: &WindowsOutcome, drawing: Option<&Drawing>, replay: Option<&str>) {
    html.say("h1", &[], &outcome.title);
    html.within("p", &[("class", &"which")], |html| {
        html.say("span", &[], week::scope(outcome));
        html.say("span", &[], &outcome.zone);
        html.say("span", &[], format!("seed {}", outcome.seed));
    });
    html.say("p", &[("class", &"lede")], week::lede(outcome));
    if let Some(now) = &outcome.now {
        section(html, "Now, or wait?", "", |html| {
            html.say("p", &[("class", &"lede")], week::now_or_later(now).join(" "));
            let note = format!(
                "{} replications of each, all under the same luck; a run is {}.",
                format::count(now.replications as f64),
                format::length(now.run_s)
            );
            html.say("p", &[("class", &"faint")], note);
            if let Some(fix) = &now.fix {
                let rows = fix.tried.iter().map(|(life, costs)| {
                    vec![
                        Cell::name(week::life(*life)),
                        Cell::number(week::signed(costs.mean)),
                        Cell::number(week::interval(costs)),
                    ]
                });
                let title =
                    format!("What now costs more, by the mean life of the fix of {}", fix.components.join(", "));
                tables::data(html, &title, &["mean life", "user-minutes more", "interval"], rows.collect());
            }
        });
    }
    for shown in PICTURES {
        section(html, shown.title, shown.note, |html| picture(html, outcome, shown));
    }
    let note = "User-minutes: means over all replications. A fault: something that is not itself down for it fails while it lasts.";
    section(html, "The best starts, the plan's own, and the worst", note, |html| {
        let rows: Vec<Vec<Cell>> =
            week::chosen(outcome).into_iter().map(|(name, window)| row(Cell::name(name), window)).collect();
        table(html, &TITLES, &rows);
        let rows = outcome.windows.iter().map(|window| row(Cell::name(""), window));
        tables::data(html, "All starts", &TITLES, rows.collect());
    });
    section(html, "What to promise", &week::takes(outcome), |html| {
        let rows: Vec<Vec<Cell>> = (outcome.promises.iter())
            .map(|promise| {
                vec![
                    Cell::name(week::promise(promise)),
                    Cell::number(week::share(&promise.overrun)),
                    Cell::number(format::large(promise.unannounced_own.mean)),
                    Cell::number(format::large(promise.unannounced_best.mean)),
                ]
            })
            .collect();
        let titles =
            ["promise", "is overrun", "unannounced user-minutes, the plan's own start", "the same, the best start"];
        table(html, &titles, &rows);
    });
    for (title, window) in [("at the plan's own start", &outcome.own), ("at the best start", week::best(outcome))] {
        section(html, &format!("Whom it meets {title}, {}", week::moment(&window.starts)), "", |html| {
            met(html, window)
        });
    }
    if let Some(drawing) = drawing {
        section(html, "The design", "", |html| design::still(html, drawing));
    }
    section(html, "To get this again", "", |html| {
        html.within("dl", &[], |html| {
            for (label, value) in [
                ("digest", Some(outcome.digest.clone())),
                ("made by", Some(format!("firedrill {}, seed {}", outcome.firedrill_version, outcome.seed))),
                ("replay", replay.map(str::to_owned)),
            ] {
                let Some(value) = value else { continue };
                html.say("dt", &[], label);
                html.within("dd", &[], |html| html.say("code", &[], value));
            }
        });
    });
}

const TITLES: [&str; 12] = [
    "place",
    "begins",
    "lost",
    "beyond the plan's own",
    "interval",
    "beyond none",
    "interval",
    "users met",
    "unannounced",
    "overrun",
    "a fault",
    "done",
];

fn row(place: Cell, window: &WindowOutcome) -> Vec<Cell> {
    vec![
        place,
        Cell::name(week::moment(&window.starts)),
        Cell::number(format::large(window.lost.mean)),
        Cell::number(week::signed(window.against_own.mean)),
        Cell::number(week::interval(&window.against_own)),
        Cell::number(week::signed(window.against_none.mean)),
        Cell::number(week::interval(&window.against_none)),
        Cell::number(format::large(window.met.mean)),
        Cell::number(format::large(window.unannounced.mean)),
        Cell::number(week::share(&window.overrun)),
        Cell::number(week::share(&window.fault)),
        Cell::number(week::share(&window.done)),
    ]
}

/// A week of hours: days from top to bottom.
fn picture(html: &mut Html, outcome: &WindowsOutcome, shown: Shown) {
    let week = Week::new(outcome, shown);
    let best = outcome.ranking.first().copied();
    drawing(html, TOP + ROW * week.days.len() as f64 + 4.0, shown.title, |html| {
        for hour in 0..24 {
            let label = format!("{hour:02}");
            text(html, LEFT + HOUR * (f64::from(hour) + 0.5), TOP - 8.0, "label middle", &label);
        }
        for (line, (date, hours)) in week.days.iter().enumerate() {
            let y = TOP + ROW * line as f64;
            name(html, y + ROW / 2.0 + 4.0, "name", date);
            for (hour, place) in hours.iter().enumerate() {
                let Some(window) = place.and_then(|place| outcome.windows.get(place)) else { continue };
                let value = (shown.of)(window);
                let (class, on) = HEAT[week.level(value)];
                let x = LEFT + HOUR * hour as f64;
                let is_best = *place == best;
                let told = format!(
                    "{}: {} user-minutes{}",
                    week::moment(&window.starts),
                    format::large(value),
                    if is_best { "; the best start" } else { "" },
                );
                rectangle(html, (x + 0.5, y + 0.5), (HOUR - 1.0, ROW - 1.0), class, &told);
                text(html, x + HOUR / 2.0, y + ROW / 2.0 + 4.0, on, &brief(week.told(value)));
                if is_best {
                    rectangle(html, (x + 1.5, y + 1.5), (HOUR - 3.0, ROW - 3.0), "chosen", &told);
                }
            }
            let own = &outcome.own;
            if *date == own.date {
                let told = format!(
                    "{}: the plan's own start, {} user-minutes",
                    week::moment(&own.starts),
                    format::large((shown.of)(own))
                );
                let x = LEFT + HOUR * f64::from(own.hour);
                rectangle(html, (x + 1.5, y + 1.5), (HOUR - 3.0, ROW - 3.0), "planned-own", &told);
            }
        }
    });
    html.within("p", &[("class", &"legend")], |html| {
        key(html, "chosen", "the best start");
        key(html, "planned-own", "the hour of the plan's own start");
        html.say("span", &[], "the stronger the shade, the more user-minutes; each hour has its number");
    });
    let rows = outcome.windows.iter().map(|window| {
        vec![
            Cell::name(week::moment(&window.starts)),
            Cell::number(format::count(window.lost.mean)),
            Cell::number(week::interval(&window.lost)),
            Cell::number(format::count(window.met.mean)),
            Cell::number(format::count(window.unannounced.mean)),
        ]
    });
    tables::data(html, "All hours", &["begins", "lost", "interval", "users met", "unannounced"], rows.collect());
}

fn key(html: &mut Html, class: &str, words: &str) {
    html.within("span", &[("class", &"key")], |html| {
        html.within("svg", &[("viewBox", &"0 0 32 16"), ("aria-hidden", &"true")], |html| {
            rectangle(html, (2.0, 2.0), (28.0, 12.0), class, "");
        });
        html.text(words);
    });
}

/// A number that fits in a cell: `812`, `48k`, `3.1M`.
fn brief(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 999_500_000.0 => (value / 1e9, "bn"),
        v if v >= 999_500.0 => (value / 1e6, "M"),
        v if v >= 999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    if scaled.abs() < 9.95 && !unit.is_empty() { format!("{}{unit}", n(scaled)) } else { format!("{scaled:.0}{unit}") }
}

/// Whom it meets, at which hour of theirs.
fn met(html: &mut Html, window: &WindowOutcome) {
    if window.people.is_empty() {
        return;
    }
    let rows: Vec<Vec<Cell>> = (window.people.iter())
        .map(|(name, met)| {
            vec![
                Cell::name(name),
                Cell::number(format::large(met.user_minutes)),
                Cell::poor(format::large(met.user_minutes_unannounced)),
                Cell::number(week::busiest(&met.by_local_hour)),
            ]
        })
        .collect();
    table(html, &["population", "user-minutes", "unannounced", "most at local hour"], &rows);
    let mut hours = Vec::new();
    for (name, met) in &window.people {
        for (hour, minutes) in &met.by_local_hour {
            hours.push(vec![
                Cell::name(name),
                Cell::number(format!("{hour:02}:00")),
                Cell::number(format::count(*minutes)),
                Cell::number(format::count(met.unannounced_by_local_hour.get(hour).copied().unwrap_or(0.0))),
            ]);
        }
    }
    tables::data(html, "By local hour", &["population", "local hour", "user-minutes", "unannounced"], hours);
}
