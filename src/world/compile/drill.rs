//! Compiling the drill.

use super::balancer;
use super::compiler::Compiler;
use super::resolve::{Names, listed, sorted};
use crate::scenario::{self, Code};
use crate::units::{Duration, Time};
use crate::world::components::NodeKind;
use crate::world::drill::Action;
use crate::world::ids::{FeatureId, GroupId, LinkId, NodeId, PopId, SiteId};
use crate::world::runbook::Condition;

/// The steps of a drill, in order of time.
type Steps = Vec<(Time, Action)>;
/// Conditions, and the steps that wait for them.
type Triggers = Vec<(Condition, usize)>;

impl Compiler<'_> {
    /// The drill, and the conditions that steps of it wait for.
    pub fn compile_drill(&self) -> (Steps, Triggers) {
        let scenario = self.scenario;
        let mut found = Vec::new();
        let mut waiting = Vec::new();
        for (i, step) in scenario.drill.iter().enumerate() {
            let path = format!("drill.{i}");
            match step {
                scenario::Inject::At(at, act) => {
                    let at = self.time_in_run(at, &format!("{path}.0"));
                    let act = self.act(act, &format!("{path}.1"));
                    if let (Some(at), Some(act)) = (at, act) {
                        found.push((at, act));
                    }
                }
                scenario::Inject::When(when, act) => {
                    // The drill belongs to the story, procedures to the strategy that a run takes.
                    let when = self.condition(when, &format!("{path}.0"), &Names::default());
                    let act = self.act(act, &format!("{path}.1"));
                    if let (Some(when), Some(act)) = (when, act) {
                        waiting.push((when, act));
                    }
                }
            }
        }
        found.sort_by_key(|(at, _)| *at);
        let mut triggers = Vec::new();
        for (when, act) in waiting {
            triggers.push((when, found.len()));
            found.push((Time::NEVER, act));
        }
        (found, triggers)
    }

    pub fn act(&self, act: &scenario::Act, path: &str) -> Option<Action> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let node = |of: &str| {
            let Some(id) = names.nodes.get(of).map(NodeId::new) else {
                // Groups are no help: they are refused.
                let is_group = |id: &usize| matches!(self.nodes[*id].kind, NodeKind::Group(_));
                let others = names.nodes.0.iter().filter(|(_, id)| !is_group(id));
                let others = Names(others.map(|(name, id)| (name.clone(), *id)).collect());
                p.unknown(format!("{path}.of"), "site or component", of, &others);
                return None;
            };
            if matches!(self.nodes[id.at()].kind, NodeKind::Group(_)) {
                p.add(
                    Code::WrongType,
                    format!("{path}.of"),
                    format!("\"{of}\" is a group: its members fail, not the group"),
                    "name a member of it",
                );
            }
            Some(id)
        };
        Some(match act {
            scenario::Act::Crash { of, members, repaired_after } => {
                let id = node(of)?;
                if let Some(members) = members {
                    self.crashed_members(id, *members, &format!("{path}.members"));
                }
                Action::Crash(id, *repaired_after, *members)
            }
            scenario::Act::FailHidden { of } => {
                let id = self.component(of, &format!("{path}.of"))?;
                if !self.nodes[id.at()].hidden {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.of"),
                        format!("failures of \"{of}\" are not hidden"),
                        format!("write hidden: true at \"{of}\", or crash it"),
                    );
                }
                Action::FailHidden(id)
            }
            scenario::Act::Gray { of, loses, lasts, probes_pass } => {
                Action::Gray { node: node(of)?, loses: loses.0, lasts: *lasts, probes_pass: *probes_pass }
            }
            scenario::Act::Slow { .. } => self.slow(act, path)?,
            scenario::Act::Cut { between, lasts } => Action::Cut(self.link_between(between, path)?, *lasts),
            scenario::Act::Withdraw { of, at, lasts } => {
                let (spread, place) = self.site_of_spread(of, at, path)?;
                Action::Withdraw(spread, place, *lasts)
            }
            scenario::Act::Surge { .. } => self.surge(act, path)?,
            scenario::Act::FailOver { group, to } => {
                let id = names.groups.find(group, "group", format!("{path}.group"), p)?;
                let members = scenario.groups.get(group).map(|g| g.members.as_slice()).unwrap_or_default();
                let known = Names::in_order(members.iter().map(String::as_str));
                let member = known.find(to, "member", format!("{path}.to"), p)?;
                Action::FailOver(GroupId::new(id), member)
            }
            scenario::Act::SwitchOff { of, lasts } => {
                Action::SwitchOff(self.automation(of, &format!("{path}.of"))?, *lasts)
            }
            scenario::Act::SwitchOn { of } => Action::SwitchOn(self.automation(of, &format!("{path}.of"))?),
            scenario::Act::Flush { service, at } => Action::Flush(self.caches(service, at.as_deref(), path)?),
            scenario::Act::Destroy { of } => Action::Destroy(self.store(of, &format!("{path}.of"))?),
            scenario::Act::Decide(what) => Action::Decide(what.clone()),
            scenario::Act::Tell(what) => Action::Tell(what.clone()),
        })
    }

    fn crashed_members(&self, id: NodeId, members: u64, path: &str) {
        let (node, p) = (&self.nodes[id.at()], &self.problems);
        if let NodeKind::Site(_) = node.kind {
            p.add(
                Code::NeverActs,
                path,
                format!("\"{}\" is a site: it has no members that fail one by one", node.name),
                "leave it out, or name a component",
            );
            return;
        }
        p.range(
            path,
            (1..=node.count).contains(&members),
            format!("{members} of the {} members of \"{}\" cannot fail", node.count, node.name),
            format!("write from 1 to {}", node.count),
        );
    }

    fn slow(&self, act: &scenario::Act, path: &str) -> Option<Action> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let scenario::Act::Slow { service, at, by, lasts, servers, checks_pass } = act else { return None };
        let id = names.services.find(service, "service", format!("{path}.service"), p)?;
        let mut stations = self.services.get(id)?.stations.clone();
        if let Some(at) = at {
            names.sites.find(at, "site", format!("{path}.at"), p)?;
            let here = scenario.services.get(service).map(|s| sorted(&s.runs_at).position(|(n, _)| n == at));
            match here.flatten().and_then(|i| stations.get(i).copied()) {
                Some(station) => stations = vec![station],
                None => {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.at"),
                        format!("\"{service}\" does not run at \"{at}\""),
                        "name a site where it runs",
                    );
                    return None;
                }
            }
        }
        p.range(
            format!("{path}.by"),
            by.0 > 0.0 && by.0 <= 1e6,
            "a service slows down by a factor above zero and up to a million",
            "write a factor like \"x3\"",
        );
        if let Some(written) = scenario.services.get(service) {
            let what = (*servers, *checks_pass);
            balancer::slowed((service, written), at.as_deref(), what, path, p);
        }
        Some(match (servers, checks_pass) {
            (None, false) => Action::Slow(stations, by.0, *lasts),
            _ => Action::SlowServers {
                stations,
                servers: servers.unwrap_or(u64::MAX),
                by: by.0,
                lasts: *lasts,
                checks_pass: *checks_pass,
            },
        })
    }

    fn link_between(&self, between: &(String, String), path: &str) -> Option<LinkId> {
        let (names, p) = (&self.names, &self.problems);
        let from = names.sites.find(&between.0, "site", format!("{path}.between.0"), p)?;
        let to = names.sites.find(&between.1, "site", format!("{path}.between.1"), p)?;
        let ends = (SiteId::new(from.min(to)), SiteId::new(from.max(to)));
        let links = &self.links[..];
        let Some(i) = links.iter().position(|l| (l.ends.0.min(l.ends.1), l.ends.0.max(l.ends.1)) == ends) else {
            p.add(
                Code::UnknownName,
                format!("{path}.between"),
                format!("there is no link between \"{}\" and \"{}\"", between.0, between.1),
                match links {
                    [] => "this file declares no link: declare it, or leave this out".to_owned(),
                    _ => format!("links here: {}", listed(links.iter().map(|l| l.name.as_str()))),
                },
            );
            return None;
        };
        Some(LinkId::new(i))
    }

    fn surge(&self, act: &scenario::Act, path: &str) -> Option<Action> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let scenario::Act::Surge { of, feature, by, ramp, lasts, falls, decays } = act else { return None };
        let people = names.people.find(of, "population", format!("{path}.of"), p)?;
        let feature = match feature {
            Some(name) => {
                let id = names.features.find(name, "feature", format!("{path}.feature"), p)?;
                if scenario.people.get(of).is_some_and(|people| people.uses.get(name).is_none()) {
                    p.add(
                        Code::NeverActs,
                        format!("{path}.feature"),
                        format!("\"{of}\" do not use \"{name}\""),
                        "surge a feature that they use",
                    );
                }
                Some(FeatureId::new(id))
            }
            None => None,
        };
        p.range(
            format!("{path}.by"),
            by.0 <= 10_000.0,
            "a surge of more than ten thousandfold",
            "write a smaller factor",
        );
        if falls.0 > 0 && decays.0 > 0 {
            p.add(
                Code::Contradiction,
                format!("{path}.decays"),
                "a surge that falls evenly and decays as well",
                "write falls: or decays:, not both",
            );
        }
        // How it ends says that it ends.
        let ends = falls.0 > 0 || decays.0 > 0;
        Some(Action::Surge {
            people: PopId::new(people),
            feature,
            by: by.0,
            ramp: *ramp,
            lasts: lasts.or(ends.then_some(Duration::ZERO)),
            falls: *falls,
            decays: *decays,
        })
    }
}
