//! One axis: what was true, what could be seen, what was said, what was done, and who thought what.

use super::ground::Ground;
use crate::metrics::Theme;
use crate::rehearse::deed::Deed;
use crate::rehearse::plan::InjectDoes;
use crate::units::Time;
use serde::Serialize;

/// Moments of a review.
const MOMENTS_MAX: usize = 2_000;

/// What a moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// What happened, whoever knew.
    Truth,
    /// What could be seen from the seats.
    Visible,
    /// What was said, to the users or to each other.
    Said,
    /// What was done.
    Done,
    /// What somebody thought.
    Thought,
}

/// A moment of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moment {
    /// When, in seconds of the run.
    pub at_s: f64,
    /// As a civil time.
    pub at: String,
    /// What it is.
    pub lane: Lane,
    /// Who, where it was somebody.
    pub who: String,
    /// What.
    pub text: String,
    /// Whether it was not so: a false alarm, or something that was refused.
    pub is_false: bool,
}

/// Everything on one axis, in order of time.
pub fn story(ground: &Ground) -> Vec<Moment> {
    let mut moments = Vec::new();
    let (from, to) = (ground.plan.from, ground.to);
    let moment = |at: Time, lane: Lane, who: String, text: String, is_false: bool| Moment {
        at_s: at.seconds(),
        at: ground.civil(at),
        lane,
        who,
        text,
        is_false,
    };
    for line in ground.live.lines() {
        let at = crate::rehearse::log::seconds(line.at_s);
        // What people said and did stands there by itself.
        if at >= from && line.theme != Theme::Word {
            moments.push(moment(at, Lane::Truth, String::new(), line.text.clone(), false));
        }
    }
    let monitoring = &ground.live.watching.monitoring;
    for alert in monitoring.alerts.iter().filter(|alert| alert.at <= to) {
        moments.push(moment(alert.at, Lane::Visible, "alert".to_owned(), alert.says.clone(), alert.is_false));
    }
    for complaint in &monitoring.complaints {
        let count = match complaint.count {
            1 => "one complaint".to_owned(),
            count => format!("{count} complaints"),
        };
        let text = format!("{count} of {}: {}", complaint.people, complaint.says);
        moments.push(moment(complaint.at, Lane::Visible, "users".to_owned(), text, false));
    }
    for inject in &ground.plan.injects {
        if let (Some(at), InjectDoes::Tells { from: who, says, .. }) = (inject.at, &inject.does)
            && at <= to
            && !says.is_empty()
        {
            moments.push(moment(at, Lane::Said, who.clone(), says.clone(), false));
        }
    }
    for entry in &ground.entries {
        let lane = match &entry.deed {
            Deed::Tell { .. } | Deed::Say { .. } | Deed::Speak { .. } | Deed::AnnounceMaintenance {} => Lane::Said,
            Deed::Think { .. } => Lane::Thought,
            deed if deed.acts() => Lane::Done,
            Deed::Add { .. } | Deed::Suppress { .. } => Lane::Done,
            _ => continue,
        };
        let text = match &entry.refused {
            Some(why) => format!("{}: refused, {why}", entry.deed.words()),
            None => entry.deed.words(),
        };
        moments.push(moment(entry.time(), lane, ground.whose(entry), text, entry.refused.is_some()));
    }
    moments.sort_by(|a, b| a.at_s.total_cmp(&b.at_s).then(a.lane.cmp(&b.lane)));
    moments.truncate(MOMENTS_MAX);
    moments
}
