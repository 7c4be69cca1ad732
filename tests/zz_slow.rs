mod common; mod generated;
use generated::*; use proptest::prelude::*; use proptest::test_runner::*; use proptest::strategy::ValueTree;
#[test] fn slow() {
    let mut r = TestRunner::deterministic();
    let mut n = 0;
    for i in 0..150 {
        let mut plan = plans(Chance::Any).new_tree(&mut r).unwrap().current();
        plan.warm_up = false; plan.horizon_min = plan.horizon_min.min(900);
        let text = plan.text(&plain);
        let Ok((_, world)) = firedrill::load::load(&firedrill::scenario::Source::new("x", text.clone()), &Default::default()) else { println!("{i} refused"); continue };
        let o = firedrill::run::run(&world, firedrill::rng::Luck{seed:7,replication:3}).outcome;
        for (name, s) in &o.services {
            let sum = s.served + s.lost + s.backlog;
            if (sum - s.arrived).abs() > 1e-6 * s.arrived.max(1e-3) || [s.arrived, s.served, s.lost, s.backlog, s.utilisation, s.wait_mean_s, s.queue_len_mean].iter().any(|v| *v < -1e-9 * s.arrived.max(1.0)) {
                println!("BAD {i} {name} {s:?}"); n += 1;
                std::fs::write(format!("/tmp/bad-{i}.ron"), &text).unwrap();
            }
        }
        if n > 6 { break }
    }
}
