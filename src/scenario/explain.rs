//! What is wrong, in words for a person: the errors of `ron` as diagnostics.

use super::diagnostics::did_you_mean;
use super::overlay::list;
use super::read::deserialise;
use super::syntax::{Kind, NodeId, Tree};
use super::{Code, Diagnostic};
use crate::units::{Duration, Quantity};
use ron::Error;
use serde_path_to_error::{Path, Segment};

/// Where and why deserialising stopped.
pub(super) struct Failure {
    /// The error as `ron` tells it.
    pub(super) error: Error,
    /// The path without the enum variants on it.
    pub(super) steps: Vec<String>,
    /// Whether the last thing on the path was an enum variant.
    pub(super) in_variant: bool,
    /// How far `ron` had come.
    pub(super) offset: usize,
}

impl Failure {
    pub(super) fn new(error: Error, path: &Path, offset: usize) -> Failure {
        let mut steps = Vec::new();
        let mut in_variant = false;
        for segment in path {
            in_variant = matches!(segment, Segment::Enum { .. });
            match segment {
                Segment::Seq { index } => steps.push(index.to_string()),
                Segment::Map { key } => steps.push(key.clone()),
                Segment::Enum { .. } => {}
                Segment::Unknown => break,
            }
        }
        Failure { error, steps, in_variant, offset }
    }
}

/// A failure explained, and the value that has to go.
pub(super) struct Explained {
    pub(super) diagnostic: Diagnostic,
    pub(super) node: NodeId,
}

/// Explains a failure.
pub(super) fn explain(text: &str, tree: &Tree, failure: &Failure) -> Explained {
    let Some((mut node, _)) = tree.walk(failure.steps.iter().map(String::as_str)) else {
        let diagnostic = Diagnostic::new(Code::Syntax, "", plain(&failure.error), "write Scenario(format: 1, ...)");
        return Explained { diagnostic, node: 0 };
    };
    if failure.in_variant && !matches!(failure.error, Error::NoSuchEnumVariant { .. }) {
        // `fixed("80")`: the value inside is meant.
        if let [only] = tree.nodes[node].entries.as_slice()
            && only.key.is_none()
        {
            node = only.value;
        }
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
            Some((reason, fix)) => (Code::Unit, reason.to_owned(), format!("write {fix}")),
            None => (Code::WrongType, message.clone(), "compare it with the reference of the format".to_owned()),
        },
        error => {
            node = culprit(tree, node, failure);
            mismatch(text, tree, node, error)
        }
    };
    let mut diagnostic = Diagnostic::new(code, tree.path_to(node), reason, fix);
    diagnostic.span = Some(match code {
        Code::UnknownVariant => tree.head_of(node),
        _ => tree.nodes[node].span.clone(),
    });
    Explained { diagnostic, node }
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
    let mut diagnostic = Diagnostic::new(Code::MissingField, tree.path_to(node), reason, format!("add `{field}: ...`"));
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
fn mismatch(text: &str, tree: &Tree, node: NodeId, error: &Error) -> (Code, String, String) {
    let here = &tree.nodes[node];
    let written = &text[here.span.clone()];
    let label = match tree.key_of(node) {
        Some(key) => format!("`{}`", key.text),
        None => "this".to_owned(),
    };
    let found = found(text, tree, node);
    let wrong = |wanted: &str, fix: &str| {
        (Code::WrongType, format!("{label} is {wanted}, not {found}"), format!("write {fix}"))
    };
    match error {
        Error::IntegerOutOfBounds => {
            let reason = format!("{} is outside the range of {label}", short(written));
            (Code::OutOfRange, reason, "write a whole number from 0 that is not so large".into())
        }
        Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } | Error::UnderscoreAtBeginning
            if here.kind == Kind::Number && written.starts_with('-') =>
        {
            let reason = format!("{label} cannot be negative");
            (Code::OutOfRange, reason, "write a whole number from 0".into())
        }
        Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } | Error::UnderscoreAtBeginning => {
            wrong("a whole number", "a whole number without quotes, like 3")
        }
        Error::ExpectedFloat | Error::FloatUnderscore => wrong("a number", "a number without quotes, like 1.5"),
        Error::ExpectedBoolean => wrong("true or false", "true or false without quotes"),
        Error::ExpectedString | Error::ExpectedStringEnd | Error::ExpectedChar => {
            wrong("text", "text in quotes, like \"web\"")
        }
        Error::ExpectedMap => wrong("a map", "a map like {\"name\": ...}"),
        Error::ExpectedArray => wrong("a list", "a list like [..., ...]"),
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) if here.name.is_some() => {
            (Code::WrongType, format!("{label} takes no name before its parentheses"), "delete the name".into())
        }
        Error::ExpectedDifferentStructName { expected, .. } => {
            let reason = format!("{label} is a {expected}, not {found}");
            (Code::WrongType, reason, "delete the name before the parentheses".into())
        }
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => match variants(text, tree, node) {
            // `hard` without its parentheses.
            None if here.kind == Kind::Word => {
                let reason = format!("`{}` needs values in parentheses", short(written));
                (Code::WrongType, reason, format!("write {}(...)", short(written)))
            }
            _ => wrong("a group of values in parentheses", "(...)"),
        },
        Error::ExpectedIdentifier | Error::ExpectedUnit | Error::InvalidIdentifier(_) => {
            match variants(text, tree, node) {
                Some(expected) => not_a_variant(&label, &found, text, tree, node, expected),
                None => wrong("one of a few words", "the word without quotes"),
            }
        }
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
            (Kind::Number, _) => wrong("a whole number", "a whole number without quotes, like 3"),
            (Kind::Parens, Some(name)) => {
                let name = &text[name.clone()];
                (Code::WrongType, format!("`{name}` has too many values in parentheses"), format!("write `{name}` alone, or with fewer values"))
            }
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
    let reason = format!("{label} is one of {}, not {found}", list(expected.iter().copied()));
    let fix = if expected.contains(&inside.as_str()) {
        format!("write {inside} without quotes")
    } else if expected.contains(&"fixed") && Duration::read(&inside).is_ok() {
        format!("write fixed(\"{inside}\") for a time that is always the same")
    } else {
        format!("write {} without quotes", list(expected.iter().copied().take(3)))
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
