//! What requests reach in their programs, as long as nothing fails.

use super::state::flow_before::FlowBefore;
use super::state::program::Op;
use super::state::requests::Requests;
use super::state::source::Source;
use std::collections::BTreeMap;

/// The operations of a program that a request reaches, and with which probability, as long as nothing fails.
pub(super) fn reached(requests: &Requests, start: u32) -> Vec<(u32, f64)> {
    let ops = &requests.programs.ops;
    let mut shares: BTreeMap<u32, f64> = BTreeMap::from([(start, 1.0)]);
    let mut found = Vec::new();
    // Programs only go forward.
    while let Some((pc, share)) = shares.pop_first() {
        let mut goes = |to: u32, share: f64| {
            if share > 0.0 {
                *shares.entry(to).or_default() += share;
            }
        };
        match ops[pc as usize] {
            Op::Answered | Op::Failed | Op::Join { .. } => {}
            Op::Goto(to) => goes(to, share),
            Op::Skip { share: skips, to } => {
                goes(to, share * skips);
                goes(pc + 1, share * (1.0 - skips));
            }
            Op::Dim { service, to } => {
                let kept = requests.kept_calls[service as usize];
                goes(to, share * (1.0 - kept));
                goes(pc + 1, share * kept);
            }
            Op::Lose { share: loses, .. } => goes(pc + 1, share * (1.0 - loses)),
            Op::Ask { ask } => {
                goes(requests.programs.asks[ask as usize].start, share);
                goes(pc + 1, share);
            }
            Op::Fork { first, count } => {
                for branch in first..first + count {
                    goes(requests.programs.branches[branch as usize], share);
                }
                goes(pc + 1, share);
            }
            _ => goes(pc + 1, share),
        }
        found.push((pc, share));
    }
    found
}

/// Where requests of a source enter a station.
pub(super) fn enters(requests: &Requests, of: u32, station: u32) -> Option<u32> {
    let ways = &requests.sources[of as usize].ways;
    ways.iter().find_map(|way| {
        let at = |pc: &(u32, f64)| {
            matches!(requests.programs.ops[pc.0 as usize], Op::Enter { station: here, .. } if here == station)
        };
        reached(requests, way.start).iter().find(|pc| at(pc)).map(|pc| pc.0)
    })
}

/// Visits per second of a source at a station.
pub(super) fn visits(requests: &Requests, before: &FlowBefore, of: usize, station: u32) -> f64 {
    let first: usize = requests.sources[..of].iter().map(|source: &Source| source.ways.len()).sum();
    let mut sum = 0.0;
    for (nth, way) in requests.sources[of].ways.iter().enumerate() {
        let rate = before.rates.get(first + nth).copied().unwrap_or(0.0);
        for (pc, share) in reached(requests, way.start) {
            if matches!(requests.programs.ops[pc as usize], Op::Enter { station: here, .. } if here == station) {
                sum += rate * share;
            }
        }
    }
    sum
}
