//! Sets of faults, and which of them can come together.

use crate::scenario::{Fault, Menu, pattern_fits};

/// Faults by their places in the menu, ascending.
pub(super) type Set = Vec<usize>;

/// All sets of so many out of so many, in order.
pub(super) fn of_size(size: usize, out_of: usize) -> Vec<Set> {
    let mut found = Vec::new();
    let mut set: Set = (0..size).collect();
    if size == 0 || size > out_of {
        return found;
    }
    loop {
        found.push(set.clone());
        // The last that can still move on moves on, and those behind it follow.
        let Some(place) = (0..size).rev().find(|place| set[*place] < out_of - size + place) else { return found };
        set[place] += 1;
        for later in place + 1..size {
            set[later] = set[later - 1] + 1;
        }
    }
}

/// Every set that is smaller and inside, but for the empty one.
pub(super) fn inside(set: &[usize]) -> impl Iterator<Item = Set> {
    let all = (1usize << set.len()) - 1;
    (1..all).map(move |chosen| {
        set.iter().enumerate().filter(|(place, _)| chosen & (1 << place) != 0).map(|(_, fault)| *fault).collect()
    })
}

/// Pairs that a file rules out.
pub(super) struct Apart(Vec<Vec<bool>>);

impl Apart {
    pub fn new(menu: &Menu, faults: &[Fault]) -> Apart {
        let groups = menu.never_together.iter().map(|patterns| {
            let named = |fault: &Fault| patterns.iter().any(|pattern| pattern_fits(pattern, &fault.name));
            faults.iter().map(named).collect()
        });
        Apart(groups.collect())
    }

    /// Whether no two of them are ruled out.
    pub fn allows(&self, set: &[usize]) -> bool {
        self.0.iter().all(|group| set.iter().filter(|fault| group[**fault]).count() < 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_comes_once_and_in_order() {
        assert_eq!(of_size(2, 4), [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(of_size(3, 60).len(), 34_220);
        assert!(of_size(3, 2).is_empty() && of_size(0, 2).is_empty());
    }

    #[test]
    fn what_is_inside_leaves_out_nothing_and_all() {
        let all: Vec<Set> = inside(&[3, 5, 9]).collect();
        assert_eq!(all, [vec![3], vec![5], vec![3, 5], vec![9], vec![3, 9], vec![5, 9]]);
    }
}
