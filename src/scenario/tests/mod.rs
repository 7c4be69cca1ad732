//! Tests of reading and writing texts.

use super::*;

const EVERYTHING: &str = include_str!("everything.ron");

#[test]
fn explore() {
    let source = Source::new("x.ron", EVERYTHING);
    let reading = source.read_plain();
    for m in &reading.mistakes {
        println!("{} {:?} {m}", m.span.as_ref().map_or("", |s| &source.text[s.clone()]), m.span);
    }
    let scenario = reading.scenario.unwrap();
    println!("{:?}", scenario.assumptions);
    println!("{}", scenario.to_ron());
    let back = Source::from_scenario("y", &scenario).read_plain();
    for m in &back.mistakes {
        println!("BACK {m}");
    }
    assert_eq!(back.scenario.unwrap(), scenario);
    let chosen = source.read(&Choice { variant: Some("shared".into()), ..Choice::default() });
    println!("{:?}", chosen.mistakes);
    let c = chosen.scenario.unwrap();
    println!("{:?} {:?} {:?} {:?}", c.run, c.links[0].rtt, c.sites.get("plain"), c.assumptions);
}

#[test]
fn explore_mistakes() {
    for (old, new) in [
        ("horizon: \"3d\"", "horizon: 3"),
        ("horizon: \"3d\"", "horizon: \"3 days\""),
        ("format: 1", "format: 2"),
        ("    format: 1,\n", ""),
        ("title: \"Everything\",", ""),
        ("servers: 60", "servers: \"60\""),
        ("servers: 60", "servers: 1.5"),
        ("servers: 60", "servers: -3"),
        ("servers: 60", "servers: 99999999999999999999999"),
        ("servers: 60", "servers: 1e3"),
        ("servers: 60", "servers: sixty"),
        ("servers: 60", "server: 60"),
        ("servers: 60,", "servers: 60"),
        ("servers: 60,", "servers: 60, servers: 61,"),
        ("shape: 0.7", "shape: NaN"),
        ("shape: 0.7", "shape: \"x\""),
        ("shape: 0.7", "shape: 1e999"),
        ("shape: 0.7, ", ""),
        ("fails: weibull(", "fails: weibul("),
        ("fails: weibull(", "fails: Weibull("),
        ("takes: fixed(\"5ms\")", "takes: \"5ms\""),
        ("takes: fixed(\"5ms\")", "takes: 5"),
        ("takes: fixed(\"5ms\")", "takes: fixed(5)"),
        ("takes: fixed(\"5ms\")", "takes: fixed"),
        ("takes: fixed(\"5ms\")", "takes: fixed()"),
        ("takes: fixed(\"5ms\")", "takes: fixed(\"5ms\", \"6ms\")"),
        ("vendor: uniform(\"2h\", \"6h\")", "vendor: uniform(\"2h\")"),
        ("decide: automatic", "decide: \"automatic\""),
        ("decide: automatic", "decide: automatic(takes: 3)"),
        ("decide: automatic", "decide: manual"),
        ("hidden: true", "hidden: \"yes\""),
        ("hidden: true", "hidden: yes"),
        ("provider: \"usit\"", "provider: usit"),
        ("provider: \"usit\"", "provider: 3"),
        ("at: (59.91, 10.75)", "at: (59.91)"),
        ("at: (59.91, 10.75)", "at: (59.91, 10.75, 3)"),
        ("at: (59.91, 10.75)", "at: [59.91, 10.75]"),
        ("between: (\"oslo\", \"plain\")", "between: \"oslo\""),
        ("hard(to: \"web\")", "hard(\"web\")"),
        ("hard(to: \"web\")", "hard((to: \"web\"))"),
        ("hard(to: \"web\")", "\"web\""),
        ("hard(to: \"web\")", "hard()"),
        ("hard(to: \"web\")", "hard"),
        ("calls: [hard(to: \"web\")]", "calls: {\"web\": 3}"),
        ("calls: [hard(to: \"web\")]", "calls: hard(to: \"web\")"),
        ("uses: {\"log-in\": \"2/h\"}", "uses: [\"log-in\"]"),
        ("uses: {\"log-in\": \"2/h\"}", "uses: (log_in: \"2/h\")"),
        ("sites: {", "sites: {\"oslo\": (),"),
        ("\"plain\": (),", "\"plain\": Site(),"),
        ("\"plain\": (),", "plain: (),"),
        ("\"plain\": (),", "\"plain\": {},"),
        ("\"plain\": (),", "\"plain\": (at: (1, 2),"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "at(\"14:31\", crash())"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "at(\"14:31\")"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "(\"14:31\", crash(of: \"x\"))"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "at(\"14:31\", crsh(of: \"x\"))"),
        ("stands_on: all([\"storage\"])),\n    },\n    common", "stands_on: all(\"storage\")),\n    },\n    common"),
        ("stands_on: all([\"storage\"])),\n    },\n    common", "stands_on: all([3])),\n    },\n    common"),
        ("k_of_n(1, [", "k_of_n(\"1\", ["),
        ("primary: \"us\"", "primary: Some(\"us\")"),
        ("run: (strategy: \"as designed\")", "run: (strategy: \"as desgned\")"),
        ("maintenance: \"takedown\"", "maintenance: \"takdown\""),
        ("\"services.web.queue\": 700", "\"services.web.queue\": \"x\""),
        ("\"services.web.queue\": 700", "\"services.wb.queue\": 3"),
        ("\"services.web.queue\": 700", "\"services.web.quue\": 3"),
        ("\"services.web.queue\": 700", "\"drill.9\": at(\"01:00\", tell(3))"),
        ("Scenario(", "Szenario("),
        ("Scenario(", "#![enable(foo)] Scenario("),
    ] {
        assert!(EVERYTHING.contains(old), "{old}");
        let text = EVERYTHING.replacen(old, new, 1);
        let source = Source::new("x.ron", text.clone());
        let reading = source.read(&Choice::default());
        println!("== {new}   {}", if reading.scenario.is_some() { "" } else { "(unreadable)" });
        for m in &reading.mistakes {
            println!("   {} [{}] {} | {} | {}", m.code, m.span.as_ref().map_or("-", |s| &text[s.clone()]), m.path, m.reason, m.fix);
        }
        println!("   broken {:?}", reading.scenario.map(|s| s.broken));
    }
}
