//! What is marked on a picture: single points of failure, and what is down at a moment.

use super::parts::{diamond, hatch, path, rect, tag, text};
use super::shapes::{LETTER, Lane, Lead, Rect, Shape, Spot};
use super::site_layout::role;
use crate::drawing::{Drawing, Failing, GroupDrawn, Role, SinglePoint, SiteDrawn, State, StoreDrawn, Thing};
use crate::observe::ServiceLevel;
use crate::report::format;
use crate::report::html::markup::{Html, n};
use crate::report::text::width;
use crate::world::{GroupId, LinkId, NodeId, SiteId, StationId};
use std::collections::{BTreeMap, BTreeSet};

/// Marks of a design in some states.
pub struct Marks<'a> {
    states: &'a [State],
    single: BTreeSet<Thing>,
    /// Each store at a site, with the node of that.
    stores: BTreeMap<Thing, (&'a StoreDrawn, &'a SiteDrawn)>,
    groups: &'a [GroupDrawn],
    /// The group of each member, and which member it is.
    members: BTreeMap<NodeId, (&'a GroupDrawn, usize)>,
    /// Nodes of sites: what is in one is down with it, and that need not be said of each.
    sites: BTreeSet<NodeId>,
    /// The uplinks of sites.
    uplinks: BTreeMap<NodeId, LinkId>,
}

impl<'a> Marks<'a> {
    /// Of a design in some states.
    pub fn new(drawing: &'a Drawing, states: &'a [State]) -> Marks<'a> {
        let thing = |point: &SinglePoint| match point.failing {
            Failing::Node(node) => Thing::Node(node),
            Failing::Link(link) => Thing::Link(link),
        };
        let stores = drawing
            .sites
            .iter()
            .flat_map(|site| site.stores.iter().map(move |store| (Thing::Store(store.id, site.id), (store, site))));
        let inside = drawing.groups.iter().filter(|group| group.inside.is_some());
        let members =
            inside.flat_map(|group| group.members.iter().enumerate().map(move |(at, (node, _))| (*node, (group, at))));
        Marks {
            states,
            single: drawing.single_points.iter().flatten().map(thing).collect(),
            stores: stores.collect(),
            groups: &drawing.groups,
            members: members.collect(),
            sites: drawing.sites.iter().map(|site| site.node).collect(),
            uplinks: drawing.sites.iter().filter_map(|site| Some((site.node, site.uplink?.0))).collect(),
        }
    }

    /// Whether people are down when this fails alone.
    pub fn is_single(&self, thing: Option<Thing>) -> bool {
        thing.is_some_and(|thing| self.single.contains(&thing))
    }

    /// Whether anything is single.
    pub fn any_single(&self) -> bool {
        !self.single.is_empty()
    }

    /// The room for the name of people: beside how many they are, and how they may feel.
    pub fn room_of(&self, spot: &Spot) -> f64 {
        let Some(Thing::People(id)) = spot.thing else { return spot.rect.w };
        let levels = self.states.iter().filter_map(|state| state.people.get(&id));
        let tag = levels.map(|level| if *level == ServiceLevel::Degraded { 62.0 } else { 46.0 }).fold(0.0, f64::max);
        spot.rect.w - 12.0 - beside(spot) - tag
    }

    /// Whether anything is marked as down in any state.
    pub fn any_down(&self) -> bool {
        self.states
            .iter()
            .any(|state| !state.nodes.is_empty() || !state.stations.is_empty() || !state.people.is_empty())
    }

    /// Whether something holds in any state.
    pub fn is_anywhere(&self, holds: impl Fn(&State) -> bool) -> bool {
        self.states.iter().any(holds)
    }

    /// Something that is seen in the states in which it holds; not at all where it never does.
    pub fn seen(&self, html: &mut Html, holds: impl Fn(&State) -> bool, draw: impl FnOnce(&mut Html)) {
        let holding: Vec<usize> =
            self.states.iter().enumerate().filter(|(_, state)| holds(state)).map(|(index, _)| index).collect();
        if holding.is_empty() {
            return;
        }
        if holding.len() == self.states.len() {
            return draw(html);
        }
        let classes: String = holding.iter().map(|index| format!(" at{index}")).collect();
        html.within("g", &[("class", &format!("at{classes}"))], draw);
    }

    /// Whether people are down when the uplink of a site fails alone.
    pub fn has_single_uplink(&self, spot: &Spot) -> bool {
        let Some(Thing::Node(node)) = spot.thing else { return false };
        self.uplinks.get(&node).is_some_and(|link| self.is_single(Some(Thing::Link(*link))))
    }

    /// What is written on a box where its name leaves room.
    pub fn above(&self, html: &mut Html, spot: &Spot) {
        match (spot.thing, spot.shape) {
            (Some(Thing::Node(node)), Shape::Part) => self.active(html, spot, node),
            (Some(store @ Thing::Store(..)), _) => {
                self.stores.get(&store).into_iter().for_each(|(store, site)| self.role(html, spot, (store, site)));
            }
            (Some(Thing::Node(node)), Shape::Site) => {
                if let Some(link) = self.uplinks.get(&node) {
                    self.seen(
                        html,
                        |state| state.links.contains(link),
                        |html| {
                            tag(html, (spot.rect.right() - 60.0, spot.rect.y - 7.0), "p-tag-down", "uplink cut");
                        },
                    );
                }
            }
            _ => {}
        }
    }

    /// What a box is marked with.
    pub fn below(&self, html: &mut Html, spot: &Spot) {
        match (spot.thing, spot.shape) {
            (Some(Thing::Node(node)), Shape::Site | Shape::Frame) => self.on_holder(html, spot, node),
            (Some(Thing::Node(node)), _) => self.down(html, spot, |state| state.nodes.contains(&node)),
            (Some(Thing::Station(station)), _) => self.on_station(html, spot, station),
            (Some(Thing::Queue(queue)), _) => self.down(html, spot, |state| state.queues.contains(&queue)),
            (Some(Thing::People(_)), _) => self.on_person(html, spot),
            (Some(store @ Thing::Store(..)), _) => {
                if let Some((store, site)) = self.stores.get(&store) {
                    self.down(html, spot, |state| {
                        let group = store.group.filter(|_| self.has_primary(state, store, site));
                        let by_group = group.is_some_and(|id| state.nodes.contains(&self.groups[id.at()].node));
                        state.nodes.contains(&site.node) || by_group
                    });
                }
            }
            _ => {}
        }
    }

    /// Where the active member of a group is in a state.
    fn site_of(&self, state: &State, group: GroupId) -> Option<SiteId> {
        let active = state.active.get(&group).copied().unwrap_or(0);
        self.groups[group.at()].sites.get(active).copied().flatten()
    }

    /// Whether people are led to a site in a state.
    pub fn is_led(&self, state: &State, lead: &Lead) -> bool {
        lead.crowd.is_led(state, self.groups, lead.to).is_some()
    }

    /// What is said of the share of them that is led there: each text that there is in any state.
    pub fn shares(&self, lead: &Lead) -> BTreeSet<String> {
        self.states.iter().filter_map(|state| self.share(state, lead)).collect()
    }

    /// That in a state.
    pub fn share(&self, state: &State, lead: &Lead) -> Option<String> {
        lead.crowd.is_led(state, self.groups, lead.to).flatten().map(format::percent)
    }

    /// Whether writes of a store go to a site in a state.
    fn has_primary(&self, state: &State, store: &StoreDrawn, site: &SiteDrawn) -> bool {
        match store.group {
            Some(group) => self.site_of(state, group) == Some(site.id),
            None => store.role == Role::Primary,
        }
    }

    /// What a site has of a store whose primary may move.
    fn role(&self, html: &mut Html, spot: &Spot, (store, site): (&StoreDrawn, &SiteDrawn)) {
        let at = (spot.rect.x + 10.0, spot.rect.y + 32.0);
        let other = if store.role == Role::Primary { "was the primary" } else { role(store.role) };
        let is_here = |state: &State| self.has_primary(state, store, site);
        self.seen(html, is_here, |html| text(html, at, "p-detail p-on-chip", role(Role::Primary)));
        self.seen(html, |state| !is_here(state), |html| text(html, at, "p-detail p-on-chip", other));
    }

    fn down(&self, html: &mut Html, spot: &Spot, holds: impl Fn(&State) -> bool) {
        self.seen(html, holds, |html| {
            hatch(html, spot.rect, "p-hatch");
            rect(html, spot.rect, radius(spot.shape), "p-down");
            tag(html, (spot.rect.right() + 3.0, spot.rect.y - 7.0), "p-tag-down", "down");
        });
    }

    /// A site or a group: its frame, so that what is in it can be read.
    fn on_holder(&self, html: &mut Html, spot: &Spot, node: NodeId) {
        self.seen(
            html,
            |state| state.nodes.contains(&node),
            |html| {
                if self.sites.contains(&node) {
                    hatch(html, Rect { h: 30.0, ..spot.rect }, "p-hatch");
                }
                rect(html, spot.rect, radius(spot.shape), "p-down");
                tag(html, (spot.rect.right() + 3.0, spot.rect.y - 7.0), "p-tag-down", "down");
            },
        );
    }

    fn on_station(&self, html: &mut Html, spot: &Spot, id: StationId) {
        self.down(html, spot, |state| state.stations.contains(&id) && !state.starting.contains(&id));
        self.seen(
            html,
            |state| state.starting.contains(&id),
            |html| {
                hatch(html, spot.rect, "p-hatch p-lighter");
                rect(html, spot.rect, radius(spot.shape), "p-waiting");
                tag(html, (spot.rect.right() + 3.0, spot.rect.y - 7.0), "p-tag-degraded", "starting");
            },
        );
        self.seen(
            html,
            |state| state.busy.contains(&id) && !state.stations.contains(&id),
            |html| {
                rect(html, spot.rect, radius(spot.shape), "p-waiting");
                tag(html, (spot.rect.right() + 3.0, spot.rect.y - 7.0), "p-tag-degraded", "overloaded");
            },
        );
    }

    fn on_person(&self, html: &mut Html, spot: &Spot) {
        let Some(Thing::People(id)) = spot.thing else { return };
        let right = spot.rect.right() - beside(spot);
        for (level, class, word) in [
            (ServiceLevel::Down, "p-tag-down", "down"),
            (ServiceLevel::Degraded, "p-tag-degraded", "degraded"),
            (ServiceLevel::Stale, "p-tag-stale", "stale"),
        ] {
            self.seen(
                html,
                |state| state.people.get(&id) == Some(&level),
                |html| {
                    if level == ServiceLevel::Down {
                        hatch(html, spot.rect, "p-hatch");
                    }
                    tag(html, (right, spot.rect.y + 1.5), class, word);
                },
            );
        }
    }

    /// Who of a group is active, below its name.
    fn active(&self, html: &mut Html, spot: &Spot, node: NodeId) {
        let Some((group, member)) = self.members.get(&node) else { return };
        let at = (spot.rect.x + 10.0, spot.rect.y + 32.0);
        let is_active = |state: &State| state.active.get(&group.id).copied().unwrap_or(0) == *member;
        self.seen(html, is_active, |html| text(html, at, "p-detail p-strong p-on-chip", "● active"));
        self.seen(html, |state| !is_active(state), |html| text(html, at, "p-detail p-on-chip", "○ stands by"));
    }

    /// Whether a member of a group is active, in front of its name.
    pub fn dot(&self, html: &mut Html, (x, y): (f64, f64), group: &GroupDrawn, member: usize) {
        let is_active = |state: &State| state.active.get(&group.id).copied().unwrap_or(0) == member;
        self.seen(html, is_active, |html| text(html, (x, y), "p-strong", "●"));
        self.seen(html, |state| !is_active(state), |html| text(html, (x, y), "p-faint", "○"));
    }

    /// Whether a member of a group is down, around its name.
    pub fn member(&self, html: &mut Html, of: Rect, node: NodeId) {
        self.seen(
            html,
            |state| state.nodes.contains(&node),
            |html| {
                hatch(html, of, "p-hatch");
                rect(html, of, of.h / 2.0, "p-down");
            },
        );
    }

    /// Whatever is to be seen on a link.
    pub fn on_lane(&self, html: &mut Html, lane: &Lane) {
        let Thing::Link(link) = lane.thing else { return };
        if self.is_single(Some(lane.thing)) {
            diamond(html, (lane.ends[0].0 + 16.0, lane.y));
        }
        self.on_link(html, link, (lane.ends[1].0 - 14.0, lane.y));
    }

    fn on_link(&self, html: &mut Html, link: LinkId, (x, y): (f64, f64)) {
        self.seen(
            html,
            |state| state.links.contains(&link),
            |html| {
                path(html, &format!("M{} {}l12 12m0 -12l-12 12", n(x - 40.0), n(y - 6.0)), "p-cut");
                tag(html, (x, y - 7.5), "p-tag-down", "cut");
            },
        );
    }
}

/// The room for how many people there are; where there is enough of it, the same for all.
fn beside(spot: &Spot) -> f64 {
    let needs = 16.0 + width(&spot.detail) as f64 * LETTER;
    if spot.rect.w > 240.0 { needs.max(82.0) } else { needs }
}

/// How round the corners of a shape are.
pub fn radius(shape: Shape) -> f64 {
    match shape {
        Shape::Site | Shape::Elsewhere | Shape::Crowd => 10.0,
        Shape::Frame => 7.0,
        Shape::Service => 12.0,
        Shape::Part | Shape::Store | Shape::Queue => 3.0,
        Shape::Person => 4.0,
    }
}
