//! Small designs, each with something about it.

/// A design of two sites and a bit more: whatever is said replaces or completes it.
pub fn two_sites(rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "two sites", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "6h"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "5ms", bandwidth: "1Gbps")], {rest})"#
    )
}

/// Services at both sites, people at a group of both.
const BOTH: &str = r#"
    groups: {"home": (members: ["a", "b"])},
    services: {
        "web": (runs_at: {"a": (servers: 40), "b": (servers: 40)}, takes: fixed("4ms"), calls: [hard(to: "db")]),
        "db": (runs_at: {"a": (servers: 40), "b": (servers: 40)}, takes: fixed("5ms")),
    },
    features: {"browse": (calls: [hard(to: "web")])},
    people: {"customers": (users: 100, uses: {"browse": "6/min"}, served_by: "home")},
"#;

const PROBES: &str = r#"detect: probe(every: "10s", fails: 3), promote: (takes: fixed("20s"))"#;

fn strategy(of: &str, says: &str) -> String {
    format!(r#"strategies: {{"s": (failover: {{"{of}": ({says})}})}},"#)
}

/// Each with what takes people down alone, as it is to be seen.
pub fn all() -> Vec<(&'static str, String, &'static [&'static str])> {
    let home = strategy("home", PROBES);
    let db_at_a = BOTH.replace(
        r#""db": (runs_at: {"a": (servers: 40), "b": (servers: 40)}"#,
        r#""db": (runs_at: {"a": (servers: 40)}"#,
    );
    let arrays = |says: &str| {
        BOTH.replace("groups: {", r#"groups: {"storage": (members: ["x", "y"]), "#).replace(
            r#""db": (runs_at: {"a": (servers: 40), "b": (servers: 40)}"#,
            r#""db": (runs_at: {"a": (servers: 40), "b": (servers: 40)}, stands_on: all(["storage"])"#,
        ) + r#"components: {"x": (), "y": ()},"#
            + &format!(r#"strategies: {{"s": (failover: {{"home": ({PROBES}), "storage": ({says})}})}},"#)
    };
    let elected = |says: &str, followers: u32| {
        let raft = format!(r#"detect: raft(followers: {followers}, timeout: ("1s", "2s"){says})"#);
        BOTH.replace(r#"served_by: "home""#, r#"served_by: "leader""#)
            .replace("groups: {", r#"groups: {"leader": (members: ["a", "b"]), "#)
            + &strategy("leader", &raft)
    };
    vec![
        ("one site serves", two_sites(&BOTH.replace(r#"served_by: "home""#, r#"served_by: "a""#)), &["a"]),
        ("nothing fails over", two_sites(BOTH), &["a"]),
        (
            "both serve at the same time",
            two_sites(
                &(BOTH
                    .replace("groups: {", r#"spreads: {"all": (over: {"a": 1, "b": 1})}, groups: {"#)
                    .replace(r#"served_by: "home""#, r#"served_by: "all""#)
                    .replace(r#""home": (members: ["a", "b"])"#, "")),
            ),
            &[],
        ),
        (
            "the link stands on a fibre, and what is called is beyond it",
            two_sites(
                &(db_at_a.replace(r#""db": (runs_at: {"a":"#, r#""db": (runs_at: {"b":"#)
                    + r#"components: {"duct": (), "fibre": (stands_on: all(["duct"]))},"#
                    + &home),
            )
            .replace(r#"rtt: "5ms","#, r#"rtt: "5ms", stands_on: any(["fibre"]),"#),
            &["b", "duct", "fibre", "link"],
        ),
        ("either can serve", two_sites(&(BOTH.to_owned() + &home)), &[]),
        ("one data base", two_sites(&(db_at_a.clone() + &home)), &["a"]),
        (
            "the data base is at the other site",
            two_sites(&(db_at_a.replace(r#""db": (runs_at: {"a":"#, r#""db": (runs_at: {"b":"#) + &home)),
            &["b", "link"],
        ),
        (
            "one data base that can be missing",
            two_sites(&(db_at_a.replace(r#"hard(to: "db")"#, r#"soft(to: "db")"#) + &home)),
            &[],
        ),
        (
            "what is optional may be missing",
            two_sites(
                &(db_at_a
                    .replace(r#"calls: [hard(to: "db")]"#, "calls: []")
                    .replace("features: {", r#"features: {"history": (calls: [hard(to: "db")], priority: optional), "#)
                    .replace("uses: {", r#"uses: {"history": "1/min", "#)
                    + &home),
            ),
            &[],
        ),
        (
            "it never works on demand",
            two_sites(&(BOTH.to_owned() + &strategy("home", &format!(r#"{PROBES}, fails_on_demand: "100%""#)))),
            &["a"],
        ),
        (
            "it never works, and is done by hand",
            two_sites(
                &(BOTH.to_owned()
                    + &strategy(
                        "home",
                        &format!(r#"{PROBES}, fails_on_demand: "100%", if_it_fails: by_hand(fixed("20min"))"#),
                    )),
            ),
            &[],
        ),
        (
            "who watches dies too",
            two_sites(&(BOTH.to_owned() + &home.replace("fails: 3", r#"fails: 3, from: ["a"]"#))),
            &["a"],
        ),
        (
            "the mechanism dies too",
            two_sites(
                &(BOTH.to_owned()
                    + r#"components: {"switch": (at: "a", hidden: true)},"#
                    + &strategy("home", &format!(r#"{PROBES}, mechanism: "switch""#))),
            ),
            &["a"],
        ),
        ("two arrays", two_sites(&arrays("detect: instant")), &[]),
        (
            "the second array stands on the first",
            two_sites(&arrays("detect: instant").replace(r#""y": ()"#, r#""y": (stands_on: all(["x"]))"#)),
            &["x"],
        ),
        (
            "one of two feeds is enough",
            two_sites(
                &(BOTH.replace(
                    r#""a": (servers: 40), "b": (servers: 40)}, takes: fixed("5ms")"#,
                    r#""a": (servers: 40), "b": (servers: 40)}, takes: fixed("5ms"), stands_on: any(["x", "y"])"#,
                ) + r#"components: {"x": (), "y": ()},"#
                    + &home),
            ),
            &[],
        ),
        ("two of three votes at one site", two_sites(&elected(r#", from: ["a", "b"]"#, 2)), &["a"]),
        ("a leader, a follower and a third vote", two_sites(&elected("", 2)), &[]),
        (
            "a copy that is waited for",
            two_sites(
                &(BOTH.replace(r#"calls: [hard(to: "db")]"#, r#"calls: [hard(to: "db")], writes: {"orders": 1}"#)
                    + r#"stores: {"orders": (primary: "home", replicas: {"a": sync, "b": sync})},"#
                    + &home),
            ),
            &["b", "link"],
        ),
        (
            "a member by itself",
            two_sites(
                &(db_at_a.replace(
                    r#""db": (runs_at: {"a": (servers: 40)}"#,
                    r#""db": (runs_at: {"a": (pool: "machines")}"#,
                ) + r#"components: {"machines": (at: "a", count: 9, needs: 3)},"#
                    + &home),
            ),
            &["a"],
        ),
    ]
}

/// A shop: a little of everything.
pub const SHOP: &str = include_str!("shop.ron");
