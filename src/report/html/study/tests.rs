//! The page of a study, of a small one.

use super::*;
use crate::rng::Luck;
use crate::run::run;
use crate::scenario::{Choice, Source};
use crate::study::{Study, Wanted};

const HOSTILE: &str = "<script>alert(1)</script>&\u{202e}";

fn page(label: &str) -> String {
    page_ranked_by(label, None)
}

fn page_ranked_by(label: &str, path: Option<&str>) -> String {
    let text = r#"Scenario(
        format: 1, title: "</title><script>x</script>", currency: "<b>",
        clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "30d"),
        sites: {"a": (costs: "3/h")},
        components: {"db": (fails: exponential(mean: "5d"), repair: (takes: exponential(mean: "1h")))},
        services: {"web": (runs_at: {"a": (servers: 2)}, takes: fixed("50ms"), stands_on: all(["db"]))},
        features: {"read": (calls: [hard(to: "web")])},
        people: {"<i>": (users: 100, uses: {"read": "1/min"}, served_by: "a")},
        objectives: {"<u>": restored(of: "<i>", within: "1h", holds: in("90%"))},
    )"#;
    let mut protocol = Protocol::new(1, 100);
    protocol.add_source(&Source::new("h.ron", text));
    protocol.designs.push(Wanted::new(label, 0, Choice::default()));
    let slow = ("components.db.repair.takes".to_owned(), r#"exponential(mean: "4h")"#.to_owned());
    protocol.designs.push(Wanted::new("slow", 0, Choice { set: vec![slow], ..Choice::default() }));
    protocol.paths.extend(path.map(str::to_owned));
    protocol.by = path.map(str::to_owned);
    let study = Study::new(protocol).unwrap();
    let comparison = study.run();
    let worst = comparison.designs[0].worst[0].replication;
    let story = run(&study.designs[0].world, Luck { seed: 1, replication: worst });
    render_comparison(&comparison, &study.protocol, &[(0, story)], Some("firedrill compare h.ron"))
}

#[test]
fn a_page_stands_alone_and_no_name_becomes_markup() {
    let page = page(HOSTILE);
    for never in ["<script", "http://", "https://", "src=", "<i>", "<u>", "<b>alert", "\u{202e}"] {
        assert!(!page.contains(never), "{never}");
    }
    for there in ["How far from", "How downtime is spread", "The worst runs", "Objectives", "firedrill verify"] {
        assert!(page.contains(there), "{there}");
    }
    assert_eq!(page.matches("<svg").count(), 3, "differences, spread, and cost against loss");
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}

#[test]
fn the_distance_to_the_next_is_told_whichever_direction_is_worse() {
    for (path, worse) in [("components.db.downtime_s", "more"), ("components.db.availability", "less")] {
        let page = page_ranked_by("quick", Some(path));
        let (_, told) = page.split_once("“slow” follows with ").expect("the distance");
        let (told, _) = told.split_once(')').expect("its interval");
        assert!(told.contains(&format!(" {worse} (")) && !told.contains('-'), "{path}: {told}");
    }
}

#[test]
fn the_study_is_in_its_page() {
    let page = page("grüße 🚒");
    let embedded = extract_study(&page).expect("the data");
    assert_eq!(embedded.protocol.designs[0].label, "grüße 🚒");
    assert_eq!(embedded.replications, [100, 100]);
    let again = Study::new(embedded.protocol).unwrap().run();
    assert_eq!(again.digest, embedded.digest);
    assert_eq!(extract_study("<html></html>"), None);
}
