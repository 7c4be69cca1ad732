//! A number of an outcome by its path: `people.oslo schools.user_minutes_lost`, `failovers.0.time_to_restore_s`.

use crate::scenario::diagnostics::did_you_mean;
use serde_json::Value;

/// How a message ends where the path leads to a number that this run does not have.
pub const NO_VALUE: &str = "has no value in this run";
/// Keys that a message lists.
const LISTED_MAX: usize = 12;

/// The number at a path, or why there is none. Names may have dots in them: the longest that leads on is taken.
///
/// # Errors
///
/// A path that leads nowhere, or to no number: what there is instead.
pub fn number_at(root: &Value, path: &str) -> Result<f64, String> {
    let mut furthest = Furthest { depth: 0, problem: String::new() };
    match find(root, path, "", &mut furthest) {
        Some(Value::Number(number)) => Ok(number.as_f64().unwrap_or(f64::NAN)),
        Some(Value::Null) => Err(format!("{path} {NO_VALUE}")),
        Some(Value::Object(map)) if map.is_empty() => Err(format!("{path} is not a number but empty")),
        Some(Value::Object(map)) => Err(format!("{path} is not a number; it has {}", list(map.keys()))),
        Some(Value::Array(items)) => Err(format!("{path} is not a number but a list of {}", items.len())),
        Some(_) => Err(format!("{path} is not a number")),
        None => Err(furthest.problem),
    }
}

/// Where the path was lost, as far in as it led.
struct Furthest {
    depth: usize,
    problem: String,
}

fn find<'a>(node: &'a Value, rest: &str, walked: &str, furthest: &mut Furthest) -> Option<&'a Value> {
    if rest.is_empty() {
        return Some(node);
    }
    let step = |key: &str| -> Option<&str> {
        let after = rest.strip_prefix(key)?;
        if after.is_empty() { Some("") } else { after.strip_prefix('.') }
    };
    let onward = |key: &str| if walked.is_empty() { key.to_owned() } else { format!("{walked}.{key}") };
    let first = rest.split('.').next().unwrap_or(rest);
    let problem = match node {
        Value::Object(map) => {
            let mut keys: Vec<(&String, &Value, &str)> =
                map.iter().filter_map(|(key, value)| Some((key, value, step(key)?))).collect();
            keys.sort_by_key(|(key, ..)| std::cmp::Reverse(key.len()));
            for (key, value, after) in keys {
                if let Some(found) = find(value, after, &onward(key), furthest) {
                    return Some(found);
                }
            }
            let known = || map.keys().map(String::as_str);
            let meant = did_you_mean(rest, known()).or_else(|| did_you_mean(first, known()));
            match meant {
                Some(meant) => format!("has no \"{first}\"; did you mean \"{meant}\"?"),
                None if map.is_empty() => format!("has no \"{first}\"; it is empty"),
                None => format!("has no \"{first}\"; it has {}", list(map.keys())),
            }
        }
        Value::Array(items) => {
            let entry = first.parse::<usize>().ok().and_then(|i| Some((items.get(i)?, step(first)?)));
            if let Some((value, after)) = entry
                && let Some(found) = find(value, after, &onward(first), furthest)
            {
                return Some(found);
            }
            format!("has {} entries, numbered from 0, and no \"{first}\"", items.len())
        }
        _ => format!("has nothing below it, and no \"{first}\""),
    };
    let holder = if walked.is_empty() { "the outcome" } else { walked };
    if furthest.problem.is_empty() || walked.len() > furthest.depth {
        *furthest = Furthest { depth: walked.len(), problem: format!("{holder} {problem}") };
    }
    None
}

fn list<'a>(keys: impl ExactSizeIterator<Item = &'a String>) -> String {
    let count = keys.len();
    let shown: Vec<&str> = keys.take(LISTED_MAX).map(String::as_str).collect();
    let more = if count > LISTED_MAX { format!(" and {} more", count - LISTED_MAX) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_to_numbers_or_say_why_not() {
        let root = json!({
            "people": {"oslo schools": {"downtime_s": 5.5, "p50_s": null}, "a.b": {"users": 3}, "a": {"x": 1}},
            "failovers": [{"group": "core", "time_to_restore_s": 60.0}],
        });
        let at = |path: &str| number_at(&root, path).map_or_else(|problem| problem, |n| n.to_string());
        assert_eq!(at("people.oslo schools.downtime_s"), "5.5");
        assert_eq!(at("people.a.b.users"), "3");
        assert_eq!(at("failovers.0.time_to_restore_s"), "60");
        insta::assert_snapshot!(
            ["people.oslo.downtime_s", "people.oslo schools.down", "people.oslo schools", "people.oslo schools.p50_s",
             "failovers.1.group", "failovers.0.group", "failovers", "pepole.x", "people.oslo schools.downtime_s.x", "q"]
                .map(at).join("\n"),
            @r#"
            people has no "oslo"; it has a, a.b, oslo schools
            people.oslo schools has no "down"; it has downtime_s, p50_s
            people.oslo schools is not a number; it has downtime_s, p50_s
            people.oslo schools.p50_s has no value in this run
            failovers has 1 entries, numbered from 0, and no "1"
            failovers.0.group is not a number
            failovers is not a number but a list of 1
            the outcome has no "pepole"; did you mean "people"?
            people.oslo schools.downtime_s has nothing below it, and no "x"
            the outcome has no "q"; it has failovers, people
            "#);
    }

    #[test]
    fn what_there_is_instead_is_listed_as_far_as_one_can_read() {
        let of = |keys: usize| {
            let map: serde_json::Map<String, Value> = (0..keys).map(|i| (format!("k{i:02}"), json!(i))).collect();
            number_at(&json!({"x": map}), "x").unwrap_err()
        };
        assert_eq!(of(0), "x is not a number but empty");
        assert_eq!(of(2), "x is not a number; it has k00, k01");
        assert!(of(12).ends_with("k10, k11"), "{}", of(12));
        assert!(of(13).ends_with("k10, k11 and 1 more"), "{}", of(13));
        assert_eq!(number_at(&json!({"x": {}}), "x.y").unwrap_err(), "x has no \"y\"; it is empty");
    }

    #[test]
    fn a_path_is_lost_where_it_led_furthest_by_the_longest_name() {
        let at = |root: Value, path: &str| number_at(&root, path).unwrap_err();
        let root = json!({"a.b": {"first": 1}, "a": {"b": {"second": 1}}});
        assert_eq!(at(root, "a.b.z"), "a.b has no \"z\"; it has first");
        let root = json!({"a.b": {"first": 1}, "a": {"b": {"cc": {"second": 1}}}});
        assert_eq!(at(root, "a.b.cc.q"), "a.b.cc has no \"q\"; it has second");
    }
}
