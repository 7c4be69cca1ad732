//! Diagnostics: every mistake of a scenario at once, each with its place, its reason and its fix.

use std::fmt;
use std::ops::Range;

/// A kind of mistake, with a stable code that can be looked up in `docs/reference/errors.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// The text is not RON.
    Syntax,
    /// The file is larger than the limit.
    TooLarge,
    /// The text is nested deeper than the limit.
    TooDeep,
    /// The format version is not one that this program reads.
    Format,
    /// A field that does not exist.
    UnknownField,
    /// A field that has to be there and is not.
    MissingField,
    /// A field that is there twice.
    DuplicateField,
    /// A variant that does not exist.
    UnknownVariant,
    /// A value of another type than the field's.
    WrongType,
    /// A quantity without its unit, or with one that means something else.
    Unit,
    /// NaN or an infinity.
    NotFinite,
    /// A number outside its range.
    OutOfRange,
    /// Parameters of a distribution that contradict each other.
    Distribution,
    /// A name that nothing bears.
    UnknownName,
    /// A name that two things bear.
    DuplicateName,
    /// A name that cannot be used.
    BadName,
    /// Things that stand on, call or wait for each other in a circle.
    Cycle,
    /// Two places with no route between them.
    NoRoute,
    /// Something that can never act.
    NeverActs,
    /// A civil time that does not exist or is written wrongly.
    Time,
    /// A time zone that does not exist.
    Zone,
    /// More of something than the limit.
    TooMany,
    /// A path into the file that leads nowhere.
    Path,
    /// Two statements that cannot both hold.
    Contradiction,
    /// A warning: what is silenced is not there.
    SilencesNothing,
    /// A warning: a group that no strategy fails over.
    NeverFailedOver,
    /// A warning: a hard call from several places to one.
    OnePlace,
    /// A warning: people are led to where there are no servers.
    NoServers,
    /// A warning: a name that nothing uses.
    Unused,
    /// A warning: a value that is assumed for no reason.
    NoReason,
    /// A warning: a recording that says nothing of a part of the run.
    PartlyRecorded,
    /// A warning: retries of retries.
    RetriesMultiply,
    /// A warning: one thing takes people down who were to be redundant.
    SinglePoint,
    /// A warning: who watches fails with what is watched.
    Inside,
    /// A warning: no failover is as quick as an objective asks.
    SlowerThanAsked,
    /// A warning: what is left when a site is lost cannot carry the load.
    CannotCarry,
    /// A warning: what waits for itself to start or to be helped.
    Circle,
    /// A warning: detection that the network misleads.
    FasterThanJitter,
}

impl Code {
    /// The codes of warnings, in order: what is no mistake, and mostly not meant.
    pub const WARNINGS: [Code; 14] = [
        Code::SilencesNothing,
        Code::NeverFailedOver,
        Code::OnePlace,
        Code::NoServers,
        Code::Unused,
        Code::NoReason,
        Code::PartlyRecorded,
        Code::RetriesMultiply,
        Code::SinglePoint,
        Code::Inside,
        Code::SlowerThanAsked,
        Code::CannotCarry,
        Code::Circle,
        Code::FasterThanJitter,
    ];

    /// Whether it is a warning.
    pub fn is_warning(self) -> bool {
        Code::WARNINGS.contains(&self)
    }

    /// The codes of all mistakes, in order.
    pub const ALL: [Code; 24] = [
        Code::Syntax,
        Code::TooLarge,
        Code::TooDeep,
        Code::Format,
        Code::UnknownField,
        Code::MissingField,
        Code::DuplicateField,
        Code::UnknownVariant,
        Code::WrongType,
        Code::Unit,
        Code::NotFinite,
        Code::OutOfRange,
        Code::Distribution,
        Code::UnknownName,
        Code::DuplicateName,
        Code::BadName,
        Code::Cycle,
        Code::NoRoute,
        Code::NeverActs,
        Code::Time,
        Code::Zone,
        Code::TooMany,
        Code::Path,
        Code::Contradiction,
    ];

    /// The stable code: `F101`.
    pub fn id(self) -> &'static str {
        match self {
            Code::Syntax => "F001",
            Code::TooLarge => "F002",
            Code::TooDeep => "F003",
            Code::Format => "F004",
            Code::UnknownField => "F101",
            Code::MissingField => "F102",
            Code::DuplicateField => "F103",
            Code::UnknownVariant => "F104",
            Code::WrongType => "F105",
            Code::Unit => "F201",
            Code::NotFinite => "F202",
            Code::OutOfRange => "F203",
            Code::Distribution => "F204",
            Code::UnknownName => "F301",
            Code::DuplicateName => "F302",
            Code::BadName => "F303",
            Code::Cycle => "F401",
            Code::NoRoute => "F402",
            Code::NeverActs => "F403",
            Code::Time => "F501",
            Code::Zone => "F502",
            Code::TooMany => "F601",
            Code::Path => "F602",
            Code::Contradiction => "F603",
            Code::SilencesNothing => "W100",
            Code::NeverFailedOver => "W101",
            Code::OnePlace => "W102",
            Code::NoServers => "W103",
            Code::Unused => "W104",
            Code::NoReason => "W105",
            Code::PartlyRecorded => "W106",
            Code::RetriesMultiply => "W107",
            Code::SinglePoint => "W108",
            Code::Inside => "W109",
            Code::SlowerThanAsked => "W110",
            Code::CannotCarry => "W111",
            Code::Circle => "W112",
            Code::FasterThanJitter => "W113",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind.
    pub code: Code,
    /// Where in the scenario: `services.web.takes`. Empty for the whole file.
    pub path: String,
    /// Where in the text, in bytes, if the scenario came from text.
    pub span: Option<Range<usize>>,
    /// What was set from outside of the text, `services.web.takes=5`, where the mistake is in that.
    pub argument: Option<String>,
    /// What is wrong and why.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

impl Diagnostic {
    /// A mistake at a path.
    pub fn new(code: Code, path: impl Into<String>, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Diagnostic { code, path: path.into(), span: None, argument: None, reason: reason.into(), fix: fix.into() }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} at {}: {}; {}", self.code, self.path, self.reason, self.fix)
    }
}

/// Every mistake that was found; never empty where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl std::error::Error for Diagnostics {}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} mistake{} in the scenario", self.0.len(), if self.0.len() == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|d| write!(f, "\n{d}"))
    }
}

/// Longer names than this are not compared: what compares them takes the product of their lengths.
const COMPARED_CHARS_MAX: usize = 200;

/// The known name that was probably meant: the closest within a third of its length. Names whose lengths alone are further apart
/// are not compared.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let chars = wrong.chars().take(COMPARED_CHARS_MAX + 1).count();
    if chars > COMPARED_CHARS_MAX {
        return None;
    }
    let wrong = wrong.to_lowercase();
    let apart = |name: &str| 1 + name.chars().take(COMPARED_CHARS_MAX + 1).count().max(chars) / 4;
    let is_near = |name: &&str| name.chars().take(COMPARED_CHARS_MAX + 1).count().abs_diff(chars) <= apart(name);
    known
        .into_iter()
        .filter(is_near)
        .map(|name| (strsim::damerau_levenshtein(&wrong, &name.to_lowercase()), name))
        .filter(|&(distance, name)| distance <= apart(name))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// `a, b and c`, cut off where it gets long.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(12).map(|n| format!("`{n}`")).collect();
    match (names.len(), shown.as_slice()) {
        (_, []) => "nothing".into(),
        (1, [only]) => only.clone(),
        (n, shown) if n > shown.len() => format!("{} and {} more", shown.join(", "), n - shown.len()),
        (_, shown) => format!("{} and {}", shown[..shown.len() - 1].join(", "), shown[shown.len() - 1]),
    }
}
