//! Mutants that no test can or need notice, each with its reason: `tools/mutants/known.txt`.

use crate::mutant::Mutant;
use crate::project::read;
use std::collections::BTreeMap;
use std::path::Path;

/// Lines of `name | reason`; what follows a `#` at the beginning of a line is a remark.
pub fn load(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let path = root.join("tools/mutants/known.txt");
    let mut known = BTreeMap::new();
    for (i, line) in read(&path)?.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let place = || format!("{}:{}", path.display(), i + 1);
        let Some((name, reason)) = line.rsplit_once(" | ") else {
            return Err(format!("{}: a reason is missing; write `name | reason`", place()));
        };
        known.insert(name.trim().to_owned(), reason.trim().to_owned());
    }
    Ok(known)
}

/// What the list speaks of and nobody has any more: its code has changed.
pub fn stale(known: &BTreeMap<String, String>, mutants: &[Mutant]) -> Vec<String> {
    let names: std::collections::BTreeSet<String> = mutants.iter().map(Mutant::name).collect();
    known.keys().filter(|name| !names.contains(*name)).cloned().collect()
}
