//! What stands on the screen of a seat: plain data, made anew whenever something changes.

use super::deed::{Deed, Entry};
use super::monitoring::{Measured, Series};
use super::offers::{Offer, offers};
use super::plan::{FACILITATOR, InjectDoes, SeatPlan};
use super::session::Session;
use crate::metrics::why_words;
use crate::observe::ServiceLevel;
use crate::scenario::Duty;
use crate::units::{Duration, Time};
use serde::Serialize;

/// Lines of anything that a screen shows.
const LINES_MAX: usize = 80;
/// Measurements of a dashboard.
const POINTS_MAX: usize = 90;

/// A line with its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Seconds of the run.
    pub at_s: f64,
    /// As a civil time.
    pub at: String,
    /// Who says it, or what it is about.
    pub from: String,
    /// What.
    pub text: String,
}

/// An alert as players see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertLine {
    /// Its number.
    pub id: usize,
    /// When it was raised.
    pub at: String,
    /// What it is about.
    pub about: String,
    /// What it says.
    pub says: String,
    /// When it was over.
    pub over: Option<String>,
    /// Whether nothing is wrong: only the facilitator sees that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_false: Option<bool>,
}

/// A dashboard: one thing, measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Panel {
    /// Of what.
    pub of: String,
    /// What is measured.
    pub measures: Measured,
    /// Measurements, oldest first; none where one got lost.
    pub points: Vec<Option<f64>>,
    /// Seconds from one to the next.
    pub every_s: f64,
    /// When the oldest of them was made, as a civil time.
    pub oldest: String,
    /// When the newest was made, as a civil time.
    pub newest: String,
}

/// How a population feels, in truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Felt {
    /// Who.
    pub people: String,
    /// How.
    pub level: ServiceLevel,
    /// Due to what.
    pub why: String,
    /// Since when.
    pub since: String,
}

/// An inject as the facilitator sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InjectLine {
    /// What it is called.
    pub name: String,
    /// When.
    pub at: Option<String>,
    /// What is said.
    pub says: String,
    /// To whom; all where none is named.
    pub to: Vec<String>,
    /// What is expected.
    pub expects: String,
    /// Whether it has come.
    pub has_come: bool,
    /// Whether it was left out.
    pub suppressed: bool,
}

/// What only the facilitator sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// What has happened, newest last.
    pub story: Vec<Line>,
    /// How everybody feels.
    pub people: Vec<Felt>,
    /// The list of injects.
    pub injects: Vec<InjectLine>,
    /// Faults that can be added.
    pub menu: Vec<String>,
    /// Messages that are ready: name, who, what.
    pub prepared: Vec<(String, String, String)>,
    /// What is to be learned.
    pub learning: Vec<String>,
    /// Everything that anybody did, newest last.
    pub log: Vec<Line>,
    /// Branches: what they are called, and when they left another.
    pub branches: Vec<(String, Option<String>)>,
}

/// The screen of a seat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Screen {
    /// The title of the scenario.
    pub title: String,
    /// Whose seat.
    pub seat: String,
    /// What it is there for.
    pub about: String,
    /// What it may do.
    pub duties: Vec<Duty>,
    /// What was told before it began.
    pub briefing: String,
    /// The run's clock: seconds, and as a civil time.
    pub now_s: f64,
    /// As above.
    pub now: String,
    /// Beginning and end of play, in seconds and as civil times.
    pub from_s: f64,
    /// As above.
    pub to_s: f64,
    /// As above.
    pub from: String,
    /// As above.
    pub to: String,
    /// How fast the clock runs; none while it stands.
    pub speed: Option<f64>,
    /// Whether play is over.
    pub ended: bool,
    /// All seats, and who sits there.
    pub seats: Vec<(String, Vec<String>)>,
    /// Names of the file that somebody can suspect.
    pub suspects: Vec<String>,
    /// Alerts, newest first.
    pub alerts: Vec<AlertLine>,
    /// Complaints of users, newest first.
    pub complaints: Vec<Line>,
    /// Dashboards.
    pub panels: Vec<Panel>,
    /// What was said to this seat, and by it; newest last.
    pub talk: Vec<Line>,
    /// The status page: what users were told, newest first.
    pub status: Vec<Line>,
    /// What was done, as everybody knows it; newest first.
    pub done: Vec<Line>,
    /// What this seat thought; newest first.
    pub thoughts: Vec<Line>,
    /// What it can do.
    pub offers: Vec<Offer>,
    /// What only the facilitator sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<Truth>,
}

impl Session {
    /// The screen of a seat at this moment.
    pub fn screen(&self, seat: &str) -> Option<Screen> {
        let plan = self.plan();
        let seat = plan.seat(seat)?;
        let now = self.now();
        let civil = |at: Time| plan.world.civil(at);
        let leads = seat.name == FACILITATOR;
        Some(Screen {
            title: plan.world.title.clone(),
            seat: seat.name.clone(),
            about: seat.about.clone(),
            duties: seat.duties.clone(),
            briefing: plan.about.clone(),
            now_s: now.seconds(),
            now: civil(now),
            from_s: plan.from.seconds(),
            to_s: plan.to.seconds(),
            from: civil(plan.from),
            to: civil(plan.to),
            speed: self.speed(),
            ended: self.ended(),
            seats: self.who_sits_where(),
            suspects: suspects(self),
            alerts: self.alert_lines(leads),
            complaints: self.complaint_lines(),
            panels: self.live().watching.monitoring.series.iter().map(|series| self.panel(series)).collect(),
            talk: self.talk(seat),
            status: newest_first(self.lines(|entry| match &entry.deed {
                Deed::Tell { text } => Some(text.clone()),
                Deed::AnnounceMaintenance {} => Some("maintenance is announced".to_owned()),
                _ => None,
            })),
            done: newest_first(self.lines(done_words)),
            thoughts: newest_first(self.lines(|entry| match &entry.deed {
                Deed::Think { .. } if leads || entry.seat == seat.name => Some(entry.deed.words()),
                _ => None,
            })),
            offers: if self.ended() { Vec::new() } else { offers(plan, self.live(), seat, now) },
            truth: leads.then(|| self.truth()),
        })
    }

    /// Lines of what was done in this branch.
    fn lines(&self, words: impl Fn(&Entry) -> Option<String>) -> Vec<Line> {
        let mut lines: Vec<Line> = self
            .played()
            .rev()
            .filter_map(|entry| Some(self.line(entry.time(), whose(entry), words(entry)?)))
            .take(LINES_MAX)
            .collect();
        lines.reverse();
        lines
    }

    fn line(&self, at: Time, from: String, text: String) -> Line {
        Line { at_s: at.seconds(), at: self.plan().world.civil(at), from, text }
    }

    fn who_sits_where(&self) -> Vec<(String, Vec<String>)> {
        let mut seats: Vec<(String, Vec<String>)> =
            self.plan().seats.iter().map(|seat| (seat.name.clone(), Vec::new())).collect();
        for entry in self.entries().iter().filter(|entry| matches!(entry.deed, Deed::Sit {})) {
            let seat = seats.iter_mut().find(|(name, _)| *name == entry.seat);
            if let Some((_, sitting)) = seat.filter(|(_, sitting)| !sitting.contains(&entry.who)) {
                sitting.push(entry.who.clone());
            }
        }
        seats
    }

    fn alert_lines(&self, leads: bool) -> Vec<AlertLine> {
        let (now, civil) = (self.now(), |at: Time| self.plan().world.civil(at));
        let alerts = self.live().watching.monitoring.alerts.iter().rev().filter(|alert| alert.at <= now);
        alerts
            .take(LINES_MAX)
            .map(|alert| AlertLine {
                id: alert.id,
                at: civil(alert.at),
                about: alert.about.clone(),
                says: alert.says.clone(),
                over: alert.over_at.filter(|over| *over <= now).map(civil),
                is_false: leads.then_some(alert.is_false),
            })
            .collect()
    }

    fn complaint_lines(&self) -> Vec<Line> {
        let complaints = self.live().watching.monitoring.complaints.iter().rev().filter(|c| c.at <= self.now());
        let words = |count: u64, says: &str| match count {
            1 => format!("one complaint: \u{201c}{says}\u{201d}"),
            count => format!("{count} complaints: \u{201c}{says}\u{201d}"),
        };
        complaints
            .take(LINES_MAX)
            .map(|complaint| self.line(complaint.at, complaint.people.clone(), words(complaint.count, complaint.says)))
            .collect()
    }

    /// What of a series can be seen by now: the newest measurements are still on their way.
    fn panel(&self, series: &Series) -> Panel {
        let monitoring = &self.live().watching.monitoring;
        let (every, late) = (monitoring.every().0.max(1), monitoring.late().0);
        let newest = monitoring.next().0 - every;
        let on_the_way = ((newest + late - self.now().0).max(0) as u64).div_ceil(every as u64) as usize;
        let seen = series.points.len().saturating_sub(on_the_way);
        // Nobody reads more of a drawing, and digits are most of what a screen weighs.
        let rounded = |value: f64| (value * 1e4).round() / 1e4;
        let points: Vec<Option<f64>> = series.points.iter().take(seen).map(|point| point.map(rounded)).collect();
        let points = points[seen.saturating_sub(POINTS_MAX)..].to_vec();
        let newest = newest - every * on_the_way as i64;
        let oldest = newest - every * (points.len() as i64 - 1).max(0);
        let civil = |at: i64| self.plan().world.civil(Time(at).max(self.plan().from));
        Panel {
            of: series.of.clone(),
            measures: series.measures,
            points,
            every_s: Duration(every).seconds(),
            oldest: civil(oldest),
            newest: civil(newest),
        }
    }

    /// What was said to a seat, by players and by injects.
    fn talk(&self, seat: &SeatPlan) -> Vec<Line> {
        let hears = |to: &[String]| to.is_empty() || to.contains(&seat.name) || seat.name == FACILITATOR;
        let mut lines: Vec<Line> = Vec::new();
        for entry in self.played() {
            match &entry.deed {
                Deed::Say { text, to } if hears(to) || entry.seat == seat.name => {
                    lines.push(self.line(entry.time(), addressed(whose(entry), to), text.clone()));
                }
                Deed::Speak { from, to, text } if hears(to) => {
                    lines.push(self.line(entry.time(), addressed(from.clone(), to), text.clone()));
                }
                _ => {}
            }
        }
        let suppressed = self.branch().changes(self.entries()).suppressed;
        for inject in self.plan().injects.iter().filter(|inject| !suppressed.contains(&inject.name)) {
            if let (Some(at), InjectDoes::Tells { from, to, says }) = (inject.at, &inject.does)
                && at <= self.now()
                && hears(to)
                && !says.is_empty()
            {
                lines.push(self.line(at, addressed(from.clone(), to), says.clone()));
            }
        }
        lines.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        lines.drain(..lines.len().saturating_sub(LINES_MAX));
        lines
    }

    fn truth(&self) -> Truth {
        let (plan, live) = (self.plan(), self.live());
        let world = live.engine.world();
        // What people said stands in the log, and not in the world.
        let mut words = self.played().filter(|entry| entry.refused.is_none()).filter_map(|entry| match &entry.deed {
            Deed::Tell { text } => Some(format!("users are told: {text}")),
            Deed::Decide { text } => Some(format!("decision: {text}")),
            _ => None,
        });
        let line = |line: &crate::metrics::StoryLine| {
            let said = if line.text.ends_with("from outside") { words.next() } else { None };
            // The line names whom it is about.
            Line {
                at_s: line.at_s,
                at: line.at.clone(),
                from: String::new(),
                text: said.unwrap_or_else(|| line.text.clone()),
            }
        };
        let mut story: Vec<Line> = live.lines().iter().map(line).collect();
        story.drain(..story.len().saturating_sub(LINES_MAX));
        let people = world.people.iter().zip(&live.watching.felt).map(|(people, (level, why, since))| Felt {
            people: people.name.clone(),
            level: *level,
            why: why_words(world, *why),
            since: world.civil(*since),
        });
        Truth {
            story,
            people: people.collect(),
            injects: self.inject_lines(),
            menu: plan.menu.iter().map(|fault| fault.name.clone()).collect(),
            prepared: plan.prepared.iter().map(|(name, p)| (name.clone(), p.from.clone(), p.says.clone())).collect(),
            learning: plan.learning.clone(),
            log: self.lines(|entry| match entry.deed {
                Deed::Reach { .. } => None,
                _ => Some(done(entry, entry.deed.words())),
            }),
            branches: self
                .branches()
                .iter()
                .map(|branch| (branch.name.clone(), branch.left.map(|(_, at)| plan.world.civil(at))))
                .collect(),
        }
    }

    fn inject_lines(&self) -> Vec<InjectLine> {
        let suppressed = self.branch().changes(self.entries()).suppressed;
        let line = |inject: &super::plan::InjectPlan| {
            let (says, to) = match &inject.does {
                InjectDoes::Tells { says, to, .. } => (says.clone(), to.clone()),
                InjectDoes::Step(_) => (String::new(), Vec::new()),
            };
            InjectLine {
                name: inject.name.clone(),
                at: inject.at.map(|at| self.plan().world.civil(at)),
                says,
                to,
                expects: inject.expects.clone(),
                has_come: inject.at.is_some_and(|at| at <= self.now()),
                suppressed: suppressed.contains(&inject.name),
            }
        };
        self.plan().injects.iter().map(line).collect()
    }
}

fn newest_first(mut lines: Vec<Line>) -> Vec<Line> {
    lines.reverse();
    lines
}

/// Who did something: the seat, and the name where somebody has one.
fn whose(entry: &Entry) -> String {
    if entry.who.is_empty() { entry.seat.clone() } else { format!("{} ({})", entry.seat, entry.who) }
}

fn addressed(from: String, to: &[String]) -> String {
    if to.is_empty() { from } else { format!("{from} to {}", to.join(", ")) }
}

fn done_words(entry: &Entry) -> Option<String> {
    (entry.deed.acts() && !matches!(entry.deed, Deed::Tell { .. })).then(|| done(entry, entry.deed.words()))
}

fn done(entry: &Entry, words: String) -> String {
    match &entry.refused {
        Some(why) => format!("{words}: refused, {why}"),
        None => words,
    }
}

/// Everything in the file that somebody can take for the trouble.
fn suspects(session: &Session) -> Vec<String> {
    let scenario = &session.plan().scenario;
    let names = scenario.sites.names().chain(scenario.components.names()).chain(scenario.groups.names());
    let names = names.chain(scenario.services.names()).chain(scenario.stores.names()).chain(scenario.queues.names());
    names.chain(scenario.people.names()).map(str::to_owned).collect()
}
