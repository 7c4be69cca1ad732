//! What is drawn of a design, as plain data.

use super::moments::State;
use super::spread::SpreadDrawn;
use crate::units::Duration;
use crate::world::{GroupId, LinkId, NodeId, PopId, QueueId, SiteId, StationId, StoreId};

/// Something that has a place in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A site, a component or a group.
    Node(NodeId),
    /// A service at a site.
    Station(StationId),
    /// A store at a site: its primary or a copy.
    Store(StoreId, SiteId),
    /// A background queue.
    Queue(QueueId),
    /// A population.
    People(PopId),
    /// A link.
    Link(LinkId),
}

/// A design, as it is at the start of a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Drawing {
    /// The title of its scenario.
    pub title: String,
    /// Its strategy, maintenance plan and variant, as far as they were chosen.
    pub pick: Vec<String>,
    /// Its sites.
    pub sites: Vec<SiteDrawn>,
    /// Components in no site.
    pub elsewhere: Vec<Part>,
    /// Redundant groups.
    pub groups: Vec<GroupDrawn>,
    /// Its people, by who serves them.
    pub crowds: Vec<Crowd>,
    /// Links between sites.
    pub links: Vec<LinkDrawn>,
    /// Calls between services.
    pub calls: Vec<Call>,
    /// What stands on what: the upper thing, and the component or group below it. That everything at a site stands on the site is not
    /// said again.
    pub stands_on: Vec<(Thing, NodeId)>,
    /// What takes people down when it fails alone; `None` where the design is too large to look for it.
    pub single_points: Option<Vec<SinglePoint>>,
}

/// A site, and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteDrawn {
    /// Which.
    pub id: SiteId,
    /// Its node.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Who runs it.
    pub provider: Option<String>,
    /// Its uplink, and bits per second over it.
    pub uplink: Option<(LinkId, f64)>,
    /// Services, callers before callees.
    pub services: Vec<ServiceDrawn>,
    /// Components.
    pub parts: Vec<Part>,
    /// Stores that have data here.
    pub stores: Vec<StoreDrawn>,
    /// Background queues that are worked on here.
    pub queues: Vec<QueueDrawn>,
}

/// A service at a site.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceDrawn {
    /// Which.
    pub id: StationId,
    /// The name of the service.
    pub name: String,
    /// Servers at the start.
    pub servers: u64,
    /// Workers of each.
    pub workers: u32,
    /// Calls on the way to it: 0 where people call it themselves or nobody does.
    pub depth: usize,
}

/// A component.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Which.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Members.
    pub count: u64,
    /// How many of them must work.
    pub needs: u64,
}

/// What a site has of a store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role {
    /// Writes go here.
    Primary,
    /// A commit waits for this copy.
    Sync,
    /// A commit waits for this copy, though not for ever.
    SemiSync,
    /// It follows.
    Async,
    /// It gets what was written in parcels.
    Shipped,
}

/// A store at a site.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreDrawn {
    /// Which.
    pub id: StoreId,
    /// Its name.
    pub name: String,
    /// What the site has of it.
    pub role: Role,
    /// The group whose active member has the primary, if one does.
    pub group: Option<GroupId>,
}

/// A background queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueDrawn {
    /// Which.
    pub id: QueueId,
    /// Its name.
    pub name: String,
}

/// Who moves the work of a group to another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// Nobody does.
    Nobody,
    /// Something does, and never succeeds.
    InVain,
    /// A mechanism, by itself.
    Automatic,
    /// People decide, or carry it out.
    People,
}

/// A redundant group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupDrawn {
    /// Which.
    pub id: GroupId,
    /// Its node.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Its members, the active one first.
    pub members: Vec<(NodeId, String)>,
    /// The site of each.
    pub sites: Vec<Option<SiteId>>,
    /// Who moves it.
    pub moves: Moves,
    /// The site that all members are in, where they are components of one.
    pub inside: Option<SiteId>,
}

/// People who are served by the same place.
#[derive(Debug, Clone, PartialEq)]
pub struct Crowd {
    /// The name of the place.
    pub served_by: String,
    /// The group by whose active member they are served, if one is.
    pub group: Option<GroupId>,
    /// The spread over whose sites they are led, if they are.
    pub spread: Option<SpreadDrawn>,
    /// The site at the start; of a spread the first.
    pub site: Option<SiteId>,
    /// Other sites to which they can be led.
    pub others: Vec<SiteId>,
    /// Who they are, most users first.
    pub people: Vec<Person>,
}

impl Crowd {
    /// Whether any of them are led to a site in a state, and which share of them where there is more than one site and that can be
    /// told.
    pub fn is_led(&self, state: &State, groups: &[GroupDrawn], to: SiteId) -> Option<Option<f64>> {
        if let Some(spread) = &self.spread {
            let led = spread.led_to(state);
            let share = led.iter().find(|(site, _)| *site == to)?.1;
            return Some(share.filter(|_| led.len() > 1));
        }
        let active = |group: GroupId| {
            let active = state.active.get(&group).copied().unwrap_or(0);
            groups[group.at()].sites.get(active).copied().flatten()
        };
        let site = self.group.map_or(self.site, active);
        (site == Some(to)).then_some(None)
    }
}

/// A population.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Which.
    pub id: PopId,
    /// Its name.
    pub name: String,
    /// How many users.
    pub users: f64,
}

/// A link between two sites.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkDrawn {
    /// Which.
    pub id: LinkId,
    /// Its ends.
    pub ends: (SiteId, SiteId),
    /// Round-trip time.
    pub rtt: Duration,
    /// Bits per second; infinite where nothing limits it.
    pub bandwidth_bps: f64,
}

/// A call from a service at a site to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Who calls.
    pub from: StationId,
    /// Whom, at the start.
    pub to: StationId,
    /// Whether the caller fails without it.
    pub hard: bool,
}

/// What fails alone: one member of a component, a site, or a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failing {
    /// A site with everything in it, or one member of a component.
    Node(NodeId),
    /// A link or an uplink.
    Link(LinkId),
}

/// What takes people down when it fails alone.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SinglePoint {
    /// What.
    pub failing: Failing,
    /// Its name.
    pub name: String,
    /// Whom: they lose something that they use, by index in the world.
    pub hits: Vec<PopId>,
    /// Their names.
    pub hit_names: Vec<String>,
}
