//! What of a large design is drawn, and what is only counted: a picture that goes on for ever shows nothing.

use crate::drawing::{Crowd, Drawing, GroupDrawn, LinkDrawn, SiteDrawn};
use crate::world::SiteId;
use std::collections::BTreeSet;

/// Sites that are drawn.
const SITES_MAX: usize = 12;
/// Crowds that are drawn.
const CROWDS_MAX: usize = 16;
/// Populations of a crowd.
pub const PEOPLE_MAX: usize = 6;
/// Services of a site.
pub const SERVICES_MAX: usize = 24;
/// Components, stores and queues of a site.
pub const PARTS_MAX: usize = 16;
/// Redundant groups.
const GROUPS_MAX: usize = 16;
/// Links.
const LINKS_MAX: usize = 16;

/// What is drawn of each kind, and how many are left out.
pub struct Folded<'a> {
    /// Crowds.
    pub crowds: (Vec<&'a Crowd>, usize),
    /// Sites.
    pub sites: (Vec<&'a SiteDrawn>, usize),
    /// Groups that are in more than one place.
    pub groups: (Vec<&'a GroupDrawn>, usize),
    /// Links between sites that are drawn.
    pub links: (Vec<&'a LinkDrawn>, usize),
}

impl<'a> Folded<'a> {
    /// Of a design: sites that serve people first, then those with most in them.
    pub fn new(drawing: &'a Drawing) -> Folded<'a> {
        let mut crowds: Vec<&Crowd> = drawing.crowds.iter().collect();
        let users = |crowd: &Crowd| crowd.people.iter().map(|person| person.users).sum::<f64>();
        if crowds.len() > CROWDS_MAX {
            crowds.sort_by(|a, b| users(b).total_cmp(&users(a)));
        }
        let serving: BTreeSet<SiteId> =
            crowds.iter().take(CROWDS_MAX).flat_map(|c| c.site.iter().chain(&c.others)).copied().collect();
        let mut sites: Vec<&SiteDrawn> = drawing.sites.iter().collect();
        if sites.len() > SITES_MAX {
            let size = |site: &SiteDrawn| site.services.len() + site.parts.len() + site.stores.len();
            sites.sort_by_key(|site| (!serving.contains(&site.id), std::cmp::Reverse(size(site)), site.id));
            sites[..SITES_MAX].sort_by_key(|site| site.id);
        }
        let shown: BTreeSet<SiteId> = sites.iter().take(SITES_MAX).map(|site| site.id).collect();
        let drawn = |link: &&LinkDrawn| shown.contains(&link.ends.0) && shown.contains(&link.ends.1);
        // Where only some sites are drawn, so are their people.
        let all = crowds.len();
        crowds.retain(|crowd| crowd.site.is_none_or(|site| shown.contains(&site)));
        let elsewhere = all - crowds.len();
        let crowds = cut(crowds, CROWDS_MAX);
        let links: Vec<&LinkDrawn> = drawing.links.iter().filter(drawn).collect();
        let not_drawn = drawing.links.len() - links.len();
        let links = cut(links, LINKS_MAX);
        Folded {
            crowds: (crowds.0, crowds.1 + elsewhere),
            sites: cut(sites, SITES_MAX),
            groups: cut(drawing.groups.iter().filter(|group| group.inside.is_none()).collect(), GROUPS_MAX),
            links: (links.0, links.1 + not_drawn),
        }
    }
}

/// The first of a list, and how many there are beside.
pub fn cut<T>(mut list: Vec<T>, most: usize) -> (Vec<T>, usize) {
    let left_out = list.len().saturating_sub(most);
    list.truncate(most);
    (list, left_out)
}

/// `and 3 more sites`.
pub fn more(left_out: usize, noun: &str) -> String {
    let plural = if left_out == 1 { "" } else { "s" };
    format!("and {left_out} more {noun}{plural}")
}
