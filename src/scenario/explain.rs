//! What is wrong, in words for a person: the errors of `ron` as diagnostics.

use super::diagnostics::{did_you_mean, list};
use super::ron_text::{Failure, deserialise};
use super::syntax::{Kind, NodeId, Tree};
use super::{Code, Diagnostic, FORMAT};
use crate::units::{Duration, Quantity};
use ron::Error;

/// A failure explained, and the value that has to go.
pub(super) struct Explained {
    pub(super) diagnostic: Diagnostic,
    pub(super) node: NodeId,
}

/// Explains a failure.
pub(super) fn explain(text: &str, tree: &Tree, failure: &Failure) -> Explained {
    let Some((mut node, _)) = tree.walk(failure.steps.iter().map(String::as_str)) else {
        let fix = "write Scenario(format: 1, ...)";
        let diagnostic = Diagnostic::new(Code::Syntax, "", plain(&failure.error), fix);
        return Explained { diagnostic, node: 0 };
    };
    if failure.in_variant
        && !matches!(failure.error, Error::NoSuchEnumVariant { .. } | Error::ExpectedDifferentLength { .. })
        && let [only] = tree.nodes[node].entries.as_slice()
        && only.key.is_none()
    {
        // `fixed("80")`: the value inside is meant.
        node = only.value;
    }
    if let Some(explained) = not_a_name(text, tree, node, failure) {
        return explained;
    }
    let (code, reason, fix) = match &failure.error {
        Error::NoSuchStructField { expected, found, .. } => return unknown_field(tree, node, found, expected),
        Error::MissingStructField { field, .. } => {
            return Explained { diagnostic: missing(tree, node, field), node };
        }
        Error::NoSuchEnumVariant { expected, found, .. } => {
            let reason = match expected {
                [] => format!("`{found}` cannot be written here"),
                _ => format!("there is no `{found}` here"),
            };
            (Code::UnknownVariant, reason, one_of(found, expected))
        }
        Error::Message(message) => match message.rsplit_once("; write ") {
            Some((reason, fix)) => {
                // The unit is right, and the number is not.
                let beyond = ["negative", "more than 100%", "longer than 250 years", "too large", "not finite"];
                let is_beyond = beyond.iter().any(|end| reason.ends_with(end));
                let code = if is_beyond { Code::OutOfRange } else { Code::Unit };
                (code, reason.to_owned(), format!("write {fix}"))
            }
            None => (Code::WrongType, message.clone(), "compare it with the reference of the format".to_owned()),
        },
        error => {
            node = culprit(tree, node, failure);
            mismatch(text, tree, node, error, failure.offset)
        }
    };
    let mut diagnostic = Diagnostic::new(code, tree.path_to(node), reason, fix);
    let whole = tree.nodes[node].span.clone();
    let is_long = code == Code::UnknownVariant || text[whole.clone()].contains('\n');
    diagnostic.span = Some(if is_long { tree.head_of(node) } else { whole });
    Explained { diagnostic, node }
}

/// A map entry whose name is not text in quotes.
fn not_a_name(text: &str, tree: &Tree, node: NodeId, failure: &Failure) -> Option<Explained> {
    let here = &tree.nodes[node];
    if here.kind != Kind::Map || failure.error != Error::ExpectedString {
        return None;
    }
    let is_at = |span: &std::ops::Range<usize>| span.start <= failure.offset && failure.offset <= span.end;
    let entry = here.entries.iter().find(|e| e.key.as_ref().is_some_and(|k| is_at(&k.span)))?;
    let key = entry.key.as_ref()?;
    let written = short(&text[key.span.clone()]);
    let reason = format!("the name {written} is not in quotes");
    let mut diagnostic =
        Diagnostic::new(Code::WrongType, tree.path_to(entry.value), reason, format!("write \"{written}\""));
    diagnostic.span = Some(key.span.clone());
    Some(Explained { diagnostic, node: entry.value })
}

fn unknown_field(tree: &Tree, node: NodeId, found: &str, expected: &[&str]) -> Explained {
    let here = tree.entry_of(node).is_some_and(|e| e.key.as_ref().is_some_and(|k| k.text == found));
    let field = if here { Some(node) } else { tree.child(node, found) };
    let field = field.unwrap_or(node);
    let holder = tree.nodes[field].parent.and_then(|(parent, _)| tree.key_of(parent)).map(|k| k.text.clone());
    let reason = match holder {
        Some(holder) => format!("`{holder}` has no field `{found}`"),
        None => format!("there is no field `{found}` here"),
    };
    let fix = if expected.is_empty() { "delete it".into() } else { one_of(found, expected) };
    let mut diagnostic = Diagnostic::new(Code::UnknownField, tree.path_to(field), reason, fix);
    let key = tree.entry_of(field).and_then(|e| e.key.as_ref());
    diagnostic.span = Some(key.map_or_else(|| tree.head_of(field), |k| k.span.clone()));
    Explained { diagnostic, node: field }
}

/// A field that has to be there and is not.
pub(super) fn missing(tree: &Tree, node: NodeId, field: &str) -> Diagnostic {
    let key = tree.key_of(node);
    let reason = match (&tree.nodes[node].name, key) {
        (_, Some(key)) => format!("`{}` needs a `{field}`", key.text),
        (_, None) => format!("`{field}` is missing here"),
    };
    let fix = if field == "format" { format!("add `format: {FORMAT}`") } else { format!("add `{field}: ...`") };
    let mut diagnostic = Diagnostic::new(Code::MissingField, tree.path_to(node), reason, fix);
    diagnostic.span = Some(match (&tree.nodes[node].name, key) {
        (None, Some(key)) => key.span.clone(),
        _ => tree.head_of(node),
    });
    diagnostic
}

fn one_of(found: &str, expected: &[&str]) -> String {
    match did_you_mean(found, expected.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}", list(expected.iter().copied())),
    }
}

/// The node that a failure speaks of where the path ends at what holds it.
fn culprit(tree: &Tree, node: NodeId, failure: &Failure) -> NodeId {
    let is_late = matches!(
        failure.error,
        Error::ExpectedComma
            | Error::ExpectedStructLikeEnd
            | Error::ExpectedOptionEnd
            | Error::ExpectedArrayEnd
            | Error::ExpectedMapEnd
            | Error::ExpectedMapColon
            | Error::UnexpectedChar(_)
            | Error::TrailingCharacters
    );
    if is_late { tree.node_around(failure.offset).unwrap_or(node) } else { node }
}

/// Explains an error about the kind of a value.
fn mismatch(text: &str, tree: &Tree, node: NodeId, error: &Error, offset: usize) -> (Code, String, String) {
    let here = &tree.nodes[node];
    let written = &text[here.span.clone()];
    let label = match tree.key_of(node) {
        Some(key) => format!("`{}`", key.text),
        None => "this".to_owned(),
    };
    let found = found(text, tree, node);
    let name = here.name.clone().map_or("", |name| &text[name]);
    let wrong = |wanted: &str, fix: &str| {
        (Code::WrongType, format!("{label} is {wanted}, not {found}"), format!("write {fix}"))
    };
    match error {
        Error::IntegerOutOfBounds if !written.starts_with('-') => {
            let reason = format!("{} is outside the range of {label}", short(written));
            (Code::OutOfRange, reason, "write a smaller whole number".into())
        }
        Error::IntegerOutOfBounds
        | Error::ExpectedInteger
        | Error::InvalidIntegerDigit { .. }
        | Error::UnderscoreAtBeginning
            if here.kind == Kind::Number && written.starts_with('-') =>
        {
            let reason = format!("{label} cannot be negative");
            (Code::OutOfRange, reason, "write a whole number from 0".into())
        }
        Error::IntegerOutOfBounds
        | Error::ExpectedInteger
        | Error::InvalidIntegerDigit { .. }
        | Error::UnderscoreAtBeginning => wrong("a whole number", "a whole number without quotes, like 3"),
        Error::ExpectedFloat | Error::FloatUnderscore => wrong("a number", "a number without quotes, like 1.5"),
        Error::ExpectedBoolean => wrong("true or false", "true or false without quotes"),
        Error::ExpectedString | Error::ExpectedStringEnd | Error::ExpectedChar => {
            wrong("text", "text in quotes, like \"web\"")
        }
        Error::ExpectedMap => wrong("a map", "a map like {\"name\": ...}"),
        Error::ExpectedArray => wrong("a list", "a list like [..., ...]"),
        Error::ExpectedDifferentStructName { expected, .. } => {
            let reason = format!("{label} is a {expected}, not {found}");
            (Code::WrongType, reason, "delete the name before the parentheses".into())
        }
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => match (here.kind, name) {
            _ if tree.root == Some(node) => (
                Code::WrongType,
                format!("a scenario is written Scenario(...), and this is {found}"),
                format!("write Scenario(format: {FORMAT}, title: \"...\", clock: (...), ...)"),
            ),
            (Kind::Word, _) => unnamed(&label, text, tree, node, written),
            (_, "") => {
                let fix = fields(text, tree, node, "").unwrap_or_else(|| "write (...)".into());
                (Code::WrongType, format!("{label} is a group of values in parentheses, not {found}"), fix)
            }
            (_, name) => unnamed(&label, text, tree, node, name),
        },
        Error::ExpectedIdentifier
        | Error::ExpectedUnit
        | Error::InvalidIdentifier(_)
        | Error::SuggestRawIdentifier(_) => match variants(text, tree, node) {
            Some(expected) if expected.contains(&name) => unnamed(&label, text, tree, node, name),
            Some(expected) => not_a_variant(&label, &found, text, tree, node, expected),
            None => wrong("one of a few words", "the word without quotes"),
        },
        Error::InvalidValueForType { expected, .. } if expected.contains(" like ") && here.name.is_some() => (
            Code::WrongType,
            format!("`{name}` takes one value: {expected}"),
            format!("write {name}(...) with one value"),
        ),
        Error::InvalidValueForType { expected, .. } if expected.contains(" like ") => wrong(expected, expected),
        Error::ExpectedDifferentLength { expected, found } => {
            let digits: String = expected.chars().filter(char::is_ascii_digit).collect();
            let reason = format!("{label} has {found} value{}", if *found == 1 { "" } else { "s" });
            let fix = if digits.is_empty() { format!("write {expected}") } else { format!("write {digits} values") };
            (Code::WrongType, reason, fix)
        }
        Error::ExpectedComma
        | Error::ExpectedStructLikeEnd
        | Error::ExpectedOptionEnd
        | Error::ExpectedArrayEnd
        | Error::ExpectedMapEnd
        | Error::UnexpectedChar(_) => match (here.kind, &here.name) {
            // `ron` reads the whole part and stumbles over the rest.
            (Kind::Number, _) if offset > here.span.start => {
                wrong("a whole number", "a whole number without quotes, like 3")
            }
            (Kind::Parens, Some(_)) => (
                Code::WrongType,
                format!("`{name}` has too many values in parentheses"),
                format!("write `{name}` alone, or with fewer values"),
            ),
            _ => (Code::WrongType, "one value too many".into(), "delete it".into()),
        },
        other => (Code::Syntax, plain(other), "compare it with the reference of the format".into()),
    }
}

/// The text of a quantity where a choice belongs: most often a bare duration for a distribution.
fn not_a_variant(
    label: &str,
    found: &str,
    text: &str,
    tree: &Tree,
    node: NodeId,
    expected: &'static [&'static str],
) -> (Code, String, String) {
    let written = &text[tree.nodes[node].span.clone()];
    let inside = ron::from_str::<String>(written).unwrap_or_default();
    let first = expected.first().copied().unwrap_or_default();
    let reason = match expected {
        [only] => format!("{label} is written {only}(...), and not as {found}"),
        _ => format!("{label} is one of {}, not {found}", list(expected.iter().copied())),
    };
    let fix = if tree.nodes[node].kind == Kind::Parens {
        format!("write the word before the parentheses, like {first}(...)")
    } else if expected.contains(&inside.as_str()) {
        format!("write {inside} without quotes")
    } else if expected.contains(&"fixed") && Duration::read(&inside).is_ok() {
        format!("write fixed(\"{inside}\") for a time that is always the same")
    } else {
        format!("write one of these words, without quotes, like {first}")
    };
    (Code::WrongType, reason, fix)
}

/// The variants that can stand in the place of a node: tried with one that does not exist.
fn variants(text: &str, tree: &Tree, node: NodeId) -> Option<&'static [&'static str]> {
    let span = tree.nodes[node].span.clone();
    let mut tried = text.to_owned();
    tried.replace_range(span.clone(), &format!("q{}", " ".repeat(span.len().saturating_sub(1))));
    match deserialise(&tried).err()?.error {
        Error::NoSuchEnumVariant { expected, found, .. } if found == "q" => Some(expected),
        _ => None,
    }
}

/// A word without the values that belong in its parentheses, or without their names.
fn unnamed(label: &str, text: &str, tree: &Tree, node: NodeId, name: &str) -> (Code, String, String) {
    let reason = match (tree.nodes[node].kind, tree.nodes[node].entries.is_empty()) {
        (Kind::Word, _) | (_, true) => format!("`{}` needs values in parentheses", short(name)),
        _ if name.is_empty() => format!("the values of {label} need their names"),
        _ => format!("the values of `{}` need their names", short(name)),
    };
    let fix = fields(text, tree, node, name).unwrap_or_else(|| format!("write {}(...)", short(name)));
    (Code::WrongType, reason, fix)
}

/// The fields that can stand between the parentheses of a node: tried with one that does not exist.
fn fields(text: &str, tree: &Tree, node: NodeId, name: &str) -> Option<String> {
    let mut tried = text.to_owned();
    tried.replace_range(tree.nodes[node].span.clone(), &format!("{name}(q: 0)"));
    match deserialise(&tried).err()?.error {
        Error::NoSuchStructField { expected: [first, rest @ ..], found, .. } if found == "q" => {
            let others = match rest {
                [] => String::new(),
                rest => format!("; it can also have {}", list(rest.iter().copied())),
            };
            Some(format!("write {name}({first}: ...){others}"))
        }
        _ => None,
    }
}

/// What a person sees in the place of the value.
fn found(text: &str, tree: &Tree, node: NodeId) -> String {
    let node = &tree.nodes[node];
    let written = &text[node.span.clone()];
    match node.kind {
        Kind::Text => "text".into(),
        Kind::Char => "a character in single quotes".into(),
        Kind::Number if written.contains(['.', 'e', 'E']) => format!("the fraction {}", short(written)),
        Kind::Number => format!("the number {}", short(written)),
        Kind::Word => format!("the word `{}`", short(written)),
        Kind::List => "a list".into(),
        Kind::Map => "a map".into(),
        Kind::Parens => match &node.name {
            Some(name) => format!("`{}(...)`", short(&text[name.clone()])),
            None => "a group in parentheses".into(),
        },
    }
}

fn short(written: &str) -> String {
    match written.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &written[..end]),
        None => written.to_owned(),
    }
}

/// What `ron` says, as a fragment of a sentence.
fn plain(error: &Error) -> String {
    let message = error.to_string();
    let mut chars = message.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
