//! Designs as pictures: what is red is what takes people down, every name is there, and no name is more than a name.

use crate::designs;
use firedrill::drawing::{Drawing, Failing, State, single_points};
use firedrill::engine::Engine;
use firedrill::load::load;
use firedrill::observe::{Occurrence, ServiceLevel, Trace};
use firedrill::report::picture::{render_dot, render_mermaid, render_svg};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

fn choice(strategy: Option<&str>, set: &[(&str, String)]) -> Choice {
    let set = set.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect();
    Choice { strategy: strategy.map(str::to_owned), set, ..Choice::default() }
}

fn world(text: &str, choice: &Choice) -> Arc<World> {
    load(&Source::new("test.ron", text), choice).unwrap_or_else(|mistakes| panic!("{mistakes}")).1
}

/// Whom it hits, by what fails, as the structure says.
fn foreseen(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let points = single_points(world).expect("small enough");
    points.into_iter().map(|point| (point.name, point.hit_names.into_iter().collect())).collect()
}

/// Who has lost something that he uses at the end of a run in which this is done to the design, and nothing else.
fn seen(text: &str, strategy: Option<&str>, act: &str) -> BTreeSet<String> {
    let drill = format!(r#"[at("+1h", {act})]"#);
    let choice = choice(strategy, &[("drill", drill)]);
    let world = world(text, &Choice { maintenance: Some("none".to_owned()), ..choice });
    let mut trace = Trace::default();
    Engine::new(Arc::clone(&world), Luck { seed: 1, replication: 0 }).run(&mut trace);
    let mut levels = BTreeMap::new();
    for seen in &trace.0 {
        if let Occurrence::Feels { people, feature: Some(feature), mood, .. } = seen.what {
            levels.insert((people, feature), mood);
        }
    }
    let down = levels.into_iter().filter(|((people, feature), mood)| {
        let wanted = world.people[people.at()].uses[*feature].0;
        *mood == ServiceLevel::Down && world.features[wanted.at()].class < 2
    });
    down.map(|((people, _), _)| world.name_of_people(people).to_owned()).collect()
}

/// Does everything to a design that can fail alone, and holds what happens against what was foreseen.
fn holds(what: &str, text: &str, strategy: Option<&str>) {
    let world = world(text, &choice(strategy, &[]));
    let foreseen = foreseen(&world);
    let hit = |name: &str| foreseen.get(name).cloned().unwrap_or_default();
    for node in world.nodes.iter().filter(|node| !matches!(node.kind, firedrill::world::NodeKind::Group(_))) {
        let is_site = matches!(node.kind, firedrill::world::NodeKind::Site(_));
        let members = if is_site { "" } else { "members: 1, " };
        let act = format!(r#"crash(of: "{}", {members}repaired_after: "900d")"#, node.name);
        assert_eq!(seen(text, strategy, &act), hit(&node.name), "{what}: without {}", node.name);
    }
    for link in world.links.iter().filter(|link| link.ends.0 != link.ends.1) {
        let end = |site: firedrill::world::SiteId| world.sites[site.at()].name.clone();
        let act = format!(r#"cut(between: ("{}", "{}"))"#, end(link.ends.0), end(link.ends.1));
        assert_eq!(seen(text, strategy, &act), hit(&link.name), "{what}: without {}", link.name);
    }
}

#[test]
fn what_takes_people_down_alone_is_found_and_nothing_else() {
    for (what, text, points) in designs::all() {
        let found = foreseen(&world(&text, &Choice::default()));
        let names: Vec<&str> = found.keys().map(|name| if name == "a–b" { "link" } else { name }).collect();
        assert_eq!(BTreeSet::from_iter(names), points.iter().copied().collect(), "{what}");
    }
}

#[test]
fn a_run_in_which_it_fails_says_the_same() {
    for (what, text, _) in designs::all() {
        holds(what, &text, None);
    }
}

#[test]
fn so_does_a_run_of_what_is_larger() {
    for strategy in ["automatic", "by hand"] {
        holds(strategy, designs::SHOP, Some(strategy));
    }
    let october = scenario("itslearning-2016-10");
    for strategy in ["as it happened", "failover works", "active-active"] {
        holds(strategy, &october, Some(strategy));
    }
}

fn scenario(name: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.ron"))).unwrap()
}

/// The same design with something added to every name.
fn renamed(mut drawing: Drawing, name: &str) -> Drawing {
    drawing.title.push_str(name);
    drawing.pick.iter_mut().for_each(|pick| pick.push_str(name));
    for site in &mut drawing.sites {
        site.name.push_str(name);
        site.provider.iter_mut().for_each(|provider| provider.push_str(name));
        site.services.iter_mut().for_each(|service| service.name.insert_str(0, name));
        site.parts.iter_mut().for_each(|part| part.name.insert_str(0, name));
        site.stores.iter_mut().for_each(|store| store.name.insert_str(0, name));
        site.queues.iter_mut().for_each(|queue| queue.name.insert_str(0, name));
    }
    drawing.elsewhere.iter_mut().for_each(|part| part.name.insert_str(0, name));
    for group in &mut drawing.groups {
        group.name.insert_str(0, name);
        group.members.iter_mut().for_each(|(_, member)| member.insert_str(0, name));
    }
    for crowd in &mut drawing.crowds {
        crowd.served_by.insert_str(0, name);
        crowd.people.iter_mut().for_each(|person| person.name.insert_str(0, name));
    }
    for point in drawing.single_points.iter_mut().flatten() {
        point.name.insert_str(0, name);
        point.hit_names.iter_mut().for_each(|whom| whom.insert_str(0, name));
    }
    drawing
}

/// Every tag of a picture is closed by its own, and every attribute is in quotes.
fn is_well_formed(svg: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').ok_or("a tag is not closed")? + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
        } else if !tag.matches('"').count().is_multiple_of(2) {
            return Err(format!("<{tag}> has an open quote"));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or(tag));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
}

#[test]
fn everything_that_a_design_has_is_in_its_picture() {
    for (text, names) in [
        (
            designs::SHOP.to_owned(),
            &[
                "bergen",
                "oslo",
                "trondheim",
                "nordic hosting",
                "web",
                "cart",
                "search",
                "recommendations",
                "payments",
                "orders",
                "mails",
                "baskets",
                "customers",
                "warehouse",
                "shop front",
                "database",
                "dns",
                "balancers",
                "oslo/db",
                "bergen/db",
                "trondheim/db",
                "11 ms",
                "1 Gbit/s",
                "uplink 10 Gbit/s",
            ][..],
        ),
        (
            scenario("itslearning-2016-10"),
            &["oslo students", "us administrators", "oslo/array a", "notifications", "content", "95 ms"],
        ),
        (scenario("itslearning-2020-03"), &["usit", "aws", "norway", "core", "media", "reporting"]),
        (scenario("itslearning-2021-cloud"), &["usit", "aws", "norway", "berlin", "core", "nordic"]),
    ] {
        let world = world(&text, &Choice::default());
        let drawing = Drawing::new(&world);
        let svg = render_svg(&drawing, None);
        assert_eq!(is_well_formed(&svg), Ok(()));
        for told in [&svg, &render_mermaid(&drawing, None), &render_dot(&drawing, None)] {
            for name in names.iter().filter(|name| *told == svg || !name.contains(['/', ' '])) {
                assert!(told.contains(name), "{name} is not in {told}");
            }
        }
        assert_eq!(svg, render_svg(&drawing, None), "the same design gives the same bytes");
    }
}

#[test]
fn the_shop_for_mermaid_and_for_graphviz() {
    let drawing = Drawing::new(&world(designs::SHOP, &Choice::default()));
    insta::assert_snapshot!("shop_mermaid", render_mermaid(&drawing, None));
    insta::assert_snapshot!("shop_dot", render_dot(&drawing, None));
}

#[test]
fn no_name_is_more_than_a_name() {
    let hostile = [
        r#"quote" and \ back"#,
        "</text><script>alert(1)</script>",
        "a --> b; end",
        "]]> &amp; <!--",
        "`code` **x** #35;",
        "\u{1F525}\u{1F469}\u{200D}\u{1F692} fire",
        "\u{5E9}\u{5DC}\u{5D5}\u{5DD} \u{627}\u{644}",
        "%%{init: {}}%%",
        "\u{202e}\u{1b}[31m\u{0}\n",
        "a name of eighty letters that goes on and on and on, so that no box can ever hold it",
    ];
    let calm = Drawing::new(&self::world(designs::SHOP, &Choice::default()));
    for name in hostile {
        // More than any file may say: whatever a name is, it is drawn as one.
        let drawing = renamed(calm.clone(), name);
        let (svg, mermaid, dot) =
            (render_svg(&drawing, None), render_mermaid(&drawing, None), render_dot(&drawing, None));
        assert_eq!(is_well_formed(&svg), Ok(()), "{name}");
        let calm = render_svg(&calm, None);
        let tags = |svg: &str| svg.matches('<').count() - svg.matches("title>").count();
        assert!(tags(&svg) == tags(&calm), "{name}: {} tags", tags(&svg));
        assert!(!svg.contains("<script"), "{name}");
        for line in mermaid.lines() {
            assert!(line.matches('"').count().is_multiple_of(2) && !line.contains(['`', '\\']), "{name}: {line}");
            assert!(!line.contains("<s") && !line.contains("%%{"), "{name}: {line}");
        }
        for line in dot.lines() {
            let quotes = line.replace(r"\\", "").replace(r#"\""#, "").matches('"').count();
            assert!(quotes.is_multiple_of(2), "{name}: {line}");
        }
    }
}

#[test]
fn a_design_of_thousands_is_folded() {
    let sites: Vec<String> = (0..300).map(|i| format!("\"site {i}\": ()")).collect();
    let at: Vec<String> = (0..300).map(|i| format!("\"site {i}\": (servers: 4)")).collect();
    let services: Vec<String> =
        (0..60).map(|i| format!("\"service {i}\": (runs_at: {{{}}}, takes: fixed(\"5ms\"))", at.join(", "))).collect();
    let text = format!(
        r#"Scenario(format: 1, title: "large", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "1h"), sites: {{{}}},
        services: {{{}}}, features: {{"browse": (calls: [hard(to: "service 7")])}},
        people: {{"all": (users: 100, uses: {{"browse": "6/min"}}, served_by: "site 250")}})"#,
        sites.join(", "),
        services.join(", ")
    );
    let drawing = Drawing::new(&world(&text, &Choice::default()));
    let svg = render_svg(&drawing, None);
    assert!(svg.contains("and 288 more sites") && svg.contains("and 36 more services"));
    assert!(svg.contains(">site 250<"), "who serves people is drawn");
    assert!(svg.len() < 200_000, "{} bytes", svg.len());
}

fn firedrill(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    let output = command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

const OCTOBER: &str = "scenarios/itslearning-2016-10.ron";

#[test]
fn a_moment_of_october_shows_what_was_down() {
    let world = world(&scenario("itslearning-2016-10"), &Choice::default());
    let named = |time: &str| {
        let mut state = State::default();
        let mut engine = Engine::new(Arc::clone(&world), Luck { seed: 1, replication: 0 });
        engine.run_until(world.time(time).unwrap(), &mut state);
        let stations: Vec<&str> = state.stations.iter().map(|id| world.name_of_station(*id)).collect();
        let down = state.people.values().filter(|level| **level == ServiceLevel::Down);
        (stations.join(", "), down.count())
    };
    assert_eq!(named("Mon 14:30"), (String::new(), 0));
    assert_eq!(named("Mon 14:45"), ("oslo data@oslo, shared@oslo, web@oslo".to_owned(), 4));
    assert_eq!(named("Wed 12:00"), (String::new(), 0));
    let (code, svg, _) = firedrill(&["draw", OCTOBER, "--at", "Mon 14:45"]);
    assert_eq!((code, is_well_formed(&svg)), (0, Ok(())));
    assert!(svg.contains("Mon 10 Oct 14:45:00") && svg.matches(">down<").count() > 8, "{svg}");
    let (_, before, _) = firedrill(&["draw", OCTOBER, "--at", "Mon 14:30"]);
    assert!(!before.contains(">down<"));
    for (format, word) in [("mermaid", "(down)"), ("dot", "(down)")] {
        let told = firedrill(&["draw", OCTOBER, "--as", format, "--at", "Mon 14:45"]).1;
        assert!(told.contains(word), "{told}");
    }
}

#[test]
fn a_picture_is_written_whole_and_over_nothing_that_was_read() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("draw");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let out = folder.join("october.svg");
    let (code, said, _) = firedrill(&["draw", OCTOBER, "-o", out.to_str().unwrap()]);
    assert!(code == 0 && said.starts_with("wrote "), "{said}");
    assert_eq!(fs::read_to_string(&out).unwrap(), firedrill(&["draw", OCTOBER]).1);
    let kept = folder.join("shop.ron");
    fs::write(&kept, designs::SHOP).unwrap();
    let (code, _, err) = firedrill(&["draw", kept.to_str().unwrap(), "-o", kept.to_str().unwrap()]);
    assert!(code == 2 && err.contains("was read"), "{err}");
    let (code, _, err) = firedrill(&["draw", OCTOBER, "--at", "+9d"]);
    assert!(code == 2 && err.contains("is not in the run, which goes from Mon 10 Oct"), "{err}");
    let (code, _, err) = firedrill(&["draw", OCTOBER, "--at", "teatime"]);
    assert!(code == 2 && err.contains("--at teatime"), "{err}");
}

/// The picture in the README is what the command draws. To draw it anew: FIREDRILL_DRAW=1.
#[test]
#[expect(clippy::disallowed_methods, reason = "whoever changes the picture says so")]
fn the_picture_of_the_readme_is_what_the_command_draws() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/pictures/october.svg");
    let drawn = firedrill(&["draw", OCTOBER, "--at", "Mon 14:45"]).1;
    if std::env::var("FIREDRILL_DRAW").is_ok() {
        fs::write(&path, &drawn).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "docs/pictures/october.svg is no longer what firedrill draws: FIREDRILL_DRAW=1 draws it anew"
    );
}

#[test]
fn a_page_has_the_design_in_the_moments_of_its_run() {
    let world = world(&scenario("itslearning-2016-10"), &Choice::default());
    let run = firedrill::run::run(&world, Luck { seed: 1, replication: 0 });
    let scenes = run.moments.scenes(&world, 40);
    assert!(scenes.scenes.len() > 5 && scenes.of == scenes.scenes.len(), "{}", scenes.of);
    assert_eq!(scenes.scenes[scenes.worst].when, "Mon 10 Oct 14:31:00");
    let few = run.moments.scenes(&world, 4);
    assert_eq!((few.scenes.len(), few.of), (4, scenes.of));
    assert!(few.scenes.is_sorted_by_key(|scene| scene.at) && few.scenes[0].state.is_calm());
    let drawing = Drawing::new(&world);
    let page = firedrill::report::html::render_with_design(&run.outcome, &run.story, None, (&drawing, &scenes), None);
    assert_eq!(is_well_formed(page.strip_prefix("<!DOCTYPE html>\n").unwrap()), Ok(()));
    assert_eq!(page.matches("type=\"radio\"").count(), scenes.scenes.len());
    assert_eq!(page.matches("checked=\"checked\"").count(), 1);
    for word in ["http", "src=", "href=", "url(", "@import", "<script", "NaN"] {
        assert!(!page.contains(word), "{word}");
    }
    // Whoever is down is so in the moments in which it is.
    assert!(page.contains("<g class=\"at at1 at2") && page.contains("<div class=\"moment at at1\">"));
}

/// Things that fail are told by what they are.
#[test]
fn links_are_told_too() {
    let text = designs::two_sites(
        r#"services: {"web": (runs_at: {"b": (servers: 40)}, takes: fixed("4ms"))}, features: {"browse": (calls: [hard(to: "web")])},
        people: {"customers": (users: 100, uses: {"browse": "6/min"}, served_by: "a")}"#,
    );
    let points = single_points(&world(&text, &Choice::default())).unwrap();
    let kinds: Vec<bool> = points.iter().map(|point| matches!(point.failing, Failing::Link(_))).collect();
    assert_eq!(kinds, [false, false, true]);
    assert!(points.iter().all(|point| point.hit_names == ["customers"]));
}

/// Two sites of a spread, with people near each of them.
fn spread(by: &str) -> String {
    designs::two_sites(&format!(
        r#"spreads: {{"both": (over: {{"a": 3, "b": 1}}, by: {by}, checks: (every: "10s", timeout: "1s", panic_below: "0%"))}},
        services: {{"web": (runs_at: {{"a": (servers: 40), "b": (servers: 40)}}, takes: fixed("4ms"))}},
        features: {{"browse": (calls: [hard(to: "web")])}},
        people: {{
            "east": (users: 300, uses: {{"browse": "6/min"}}, served_by: "both", near: "a"),
            "west": (users: 700, uses: {{"browse": "6/min"}}, served_by: "both", near: "b"),
        }},
        drill: [at("02:00", crash(of: "a", repaired_after: "1h")), at("04:00", crash(of: "a", repaired_after: "1h")), at("04:00", crash(of: "b", repaired_after: "1h"))],"#
    ))
}

#[test]
fn people_of_a_spread_are_led_to_every_site_that_serves_them() {
    let led = |by: &str, at: &str| {
        let world = world(&spread(by), &Choice::default());
        let mut state = State::default();
        Engine::new(Arc::clone(&world), Luck { seed: 1, replication: 0 })
            .run_until(world.time(at).unwrap(), &mut state);
        let drawing = Drawing::new(&world);
        let [crowd] = &drawing.crowds[..] else { panic!("one crowd") };
        let shares = ["a", "b"].map(|name| {
            let site = drawing.sites.iter().find(|site| site.name == name).unwrap().id;
            crowd.is_led(&state, &drawing.groups, site)
        });
        (shares, drawing, state)
    };
    // By weight three of four go to a; once checks have found it down, all go to b, and that need not be said as a share.
    assert_eq!(led("weight", "01:00").0, [Some(Some(0.75)), Some(Some(0.25))]);
    assert_eq!(led("weight", "02:30").0, [None, Some(None)]);
    assert_eq!(led("weight", "03:30").0, [Some(Some(0.75)), Some(Some(0.25))]);
    // Where none is seen to work and nobody is let in for that, nobody is led anywhere.
    assert_eq!(led("weight", "04:30").0, [None, None]);
    // The nearest: 300 of a thousand are near a, and go to b while it is down.
    assert_eq!(led("nearest", "01:00").0, [Some(Some(0.3)), Some(Some(0.7))]);
    assert_eq!(led("nearest", "02:30").0, [None, Some(None)]);
    // Of two cells each user has one: whoever has that which is down stays with it.
    assert_eq!(led("cells(1)", "02:30").0, [Some(Some(0.5)), Some(Some(0.5))]);
    assert_eq!(led("least_loaded", "01:00").0, [Some(None), Some(None)]);
    let (_, drawing, state) = led("weight", "01:00");
    let scene = firedrill::drawing::Scene { at: firedrill::units::Time::ZERO, when: "01:00".to_owned(), state };
    let svg = render_svg(&drawing, Some(&scene));
    assert!(svg.contains(">75%<") && svg.contains(">25%<") && !svg.contains("people can be led there"), "{svg}");
    let mermaid = render_mermaid(&drawing, Some(&scene));
    assert_eq!((mermaid.matches("==>").count(), mermaid.matches("-.->").count()), (4, 0), "{mermaid}");
}

#[test]
fn no_line_of_a_link_runs_through_what_is_said_of_another() {
    // Three sites in a row, each joined to each: that from a to c comes past the middle of a to b.
    let text = r#"Scenario(format: 1, title: "ring", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "1h"),
        sites: {"a": (), "b": (), "c": (), "d": ()}, links: [
            (between: ("a", "b"), rtt: "11ms"), (between: ("b", "c"), rtt: "12ms"), (between: ("c", "d"), rtt: "13ms"),
            (between: ("a", "c"), rtt: "14ms"), (between: ("b", "d"), rtt: "15ms"), (between: ("a", "d"), rtt: "16ms"),
        ])"#;
    let svg = render_svg(&Drawing::new(&world(text, &Choice::default())), None);
    let number = |text: &str| text.parse::<f64>().unwrap();
    // `M x top V y H x V top`: two lines down, and what is between.
    let lanes: Vec<[f64; 4]> = svg
        .split("<path d=\"M")
        .filter_map(|path| path.split_once("\" class=\"p-link"))
        .map(|(d, _)| {
            let parts: Vec<f64> = d.split(['V', 'H', ' ']).map(number).collect();
            [parts[0], parts[1], parts[2], parts[3]]
        })
        .collect();
    assert_eq!(lanes.len(), 6);
    for label in ["11 ms", "12 ms", "13 ms", "14 ms", "15 ms", "16 ms"] {
        let tag = svg.split("<text ").find(|tag| tag.contains(&format!(">{label}<"))).unwrap();
        let at = |name: &str| number(tag.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap());
        let (x, y) = (at("x"), at("y"));
        for [from, top, bottom, to] in &lanes {
            let passes = |line: f64| (line - x).abs() < 14.0 && (*top..*bottom).contains(&(y - 4.0));
            assert!(!passes(*from) && !passes(*to), "{label} at {x} {y}: a line from {from} to {to}, down to {bottom}");
        }
    }
}
