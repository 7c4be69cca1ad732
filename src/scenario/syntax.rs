//! Where things are in the text of a scenario: a tree of spans beside the RON parser.
//!
//! RON itself is read by the `ron` crate. That one says *what* is wrong, by the path of a value; this locator says *where*
//! that path is in the text. It takes every text: where the text is not RON it keeps what it saw, and says what stopped it.

mod locator;
mod tree;

pub use locator::parse;
pub use tree::{Entry, Key, Kind, NESTING_MAX, Node, NodeId, Problem, ProblemKind, TEXT_BYTES_MAX, Tree};

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds `path` in `text` and says what is written there.
    fn check(text: &str, path: &str, expected: &str) {
        let tree = parse(text);
        assert_eq!(tree.problem, None, "{text}");
        let node = tree.find(path).unwrap_or_else(|| panic!("{path} not found in {text}"));
        assert_eq!(&text[tree.nodes[node].span.clone()], expected);
    }

    #[test]
    fn paths_lead_to_values() {
        let text = r##"#![enable(implicit_some)]
            Scenario( /* one /* two */ */
                services: {"web": (calls: [hard(to: "core"), soft(to: r#"a"b"#)], x: Some((y: 'c'))), "a.b": (z: -1.5e-3)},
                gate: all(["p", "q"]), k: k_of_n(1, ["r"]), // comment
                drill: [at("14:31", crash(of: "x\"y"))],
            )"##;
        check(text, "services.web.calls.0.to", "\"core\"");
        check(text, "services.web.calls.1.to", "r#\"a\"b\"#");
        check(text, "services.web.x.y", "'c'");
        check(text, "services.a.b.z", "-1.5e-3");
        check(text, "gate.1", "\"q\"");
        check(text, "k.1.0", "\"r\"");
        check(text, "drill.0.0", "\"14:31\"");
        check(text, "drill.0.1.of", "\"x\\\"y\"");
        check(text, "drill.0.of", "\"x\\\"y\"");
        let tree = parse(text);
        let node = tree.find("services.web.calls.1.to").unwrap();
        assert_eq!(tree.path_to(node), "services.web.calls.1.to");
        assert_eq!(tree.comments.len(), 2);
    }

    fn check_problem(text: &str, underlined: &str, reason: &str) {
        let problem = parse(text).problem.unwrap_or_else(|| panic!("no problem in {text}"));
        assert_eq!((&text[problem.span], problem.reason.as_str()), (underlined, reason), "{text}");
    }

    #[test]
    fn what_is_not_ron_is_explained() {
        check_problem("(a: [1, 2)", ")", "`)` cannot close the `[` of line 1");
        check_problem("(a: {", "{", "this `{` is never closed");
        check_problem("(a: \"b", "\"b", "this text is never closed");
        check_problem("(a: )", "a", "a value is missing here");
        check_problem("(a: 1,, b: 2)", ",", "a comma where a value is missing");
        check_problem("(a: 1) x", "x", "`x` after the end of the scenario");
        check_problem("{\"a\" 1}", "\"a\"", "a `:` and a value are missing after this name");
        check_problem("  ", "", "the text is empty");
        check_problem("(a: $)", "$", "`$` where a value is missing");
        check_problem("/* /* */", "/*", "this comment is never closed");
    }

    #[test]
    fn deep_and_large_texts_stop_at_the_limits() {
        let deep = "[".repeat(100_000);
        assert_eq!(parse(&deep).problem.map(|p| p.kind), Some(ProblemKind::TooDeep));
        let large = " ".repeat(TEXT_BYTES_MAX + 1);
        assert_eq!(parse(&large).problem.map(|p| p.kind), Some(ProblemKind::TooLarge));
        let escaped = format!("{{\"{}\": 1}}", "\\n".repeat(100_000));
        assert_eq!(parse(&escaped).problem.map(|p| p.kind), Some(ProblemKind::TooLarge));
        assert_eq!(parse(&escaped.replace("\\n", "\n")).problem, None);
        let fits = format!("{}1{}", "[".repeat(NESTING_MAX), "]".repeat(NESTING_MAX));
        assert_eq!(parse(&fits).problem, None);
    }
}
