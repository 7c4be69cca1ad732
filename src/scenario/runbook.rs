//! The runbook: procedures of people and automation, when they begin, how fast they are, and with what risk.

use super::Act;
use super::defaults::{is_default, is_zero};
use crate::dist::Dist;
use crate::units::{Duration, Factor, Ratio};
use serde::{Deserialize, Serialize};

/// A procedure: what is done, what starts it, who does it, and how long it takes to have an effect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
// Files and messages call it a measure.
#[serde(deny_unknown_fields, default, rename = "Measure")]
pub struct Procedure {
    /// What it is, in a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// When it is ordered; a time as in the drill. State `at` or `when`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What has to be seen for it to be ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// The team that does it, in its hours; without one it needs nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Services that must serve, somewhere, for a step to be taken: a control plane. While one does not, it waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Time from the order until the first effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<Dist>,
    /// In how many steps it takes effect; by default at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phases: Option<Phases>,
    /// What it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub does: Vec<Action>,
    /// What happens instead when a step of it goes wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goes_wrong: Option<GoesWrong>,
    /// When it is taken back: for what restricts, staggers, sheds, dims or switches off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What has to be seen, once it is in effect, for it to be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_when: Option<Condition>,
    /// How long after it is in effect it can be ordered again; with `back_when`, how long after it has been taken back. Without it, it
    /// is ordered once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_after: Option<Duration>,
}

/// A step that goes wrong, and does damage instead of what it should.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoesWrong {
    /// Probability, of each step.
    pub chance: Ratio,
    /// What happens then; by default nothing but that the step has no effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub does: Vec<Act>,
    /// How long after that the step is tried again; without it the measure is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_after: Option<Duration>,
}

/// A procedure in equal steps, to limit what one of them can break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phases {
    /// How many.
    pub count: u32,
    /// Time from one step to the next.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pause: Duration,
    /// Probability that a step goes wrong and is done again. As many servers as it should have added are out meanwhile; a
    /// step that adds none breaks nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fails: Ratio,
    /// How long what it broke is out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub breaks: Duration,
    /// What has to be seen for a step after the first to be taken: looked at when it is due, and after every pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub go_on_when: Option<Condition>,
    /// What takes a step back when it is seen then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_back_when: Option<Condition>,
    /// Civil hours, in the file's zone, in which steps are taken: `("22:00", "06:00")` is overnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<(String, String)>,
}

/// What can be done about an outage or a surge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// More servers for a service at a site; what the provider has not got does not come.
    AddServers {
        /// The service.
        service: String,
        /// The site.
        at: String,
        /// How many times as many as there are when it begins. State `by` or `servers`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Factor>,
        /// How many more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        servers: Option<u64>,
    },
    /// A wider network: a site's uplink, or the link between two sites.
    AddNetwork {
        /// The site whose uplink it is. State `at` or `between`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// The two ends of the link.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        between: Option<(String, String)>,
        /// How many times as wide.
        by: Factor,
    },
    /// Users are led to another site, for good.
    MovePeople {
        /// The population; it has to be served by a site, not by a group.
        of: String,
        /// Where to.
        to: String,
        /// Which share of them.
        #[serde(default = "everyone", skip_serializing_if = "is_everyone")]
        share: Ratio,
    },
    /// Servers are taken from one service and given to another.
    FreeHardware {
        /// Service and site that give.
        from: (String, String),
        /// Service and site that get.
        to: (String, String),
        /// How many servers.
        servers: u64,
    },
    /// A feature is used in some hours only. What people wanted to do outside of them, they do when these hours come.
    Restrict {
        /// The feature.
        feature: String,
        /// Only by this population.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// The civil hours, in the users' zone, in which it is used.
        only: (String, String),
        /// Only on weekdays is it restricted; weekends are open.
        #[serde(default, skip_serializing_if = "is_default")]
        weekdays: bool,
        /// Which share keeps to it: all, where it is enforced; fewer, where it is asked for.
        #[serde(default = "everyone", skip_serializing_if = "is_everyone")]
        compliance: Ratio,
    },
    /// Users are asked not to come all at once: who complies comes at a random moment of the time around.
    Stagger {
        /// The population.
        of: String,
        /// Over which time they spread.
        over: Duration,
        /// Which share complies.
        compliance: Ratio,
    },
    /// A release that makes a service faster; some releases are bad.
    Hotfix {
        /// The service, wherever it runs.
        service: String,
        /// Its service time against before: `"x0.8"`.
        takes: Factor,
        /// Probability that the release is bad.
        #[serde(default, skip_serializing_if = "is_default")]
        bad: Ratio,
        /// Its service time then.
        #[serde(default = "unchanged", skip_serializing_if = "is_unchanged")]
        worse: Factor,
        /// Time until a bad release is rolled back.
        #[serde(default, skip_serializing_if = "is_zero")]
        rolled_back_after: Duration,
    },
    /// Requests are turned away at the door.
    Shed {
        /// Only of this feature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feature: Option<String>,
        /// Only of this population.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// Which share.
        share: Ratio,
        /// Admission comes back evenly over this time; without it the share stays.
        #[serde(default, skip_serializing_if = "is_zero")]
        eases_over: Duration,
        /// Admission comes back with the steps of the measure: all of the share with the first, none of it with the last.
        #[serde(default, skip_serializing_if = "is_default")]
        eases_by_steps: bool,
    },
    /// Brownout: soft calls to a service are left out, and requests go without.
    Dim {
        /// The service that is not called.
        service: String,
        /// Which share of the calls is left out.
        #[serde(default = "everyone", skip_serializing_if = "is_everyone")]
        share: Ratio,
    },
    /// A group switches over to another member.
    SwitchOver {
        /// The group.
        group: String,
        /// The member.
        to: String,
    },
    /// Automation is switched off: it does nothing by itself any more. What it has begun goes on.
    SwitchOff {
        /// Which.
        of: Automation,
        /// For how long; without it until it is switched on, or this is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    /// Automation is switched on again.
    SwitchOn {
        /// Which.
        of: Automation,
    },
    /// A cache is emptied.
    Flush {
        /// The service whose cache it is.
        service: String,
        /// Only at this site.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// A store whose data is gone gets the newest of its backups that can be read.
    Restore {
        /// The store.
        of: String,
        /// Only from these backups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A word to the users.
    Tell(String),
    /// A decision, for the timeline.
    Decide(String),
}

/// What acts by itself, and can be switched off and on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Automation {
    /// The failover of this group, and its failback. Somebody can still switch it over.
    Failover(String),
    /// This autoscaler.
    Autoscale(String),
    /// This measure: it is not ordered, whatever the clock says and whatever is seen.
    Measure(String),
    /// This maintenance: it does not begin.
    Maintenance(String),
    /// The health checks of this service's balancers, or of this spread: all count as healthy.
    Checks(String),
}

fn everyone() -> Ratio {
    Ratio(1.0)
}

fn is_everyone(share: &Ratio) -> bool {
    share.0 == 1.0
}

fn unchanged() -> Factor {
    Factor(1.0)
}

fn is_unchanged(factor: &Factor) -> bool {
    factor.0 == 1.0
}

/// What can be seen from outside, by probes and alerts: never the hidden truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Condition {
    /// The 95th percentile of some feature of a population is above this.
    Slow {
        /// The population.
        of: String,
        /// Above which latency.
        over: Duration,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// A population is degraded or down.
    Degraded {
        /// The population.
        of: String,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// A population is down.
    Down {
        /// The population.
        of: String,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// A service at a site is asked for more than this share of what it can do.
    Busy {
        /// The service.
        service: String,
        /// The site.
        at: String,
        /// The share.
        above: Ratio,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// A site's uplink is asked for more than this share of its width.
    BusyNetwork {
        /// The site.
        at: String,
        /// The share.
        above: Ratio,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// Of a population's requests more fail than an error budget has room for, by so many times.
    Burns {
        /// The population.
        of: String,
        /// The error budget: the share of requests that may fail in the long run.
        budget: Ratio,
        /// Burn rate above which it holds: how many times as many fail as the budget allows.
        above: Factor,
        /// Over the last so long.
        over: Duration,
    },
    /// More users than this are active at once.
    Crowd {
        /// The population.
        of: String,
        /// How many.
        above: u64,
    },
    /// A background queue is behind: what waits there is older than it may be.
    Behind {
        /// The queue.
        of: String,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// The data of a store is gone, and not yet back.
    Gone {
        /// The store.
        of: String,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// A component, a site or the active member of a group does not work. What fails hidden cannot be seen.
    Out {
        /// The component, site or group.
        of: String,
        /// For how long without a break.
        #[serde(default, rename = "for", skip_serializing_if = "is_zero")]
        lasts: Duration,
    },
    /// Another procedure of the strategy is in effect.
    After(String),
    /// A team is there.
    OnDuty(String),
    /// All of these at once.
    All(Vec<Condition>),
    /// Any of these.
    Any(Vec<Condition>),
    /// This is not so, or not any more.
    Not(Box<Condition>),
    /// For so long without a break, this.
    Lasting(Duration, Box<Condition>),
}

/// People who carry out procedures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Team {
    /// When it is formed; before, nobody is there. By default it always was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Civil hours in which it works, in its zone; by default around the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<(String, String)>,
    /// Its zone; the clock's by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Whether it works at weekends.
    #[serde(skip_serializing_if = "is_default")]
    pub weekends: bool,
    /// How many procedures it works on at once; by default any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// Work that begins this long after the day's start takes longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tired_after: Option<Duration>,
    /// How much longer tired people take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tired: Option<Factor>,
}

/// Who runs sites, and how much more they have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    /// Servers that can still be had, for all sites of the provider together; without it there are always more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spare: Option<u64>,
    /// Which share of them is left while others take theirs too: times as in the drill, straight lines between.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<(String, Ratio)>,
}

/// Automation that follows the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// The service.
    pub service: String,
    /// The site.
    pub at: String,
    /// What it looks at.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signal: Signal,
    /// It adds servers above this.
    pub above: Ratio,
    /// It takes servers away below this.
    pub below: Ratio,
    /// How often it looks.
    pub every: Duration,
    /// How many times as many servers one step makes, and divides by on the way down.
    pub by: Factor,
    /// Time until new servers serve.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub takes: Duration,
    /// Time after a step in which it does nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cool_down: Duration,
    /// It takes servers away only when the load has been low for so long, as horizontal autoscalers do.
    #[serde(default = "five_minutes", skip_serializing_if = "is_five_minutes")]
    pub stable_for: Duration,
    /// Services that must serve, somewhere, for it to do anything: a control plane.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// It never goes below this many servers.
    pub least: u64,
    /// It never goes above.
    pub most: u64,
}

fn five_minutes() -> Duration {
    Duration::from_seconds(300.0)
}

fn is_five_minutes(duration: &Duration) -> bool {
    *duration == five_minutes()
}

/// What an autoscaler looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Signal {
    /// Workers in use, computing or waiting for others: 100% and more when overloaded.
    #[default]
    Workers,
    /// Workers that compute. It *falls* while threads wait for something slow: the misleading one.
    Cpu,
}
