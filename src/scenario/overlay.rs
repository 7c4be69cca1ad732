//! The values that a variant, a strategy or the command line sets, put in their places in the text.
//!
//! The text is patched rather than the data: a value that was set is read, checked and explained like any other, and every
//! byte of the patched text still knows where in the file it was written.

use super::choice::Choice;
use super::diagnostics::{did_you_mean, list};
use super::reading::Reading;
use super::rope::{Origin, Piece, Rope};
use super::syntax::{self, Kind, NodeId, Tree};
use super::{Code, Diagnostic, Pick};
use std::ops::Range;

/// Values that one strategy or variant may set: each is a reading of the whole text.
const SETS_MAX: usize = 200;

/// A patched text, and which run it is of.
pub(super) struct Overlaid {
    pub(super) rope: Rope,
    pub(super) pick: Pick,
    pub(super) mistakes: Vec<Diagnostic>,
    /// For each value that was set from the file: the path where it is written, and the path that it sets.
    pub(super) sets: Vec<(String, String)>,
}

/// A text with its tree, kept together while it is patched.
struct Patching {
    rope: Rope,
    text: String,
    tree: Tree,
    mistakes: Vec<Diagnostic>,
    sets: Vec<(String, String)>,
}

/// What becomes of what the strategies and variants set that are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// It stays in the text.
    Kept,
    /// It is left out.
    LeftOut,
}

/// Picks strategy, maintenance and variant, and sets what they and the choice set.
pub(super) fn apply(text: &str, plain: &Reading, choice: &Choice, others: Others) -> Overlaid {
    let broken = plain.scenario.as_ref().map(|s| s.broken.clone()).unwrap_or_default();
    let rope = if others == Others::Kept { Rope::new(text) } else { without_others(text, plain, choice) };
    let text = rope.text();
    let tree = syntax::parse(&text);
    let mut patching = Patching { rope, text, tree, mistakes: Vec::new(), sets: Vec::new() };
    if patching.tree.problem.is_some() {
        // Where the text stops being RON, nobody knows what is in the rest of it.
        let pick = plain.scenario.as_ref().map(|s| s.run.clone()).unwrap_or_default();
        return Overlaid { rope: patching.rope, pick, mistakes: Vec::new(), sets: Vec::new() };
    }
    let known = |name: &String| !broken.contains(name);

    let asked = patching.asked(&choice.variant, &["run.variant"]);
    let variant = patching.named("variants", "variant", asked);
    if let Some(name) = variant.as_ref().filter(|name| known(name)) {
        patching.set_all("variants", name);
    }
    let asked = patching.asked(&choice.strategy, &["run.strategy"]);
    let strategy = match asked {
        Some(asked) => patching.named("strategies", "strategy", Some(asked)),
        None => patching.names("strategies").into_iter().next(),
    };
    if let Some(name) = strategy.as_ref().filter(|name| known(name)) {
        patching.set_all("strategies", name);
    }
    let own = strategy.as_ref().map(|name| format!("strategies.{name}.maintenance")).unwrap_or_default();
    let asked = patching.asked(&choice.maintenance, &[&own, "run.maintenance"]);
    // "none" is a choice too, unless a plan bears that name.
    let is_none = |asked: &Asked| asked.0 == "none" && !patching.names("maintenance").iter().any(|n| n == "none");
    let maintenance = match asked {
        Some(asked) if is_none(&asked) => Some(asked.0),
        Some(asked) => patching.named("maintenance", "maintenance plan", Some(asked)),
        None => patching.names("maintenance").into_iter().next(),
    };
    for (path, value) in &choice.set {
        patching.set_asked(path, value);
    }
    let pick = Pick { strategy, maintenance, variant };
    Overlaid { rope: patching.rope, pick, mistakes: patching.mistakes, sets: patching.sets }
}

/// The text without what the strategies and variants set that are not taken.
fn without_others(text: &str, plain: &Reading, choice: &Choice) -> Rope {
    let all = Rope::new(text);
    let Some(scenario) = &plain.scenario else { return all };
    let first = scenario.strategies.names().next();
    let strategy = choice.strategy.as_deref().or(scenario.run.strategy.as_deref()).or(first);
    let variant = choice.variant.as_deref().or(scenario.run.variant.as_deref());
    let tree = &plain.tree;
    let mut sets: Vec<Range<usize>> = Vec::new();
    for (section, taken) in [("strategies", strategy), ("variants", variant)] {
        let Some(node) = tree.find(section) else { continue };
        for entry in &tree.nodes[node].entries {
            let is_taken = entry.key.as_ref().is_none_or(|key| Some(key.text.as_str()) == taken);
            let set = tree.child(entry.value, "set").map(|set| &tree.nodes[set]);
            sets.extend(set.filter(|set| !is_taken && set.kind == Kind::Map).map(|set| set.span.clone()));
        }
    }
    sets.sort_by_key(|set| set.start);
    let (mut pieces, mut at) = (Vec::new(), 0);
    for set in sets {
        pieces.extend(all.slice(at..set.start));
        pieces.push(Piece { text: "{}".to_owned(), origin: Origin::Instead(set.clone()) });
        at = set.end;
    }
    pieces.extend(all.slice(at..text.len()));
    Rope::of(pieces)
}

/// A name that somebody wrote: the name, and the path where, if it was in the file.
type Asked = (String, Option<String>);

impl Patching {
    /// The choice, or the first of the paths that has a text.
    fn asked(&self, choice: &Option<String>, paths: &[&str]) -> Option<Asked> {
        if let Some(name) = choice {
            return Some((name.clone(), None));
        }
        paths.iter().filter(|p| !p.is_empty()).find_map(|path| {
            let mut node = self.tree.find(path)?;
            // `Some("x")` is the long form of `"x"`.
            while self.tree.nodes[node].kind == Kind::Parens && self.tree.nodes[node].entries.len() == 1 {
                node = self.tree.nodes[node].entries[0].value;
            }
            let written = &self.text[self.tree.nodes[node].span.clone()];
            Some((ron::from_str::<String>(written).ok()?, Some((*path).to_owned())))
        })
    }

    fn names(&self, section: &str) -> Vec<String> {
        let Some(node) = self.tree.find(section) else { return Vec::new() };
        self.tree.nodes[node].entries.iter().filter_map(|e| e.key.as_ref().map(|k| k.text.clone())).collect()
    }

    /// The name that was asked for, if the section has it; a mistake if not.
    fn named(&mut self, section: &str, what: &str, asked: Option<Asked>) -> Option<String> {
        let (name, path) = asked?;
        let names = self.names(section);
        if names.contains(&name) {
            return Some(name);
        }
        let reason = format!("there is no {what} called \"{name}\"");
        let fix = suggestion(&name, &names, &format!("the file has no `{section}`"));
        let mut diagnostic = Diagnostic::new(Code::UnknownName, path.clone().unwrap_or_default(), reason, fix);
        if let Some(node) = path.and_then(|p| self.tree.find(&p)) {
            diagnostic.span = Some(self.rope.original(self.tree.nodes[node].span.clone()));
        }
        self.mistakes.push(diagnostic);
        None
    }

    /// Sets every value that a variant or a strategy sets.
    fn set_all(&mut self, section: &str, name: &str) {
        let count = self.find_set(section, name).map_or(0, |set| self.tree.nodes[set].entries.len());
        if count > SETS_MAX {
            let path = format!("{section}.{name}.set");
            let reason = format!("{count} values are more than the {SETS_MAX} that can be set at once");
            let fix = "set what holds several of them as a whole";
            let mut diagnostic = Diagnostic::new(Code::TooMany, path, reason, fix);
            diagnostic.span = self.find_set(section, name).map(|set| self.rope.original(self.tree.head_of(set)));
            self.mistakes.push(diagnostic);
            return;
        }
        if self.set_at_once(section, name) {
            return;
        }
        for index in 0..count {
            // Setting one value moves the others, so each is looked up afresh.
            let Some(set) = self.find_set(section, name) else { return };
            let Some(entry) = self.tree.nodes[set].entries.get(index).cloned() else { return };
            let Some(key) = entry.key else { continue };
            let value = self.rope.slice(self.tree.nodes[entry.value].span.clone());
            let key_span = self.rope.original(key.span);
            self.sets.push((format!("{section}.{name}.set.{}", key.text), key.text.clone()));
            self.set(&key.text, value, Some(key_span), format!("{section}.{name}.set.{}", key.text));
        }
    }

    /// Sets all of them in one go, where each is there already and none is a part of another: the text is read once for all, instead
    /// of once for each.
    fn set_at_once(&mut self, section: &str, name: &str) -> bool {
        let Some(set) = self.find_set(section, name) else { return false };
        let mut wanted: Vec<(Range<usize>, String, Range<usize>)> = Vec::new();
        for entry in &self.tree.nodes[set].entries {
            let Some(key) = &entry.key else { return false };
            match self.tree.find_nearest(&key.text).filter(|_| !key.text.is_empty()) {
                Some((node, "")) => wanted.push((
                    self.tree.nodes[node].span.clone(),
                    key.text.clone(),
                    self.tree.nodes[entry.value].span.clone(),
                )),
                _ => return false,
            }
        }
        let mut places: Vec<&Range<usize>> = wanted.iter().map(|(place, ..)| place).collect();
        places.push(&self.tree.nodes[set].span);
        places.sort_by_key(|place| place.start);
        if places.windows(2).any(|two| two[1].start < two[0].end) {
            return false;
        }
        self.sets.extend(wanted.iter().map(|(_, key, _)| (format!("{section}.{name}.set.{key}"), key.clone())));
        let mut changes: Vec<(Range<usize>, Vec<Piece>)> =
            wanted.into_iter().map(|(place, _, value)| (place, self.rope.slice(value))).collect();
        changes.sort_by_key(|(place, _)| place.start);
        self.rope.replace_all(changes);
        self.text = self.rope.text();
        self.tree = syntax::parse(&self.text);
        true
    }

    fn find_set(&self, section: &str, name: &str) -> Option<NodeId> {
        let (node, taken) = self.tree.walk([section, name, "set"])?;
        (taken == 3 && self.tree.nodes[node].kind == Kind::Map).then_some(node)
    }

    /// Sets a value from the command line.
    fn set_asked(&mut self, path: &str, value: &str) {
        if let Err(error) = ron::value::RawValue::from_ron(value) {
            let reason = format!("the value for {path} is not RON: {}", error.code.to_string().to_lowercase());
            let fix = "write it as in a file: text and quantities in quotes";
            self.mistakes.push(Diagnostic::new(Code::Syntax, path, reason, fix));
            return;
        }
        // A line comment at its end must not swallow what follows.
        let text = if value.contains("//") { format!("{value}\n") } else { value.to_owned() };
        let place = self.tree.find_nearest(path).map_or(0..0, |(node, rest)| match rest {
            "" => self.rope.original(self.tree.nodes[node].span.clone()),
            _ => self.rope.original(self.tree.head_of(node)),
        });
        self.set(path, vec![Piece { text, origin: Origin::Instead(place) }], None, path.to_owned());
    }

    fn set(&mut self, path: &str, value: Vec<Piece>, place: Option<Range<usize>>, at: String) {
        let found = if path.is_empty() { None } else { self.tree.find_nearest(path) };
        let problem = match found {
            None => Some(("it is empty".to_owned(), "write a path like services.web.takes".to_owned())),
            Some((node, "")) => {
                let span = self.tree.nodes[node].span.clone();
                self.patch(span, value);
                return;
            }
            Some((node, rest)) => {
                let shown = place.clone().unwrap_or_else(|| self.rope.original(self.tree.head_of(node)));
                match self.insert(node, rest, value, shown) {
                    Ok(()) => return,
                    Err(problem) => Some(problem),
                }
            }
        };
        if let Some((reason, fix)) = problem {
            let mut diagnostic = Diagnostic::new(Code::Path, at, format!("\"{path}\" leads nowhere: {reason}"), fix);
            diagnostic.span = place;
            self.mistakes.push(diagnostic);
        }
    }

    /// Adds a field or a map entry that is not there yet.
    fn insert(
        &mut self,
        parent: NodeId,
        rest: &str,
        value: Vec<Piece>,
        place: Range<usize>,
    ) -> Result<(), (String, String)> {
        let mut parent = parent;
        // Through `hard((to: ..))` and the like to what has the fields.
        while self.tree.nodes[parent].kind == Kind::Parens
            && self.tree.nodes[parent].entries.len() == 1
            && self.tree.nodes[parent].entries[0].key.is_none()
            && matches!(self.tree.nodes[self.tree.nodes[parent].entries[0].value].kind, Kind::Parens | Kind::Map)
        {
            parent = self.tree.nodes[parent].entries[0].value;
        }
        let node = &self.tree.nodes[parent];
        let is_name = rest.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && rest.chars().all(|c| c.is_alphanumeric() || c == '_');
        let has_items = node.entries.iter().any(|e| e.key.is_none());
        let key = match node.kind {
            // A name with dots would only be a path with a mistake in it.
            Kind::Map if !rest.contains('.') => format!("{}: ", ron::to_string(rest).unwrap_or_default()),
            Kind::Parens if is_name && !has_items => format!("{rest}: "),
            Kind::List if rest.parse() == Ok(node.entries.len()) => String::new(),
            _ => {
                let holder = match self.tree.path_to(parent) {
                    path if path.is_empty() => "the file".to_owned(),
                    path => path,
                };
                let keys = node.entries.iter().filter_map(|e| e.key.as_ref().map(|k| k.text.clone()));
                let keys: Vec<String> = keys.collect();
                let reason = format!("{holder} has no `{}`", rest.split('.').next().unwrap_or(rest));
                return Err((reason, suggestion(rest, &keys, &format!("set {holder} itself, with all that it holds"))));
            }
        };
        let close = node.span.end - 1;
        let written = |text: &str| Piece { text: text.to_owned(), origin: Origin::Instead(place.clone()) };
        let mut pieces = Vec::new();
        // The comma follows the last entry directly: further on there may be a comment.
        let start = match node.entries.last() {
            Some(last) if last.comma.is_none() => {
                pieces.push(written(","));
                last.span.end
            }
            _ => close,
        };
        pieces.extend(self.rope.slice(start..close));
        pieces.push(written(&format!(" {key}")));
        pieces.extend(value);
        self.patch(start..close, pieces);
        Ok(())
    }

    fn patch(&mut self, span: Range<usize>, by: Vec<Piece>) {
        self.rope.replace(span, by);
        self.text = self.rope.text();
        self.tree = syntax::parse(&self.text);
    }
}

/// "did you mean", or everything that is known.
fn suggestion(wrong: &str, known: &[String], none: &str) -> String {
    let first = wrong.split('.').next().unwrap_or(wrong);
    if let Some(meant) = did_you_mean(wrong, known.iter().map(String::as_str))
        .or_else(|| did_you_mean(first, known.iter().map(String::as_str)))
    {
        return format!("did you mean \"{meant}\"?");
    }
    match known {
        [] => none.to_owned(),
        _ => format!("it has {}", list(known.iter().map(String::as_str))),
    }
}
