//! Sharing links fairly: weighted max-min rates by progressive filling.
//!
//! Bertsekas & Gallager, Data Networks, second edition, section 6.5.

/// A stream of traffic over a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// The links it crosses, as indices into the capacities. A link that is listed twice is used twice.
    pub links: Vec<u32>,
    /// What it would send if nothing held it back, in the unit of the capacities.
    pub demand: f64,
    /// Its share against other flows; 1 is usual. Without a positive weight a flow gets nothing.
    pub weight: f64,
}

/// The weighted max-min fair rates of `flows` over links of these `capacities`, in the order of the flows.
///
/// Every rate grows in proportion to its weight until its demand is met or one of its links is full. A link that does
/// not exist has no capacity; a flow that crosses no link gets its demand.
///
/// ```
/// use firedrill::queueing::{Flow, max_min};
/// let flow = |demand| Flow { links: vec![0], demand, weight: 1.0 };
/// assert_eq!(max_min(&[10.0], &[flow(2.0), flow(99.0), flow(99.0)]), [2.0, 4.0, 4.0]);
/// ```
pub fn max_min(capacities: &[f64], flows: &[Flow]) -> Vec<f64> {
    let mut rates = vec![0.0; flows.len()];
    let mut active: Vec<usize> = Vec::with_capacity(flows.len());
    for (i, flow) in flows.iter().enumerate() {
        if flow.links.is_empty() {
            rates[i] = flow.demand.max(0.0);
        } else if flow.weight > 0.0 && flow.demand > 0.0 && flow.links.iter().all(|&l| (l as usize) < capacities.len())
        {
            active.push(i);
        }
    }
    // What the flows that are done leave of each link, and the weight of those that still grow.
    let mut left: Vec<f64> = capacities.iter().map(|capacity| capacity.max(0.0)).collect();
    let mut weights = vec![0.0; capacities.len()];
    while !active.is_empty() {
        weights.fill(0.0);
        for &i in &active {
            flows[i].links.iter().for_each(|&l| weights[l as usize] += flows[i].weight);
        }
        let link_level = |l: u32| left[l as usize].max(0.0) / weights[l as usize];
        let level_of = |i: usize| {
            flows[i].links.iter().fold(flows[i].demand / flows[i].weight, |level, &l| level.min(link_level(l)))
        };
        let lowest = active.iter().fold(f64::INFINITY, |lowest, &i| lowest.min(level_of(i)));
        let (done, growing): (Vec<usize>, Vec<usize>) =
            active.iter().partition(|&&i| level_of(i) <= lowest * (1.0 + 1e-12) || !lowest.is_finite());
        if done.is_empty() {
            break;
        }
        for i in done {
            rates[i] = (lowest * flows[i].weight).min(flows[i].demand);
            flows[i].links.iter().for_each(|&l| left[l as usize] -= rates[i]);
        }
        active = growing;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn textbook(weight_of_f2: f64) -> Vec<f64> {
        let flow = |links: &[u32], demand, weight| Flow { links: links.to_vec(), demand, weight };
        let flows = [
            flow(&[0], 99.0, 1.0),
            flow(&[0, 1], 99.0, weight_of_f2),
            flow(&[1, 2], 99.0, 1.0),
            flow(&[2], 2.0, 1.0),
            flow(&[1, 3], 99.0, 1.0),
            flow(&[3], 99.0, 1.0),
        ];
        max_min(&[10.0, 6.0, 8.0, 20.0], &flows)
    }

    #[test]
    fn four_links_and_six_flows() {
        for (weight, expected) in [(1.0, [8.0, 2.0, 2.0, 2.0, 2.0, 18.0]), (2.0, [7.0, 3.0, 1.5, 2.0, 1.5, 18.5])] {
            for (got, expected) in textbook(weight).into_iter().zip(expected) {
                assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
            }
        }
    }

    #[test]
    fn odd_flows_do_no_harm() {
        let flow = |links: &[u32], demand, weight| Flow { links: links.to_vec(), demand, weight };
        let flows = [
            flow(&[], 3.0, 1.0),
            flow(&[9], 3.0, 1.0),
            flow(&[0], 3.0, 0.0),
            flow(&[0, 0], 9.0, 1.0),
            flow(&[1], 5.0, 1.0),
        ];
        assert_eq!(max_min(&[4.0, 0.0], &flows), [3.0, 0.0, 0.0, 2.0, 0.0]);
        assert!(max_min(&[], &[]).is_empty());
    }

    proptest! {
        #[test]
        fn rates_are_feasible_and_every_flow_has_a_bottleneck(
            capacities in prop::collection::vec(prop_oneof![Just(0.0), 0.1..100.0_f64], 1..6),
            raw in prop::collection::vec(
                (prop::collection::btree_set(0..6_u32, 1..4), 0.0..80.0_f64, 0.1..5.0_f64),
                0..20,
            ),
        ) {
            let flows: Vec<Flow> = raw.into_iter().map(|(links, demand, weight)| {
                let mut links: Vec<u32> = links.into_iter().map(|l| l % capacities.len() as u32).collect();
                links.sort_unstable();
                links.dedup();
                Flow { links, demand, weight }
            }).collect();
            let rates = max_min(&capacities, &flows);
            let on = |l: u32| flows.iter().zip(&rates).filter(move |(flow, _)| flow.links.contains(&l));
            let load = |l: u32| on(l).map(|(_, rate)| rate).sum::<f64>();
            for l in 0..capacities.len() as u32 {
                prop_assert!(load(l) <= capacities[l as usize] + 1e-9);
            }
            for (flow, rate) in flows.iter().zip(&rates) {
                prop_assert!(*rate >= 0.0 && *rate <= flow.demand + 1e-9);
                let bottleneck = flow.links.iter().any(|&l| {
                    let largest = on(l).map(|(other, r)| r / other.weight).fold(0.0, f64::max);
                    load(l) >= capacities[l as usize] - 1e-9 && rate / flow.weight >= largest - 1e-9
                });
                prop_assert!(bottleneck || *rate >= flow.demand - 1e-9, "{flow:?} {rate}");
            }
        }
    }
}
